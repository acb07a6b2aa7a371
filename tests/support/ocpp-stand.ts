/** A charger's driver at a real WebSocket on loopback, in the time of a virtual clock, with a memory that survives it. */
import type { LineConfig } from '../../agent/core/line.ts';
import type { Facts, Log } from '../../agent/core/log.ts';
import type { Reading, Value } from '../../agent/core/reading.ts';
import ocpp from '../../drivers/ocpp/index.ts';
import { device, profile } from '../unit/drivers/load.ts';
import { VirtualClock } from './virtual-clock.ts';

const DEADLINE_MS = 30_000;

export interface StandOptions {
  readonly clock?: VirtualClock;
  readonly memory?: Map<string, string>;
  readonly identity?: string;
  /** Options of the device. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly line?: Partial<Extract<LineConfig, { kind: 'ocpp' }>>;
  /** Default: one the system gives. */
  readonly port?: number;
}

let lines = 0;

export async function ocppStand({
  clock = new VirtualClock(Date.UTC(2027, 2, 4, 8)),
  memory = new Map<string, string>(),
  identity = 'CP-0817',
  options = {},
  line: more = {},
  port = 0,
}: StandOptions = {}) {
  const line: LineConfig = {
    id: `ocpp-${lines++}`,
    kind: 'ocpp',
    host: '127.0.0.1',
    port,
    timeout: 1000,
    ...more,
  };
  const said: { readonly event: string; readonly facts: Facts | undefined }[] = [];
  const note = (event: string, facts?: Facts) => void said.push({ event, facts });
  const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log };
  const config = device(profile('generic-ocpp16-charger'), {
    id: 'charger-1',
    address: identity,
    options,
  });
  const readings: Reading[] = [];
  const kept = {
    read: () => memory.get('charger-1'),
    save: (text: string) => void memory.set('charger-1', text),
  };
  const session = ocpp.start(
    { device: config, clock, log, memory: kept },
    (told) => void readings.push(...told),
    line,
  );
  const until = async (what: () => boolean, name = what.toString()): Promise<void> => {
    const limit = Date.now() + DEADLINE_MS;
    while (!what()) {
      if (Date.now() > limit) throw new Error(`never: ${name}\n${JSON.stringify(said.slice(-5))}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const listening = () => said.findLast(({ event }) => event === 'ocpp.listening');
  await until(() => listening() !== undefined, 'the endpoint listens');
  const last = (point: string) => readings.findLast((one) => one.point === point);
  const scheme = line.cert === undefined ? 'ws' : 'wss';
  return {
    clock,
    memory,
    session,
    readings,
    said,
    until,
    last,
    port: Number(listening()?.facts?.port),
    url: `${scheme}://127.0.0.1:${listening()?.facts?.port}`,
    /** What holds of a point now. */
    value: (point: string): Value | null | undefined => last(point)?.value,
    write: (point: string, value: Value) =>
      session.write?.({ point, value }, new AbortController().signal) ??
      Promise.reject(new Error('no write')),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
