/** A simulated line in virtual time with a fault on it, diagnosed byte by byte: everything but the operating system. */
import type { Pipe } from '../../../agent/bus/port/port.ts';
import { type Expected, unknownUnit } from '../../../agent/cli/diagnose/question.ts';
import { type DiagnoseOptions, type Observed, observe } from '../../../agent/cli/diagnose/session.ts';
import { parseSetting, settingText } from '../../../agent/cli/diagnose/settings.ts';
import { type Verdict, verdict } from '../../../agent/cli/diagnose/verdict.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { SerialSettings } from '../../../agent/core/site.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import * as faults from '../../../hw-sim/faults.ts';
import type { UartSettings } from '../../../hw-sim/lines/uart.ts';
import { Wire } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MODELS = [
  'eastron-sdm630',
  'eastron-sdm120',
  'chint-dtsu666',
  'abb-b23',
  'renke-rs-ws',
  'acrel-adl400',
];
const RATES = [2400, 4800, 9600, 9600, 9600, 19_200, 19_200, 38_400, 115_200];
const FORMATS = ['8N1', '8N1', '8E1'];

export interface LineOptions {
  readonly seed: number;
  /** What the line is set to; absent: by seed. */
  readonly line?: UartSettings;
  /** What the port is opened with first; absent: the same. */
  readonly host?: UartSettings;
  readonly units?: number;
  /** Units that have a device; absent: all. */
  readonly there?: readonly number[];
  readonly known?: boolean;
  /** Bytes reach the program up to so much later, ms: a machine under load. */
  readonly load?: number;
  readonly faults?: (line: FaultLine) => readonly faults.Fault[];
  readonly budget?: number;
  /** The technician presses Ctrl-C after so long, ms. */
  readonly interruptAfter?: number;
  /** The adapter is pulled out after so long, ms. */
  readonly unplugAfter?: number;
}

export interface FaultLine {
  readonly line: UartSettings;
  readonly units: readonly number[];
  readonly random: () => number;
  readonly host: () => UartSettings;
}

export interface Diagnosed extends Verdict {
  /** Virtual time it took, ms. */
  readonly took: number;
  /** Function codes of everything that was sent. */
  readonly functions: ReadonlySet<number>;
  readonly setting: string;
  readonly observed: Observed;
}

export async function diagnosed(options: LineOptions): Promise<Diagnosed> {
  const random = seeded(options.seed * 7919 + 17);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const line = options.line ?? { baud: pick(RATES), format: pick(FORMATS) };
  const all = Array.from({ length: options.units ?? 2 + Math.floor(random() * 6) }, (_, i) => i + 1);
  const clock = new VirtualClock();
  let host: UartSettings = line;
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  let free = 0;
  const wire = new Wire({
    id: 'line',
    time: clock,
    ...line,
    latency: 200,
    deliver(bytes) {
      if (options.load === undefined) return listener?.(bytes, clock.mono());
      // In pieces, each later than it could be, in order.
      const cut = Math.floor(random() * (bytes.length + 1));
      for (const piece of [bytes.slice(0, cut), bytes.slice(cut)]) {
        if (piece.length === 0) continue;
        free = Math.max(free, clock.mono() + random() * options.load);
        clock.after(free - clock.mono(), () => listener?.(piece, clock.mono()));
      }
    },
  });
  const start = Date.UTC(2026, 10, 22, 4);
  const world = createWorld({
    seed: 5,
    place: { lat: 31.2304, lon: 121.4737 },
    utcOffset: 8,
    start,
    density: 0,
  });
  const time = worldClock(start, 1, () => clock.mono());
  for (const unit of options.there ?? all) {
    const model = MODBUS_MODELS.get(pick(MODELS));
    if (model === undefined) throw new Error('no such model');
    wire.attach(new ModbusDevice({ model, unit, world, clock: time, turnaround: 3 + random() * 80 }));
  }
  for (const fault of options.faults?.({ line, units: all, random, host: () => host }) ?? [])
    wire.inject(fault);
  wire.inject(faults.otherSettings(line, () => host));

  const controller = new AbortController();
  const functions = new Set<number>();
  let lost: AgentError | undefined;
  let unplug = (): void => {};
  const open: DiagnoseOptions['open'] = async (serial) => {
    host = uartOf(serial);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    unplug = resolve;
    const pipe: Pipe = {
      closed,
      get failure() {
        return lost;
      },
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            listener = undefined;
          },
        };
      },
      async write(bytes) {
        functions.add(bytes[1] ?? 0);
        wire.hear(bytes);
      },
      async [Symbol.asyncDispose]() {
        resolve();
      },
    };
    return pipe;
  };
  const first = options.host ?? line;
  const serial = parseSetting(first.baud, first.format);
  if (serial === undefined) throw new Error('no such setting');
  const expected: readonly Expected[] = all.map(unknownUnit);
  const began = clock.mono();
  let over = false;
  if (options.interruptAfter !== undefined)
    clock.after(options.interruptAfter, () => controller.abort(new Error('interrupted')));
  if (options.unplugAfter !== undefined)
    clock.after(options.unplugAfter, () => {
      lost = new AgentError('link-lost', 'port sim lost: unplugged');
      unplug();
    });
  const running = observe({
    open,
    serial,
    expected,
    known: options.known ?? true,
    clock,
    signal: controller.signal,
    ...(options.budget === undefined ? {} : { budget: options.budget }),
  }).finally(() => {
    over = true;
  });
  // A rejection is looked at below.
  running.catch(() => {});
  while (!over) await clock.advance(500);
  const took = clock.mono() - began;
  await wire[Symbol.asyncDispose]();
  const observed = await running;
  return { ...verdict(observed), observed, took, functions, setting: settingText(serial) };
}

function uartOf(serial: SerialSettings): UartSettings {
  const [, format = '8N1'] = settingText(serial).split(' ');
  return { baud: serial.baud, format };
}
