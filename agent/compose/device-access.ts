/** One device for a moment, without the agent: its line is opened, asked, and closed again. */
import { driverFor } from '../../drivers/index.ts';
import { lineTiming } from '../bus/airtime.ts';
import { Wire } from '../bus/exchange.ts';
import { openLine, portOf } from '../bus/open.ts';
import { nearest } from '../config/problem.ts';
import type { PointWrite, WriteOutcome } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import { silent } from '../core/log.ts';
import type { Reading } from '../core/reading.ts';
import { bareDevice, type DeviceConfig, type LineConfig, lineOfDevice, type Site } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';

/** Silence within an answer that ends it, ms; over a network the time-out alone does. */
const CUT = 40;
/** Longest wait for the points of a device that talks by itself, ms. */
const LONGEST_LISTEN = 20_000;

export interface DeviceAccess extends AsyncDisposable {
  /** Asks for every point once. What a request could not read is among `errors`, with its points. */
  read(signal: AbortSignal): Promise<ReadResult>;
  write(write: PointWrite, signal: AbortSignal): Promise<WriteOutcome>;
}

export interface ReadResult {
  readonly readings: readonly Reading[];
  readonly errors: readonly { readonly points: readonly string[]; readonly error: AgentError }[];
}

/** The device and its line. Throws `AgentError` `not-found`, with the nearest name. */
export function findDevice(
  site: Site,
  id: string,
): { readonly device: DeviceConfig; readonly line: LineConfig } {
  const device = site.devices.find((one) => one.id === id);
  const line = site.lines.find((one) => one.id === device?.line);
  if (device !== undefined && line !== undefined) return { device, line };
  const ids = site.devices.map((one) => one.id);
  const close = nearest(id, ids);
  const fix = close === undefined ? `devices are ${ids.join(', ')}` : `did you mean ${close}?`;
  throw new AgentError('not-found', `there is no device ${id} in the site`, { fix });
}

/** Opens the device's line. Rejects with `AgentError`, `port-busy` while the agent has it. */
export async function openDevice(
  shared: LineConfig,
  configured: DeviceConfig,
  clock: Clock,
  signal: AbortSignal,
): Promise<DeviceAccess> {
  const device = bareDevice(configured);
  const driver = driverFor(device.profile.protocol);
  if (driver === undefined)
    throw new AgentError('unsupported', `no driver speaks ${device.profile.protocol}`);
  if (driver.kind === 'message') return heard(shared, device, driver.staleAfter(device), clock);
  if (driver.kind === 'network') return heard(shared, device, LONGEST_LISTEN, clock);
  const context = { device, clock, log: silent };
  // Alone on it for the moment: the port is opened as the device wants it.
  const line = lineOfDevice(shared, device);
  await using stack = new AsyncDisposableStack();
  const pipe = stack.use(await portOf(line, clock).open(signal));
  if (driver.kind === 'polled') {
    const cut = line.kind === 'serial' ? CUT : Math.max(CUT, line.timeout);
    const wire = stack.use(new Wire({ pipe, timing: lineTiming(line), timeout: line.timeout, cut, clock }));
    const session = driver.open(context, line);
    const { exchange } = wire.lend(device.id);
    const held = stack.move();
    return {
      async read(abort) {
        const readings: Reading[] = [];
        const errors: { points: readonly string[]; error: AgentError }[] = [];
        for (const poll of [...session.polls]) {
          try {
            readings.push(...(await poll.execute(exchange, abort)));
          } catch (thrown) {
            abort.throwIfAborted();
            errors.push({ points: poll.points, error: asAgentError(thrown) });
          }
        }
        return { readings, errors };
      },
      write: (write, abort) => session.write(write, exchange, abort),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  }
  const words = new Words(device, driver.staleAfter(device), clock);
  const session = stack.use(await driver.open(context, pipe, words.take, signal));
  const held = stack.move();
  return {
    read: (abort) => words.read(abort),
    write: (write, abort) => session.write(write, abort),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** A device without a port: its line is opened as the agent does, and listened to. */
function heard(line: LineConfig, device: DeviceConfig, staleAfter: number, clock: Clock): DeviceAccess {
  const words = new Words(device, staleAfter, clock);
  const handle = openLine({
    line,
    devices: [device],
    driver: driverFor,
    clock,
    log: silent,
    publisher: { readings: words.take, event() {} },
  });
  return {
    async read(abort) {
      const told = await words.read(abort);
      const down = handle.health().find(({ state }) => state === 'down');
      if (down?.message === undefined || told.readings.length > 0) return told;
      const error = new AgentError(
        'link-lost',
        down.message,
        down.fix === undefined ? {} : { fix: down.fix },
      );
      return { ...told, errors: told.errors.map(({ points }) => ({ points, error })) };
    },
    write: (write, abort) => handle.write(device.id, write, abort),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  };
}

/** What a device says by itself, until every point has been heard or patience is over. */
class Words {
  readonly #device: DeviceConfig;
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #wanted: readonly string[];
  readonly #latest = new Map<string, Reading>();
  #complete = () => {};

  constructor(device: DeviceConfig, staleAfter: number, clock: Clock) {
    this.#device = device;
    this.#clock = clock;
    this.#patience = Math.min(LONGEST_LISTEN, staleAfter);
    this.#wanted = device.profile.points.filter(({ access }) => access !== 'write').map(({ id }) => id);
  }

  readonly take = (readings: readonly Reading[]): void => {
    for (const reading of readings) this.#latest.set(reading.point, reading);
    if (this.#missing().length === 0) this.#complete();
  };

  async read(abort: AbortSignal): Promise<ReadResult> {
    if (this.#missing().length > 0) {
      const all = new Promise<void>((resolve) => {
        this.#complete = resolve;
      });
      const late = new AbortController();
      const over = AbortSignal.any([abort, late.signal]);
      await Promise.race([all, this.#clock.sleep(this.#patience, over).catch(() => {})]);
      late.abort();
      abort.throwIfAborted();
    }
    const missing = this.#missing();
    const error = new AgentError('timeout', `no word of ${missing.join(', ')} from ${this.#device.id}`);
    const errors = missing.length === 0 ? [] : [{ points: missing, error }];
    return { readings: [...this.#latest.values()], errors };
  }

  #missing(): readonly string[] {
    return this.#wanted.filter((id) => !this.#latest.has(id));
  }
}
