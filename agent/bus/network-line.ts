/** Devices that are reached over the gateway's own network, or call us over it: each by itself, so that one that hangs holds nobody up. */

import type {
  DriverContext,
  NetworkDriver,
  NetworkSession,
  PointWrite,
  WriteOutcome,
} from '../core/driver.ts';
import { AgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Reading } from '../core/reading.ts';
import type { LineConfig } from '../core/site.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';

export interface NetworkSeat {
  readonly driver: NetworkDriver;
  readonly context: DriverContext;
}

export interface NetworkLineOptions {
  readonly line: LineConfig;
  readonly seats: readonly NetworkSeat[];
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly onHealth: (health: PartHealth) => void;
}

/** Closing never waits longer than this, ms. */
const CLOSE_MS = 2000;

interface Seated {
  readonly id: string;
  readonly running: NetworkSession;
  state: HealthState;
  since: number;
  readings: number;
}

export class NetworkLine implements AsyncDisposable {
  readonly #options: NetworkLineOptions;
  #seated: readonly Seated[];
  readonly #since: number;
  #closed = false;

  constructor(options: NetworkLineOptions) {
    this.#options = options;
    this.#since = this.#wall();
    this.#seated = options.seats.map((seat) => this.#start(seat));
  }

  #start({ driver, context }: NetworkSeat): Seated {
    const seat: Seated = {
      id: context.device.id,
      running: driver.start(context, (readings) => this.#heard(seat, readings), this.#options.line),
      state: 'starting',
      since: this.#wall(),
      readings: 0,
    };
    return seat;
  }

  /** Exchanges devices; the others run on. Waits at most 2 s for those that go. */
  async change(removed: readonly string[], added: readonly NetworkSeat[]): Promise<void> {
    const gone = this.#seated.filter(({ id }) => removed.includes(id));
    this.#seated = this.#seated.filter((seat) => !gone.includes(seat));
    await this.#end(gone);
    if (!this.#closed) this.#seated = [...this.#seated, ...added.map((seat) => this.#start(seat))];
  }

  async write(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    const seat = this.#seated.find(({ id }) => id === device);
    if (seat === undefined) {
      throw new AgentError('not-found', `write to ${device} failed: not on this line`);
    }
    const { running } = seat;
    if (running.write === undefined) return { kind: 'rejected', reason: `${write.point} cannot be written` };
    signal.throwIfAborted();
    return await running.write(write, signal);
  }

  health(): readonly PartHealth[] {
    const { line } = this.#options;
    return [
      {
        part: `line:${line.id}`,
        state: 'ok',
        since: this.#since,
        facts: { port: line.kind === 'ocpp' ? `${line.host}:${line.port} ocpp` : 'network' },
      },
      ...this.#seated.map((seat) => this.#part(seat)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#end(this.#seated);
  }

  async #end(seated: readonly Seated[]): Promise<void> {
    const budget = new AbortController();
    const ends = seated.map(({ running }) => running[Symbol.asyncDispose]());
    await Promise.race([
      Promise.allSettled(ends),
      this.#options.clock.sleep(CLOSE_MS, budget.signal).catch(() => {}),
    ]);
    budget.abort();
  }

  /** A neighbour that is away is a value and no fault of ours; it is degraded so that a technician sees it. */
  #heard(seat: Seated, readings: readonly Reading[]): void {
    if (this.#closed || readings.length === 0 || !this.#seated.includes(seat)) return;
    seat.readings += readings.length;
    const state = readings.some(({ quality }) => quality === 'good') ? 'ok' : 'degraded';
    if (state !== seat.state) {
      seat.state = state;
      seat.since = this.#wall();
      this.#options.onHealth(this.#part(seat));
    }
    this.#options.publisher.readings(readings);
  }

  #part({ id, state, since, readings }: Seated): PartHealth {
    return { part: `device:${id}`, state, since, facts: { readings } };
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}
