/** A simulated RS-485 line of devices at settings of their own, in virtual time, and ports on it. */
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import { ownPort } from '../../../agent/compose/scan/access.ts';
import { settingText } from '../../../agent/compose/scan/plan.ts';
import type { LineConfig, SerialSettings } from '../../../agent/core/site.ts';
import { createMeter } from '../../../hw-sim/devices/meters.ts';
import { ModbusDevice } from '../../../hw-sim/devices/modbus-device.ts';
import { MODBUS_MODELS } from '../../../hw-sim/devices/modbus-models.ts';
import { Ledger } from '../../../hw-sim/ledger.ts';
import { tuned } from '../../../hw-sim/lines/tuned.ts';
import type { UartSettings } from '../../../hw-sim/lines/uart.ts';
import { Wire } from '../../../hw-sim/lines/wire.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const START = Date.UTC(2026, 10, 27, 4);

export interface Placed {
  readonly stem: string;
  readonly address: string | number;
  /** `9600 8N1` */
  readonly at: string;
}

export const PORT = '/dev/ttyS-sim';
export const LINE: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: PORT,
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

const uartOf = (text: string): UartSettings => {
  const [baud, format = '8N1'] = text.split(' ');
  return { baud: Number(baud), format };
};
const textOf = (serial: SerialSettings) => settingText({ ...LINE, serial });

export function stand(devices: readonly Placed[], clock = new VirtualClock()) {
  const world = createWorld({ seed: 5, place: { lat: 31.23, lon: 121.47 }, utcOffset: 8, start: START });
  const time = worldClock(START, 1, () => clock.mono());
  const ledger = new Ledger({ mono: () => clock.mono() });
  let host = uartOf('9600 8N1');
  let open = 0;
  let most = 0;
  let listener: ((bytes: Uint8Array, at: number) => void) | undefined;
  const wire = new Wire({
    id: 'line',
    ...host,
    time: clock,
    ledger,
    host: () => host,
    deliver: (bytes) => listener?.(bytes, clock.mono()),
  });
  for (const { stem, address, at } of devices) {
    const modbus = MODBUS_MODELS.get(stem);
    const device =
      modbus === undefined
        ? createMeter(stem, { address: String(address), world, clock: time })
        : new ModbusDevice({ model: modbus, unit: Number(address), world, clock: time });
    if (device === undefined) throw new Error(`no simulated ${stem}`);
    wire.attach(tuned(device, uartOf(at), () => host));
  }
  const pipe = (): Pipe => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open += 1;
    most = Math.max(most, open);
    return {
      closed: promise,
      failure: undefined,
      onData(heard) {
        listener = heard;
        return {
          [Symbol.dispose]() {
            if (listener === heard) listener = undefined;
          },
        };
      },
      async write(bytes) {
        wire.hear(bytes);
      },
      async configure(serial) {
        host = uartOf(textOf(serial));
      },
      async [Symbol.asyncDispose]() {
        open -= 1;
        resolve();
      },
    };
  };
  const port = (line: LineConfig): Port => ({
    name: 'sim',
    retry: 1000,
    async open() {
      if (line.serial !== undefined) host = uartOf(textOf(line.serial));
      return pipe();
    },
  });
  return {
    clock,
    wire,
    ledger,
    port,
    open: ownPort(clock, port),
    /** Pipes that are open, and the most that ever were at once. */
    pipes: () => ({ open, most }),
    /** Lets time pass until `until` holds, at most `limit` ms of it. */
    async pass(until: () => boolean, limit = 120_000): Promise<void> {
      for (let passed = 0; !until(); passed += 50) {
        if (passed > limit) throw new Error(`not after ${limit} ms`);
        await clock.advance(50);
      }
    },
  };
}
