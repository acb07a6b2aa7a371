/**
 * A line of messages: devices that send when they have something to say, through a broker or by posting to us. Hands each
 * message to the device it is of, and says that points have no value when a device has been silent for too long.
 */

import type {
  DeviceMemory,
  Message,
  MessageDriver,
  MessageSession,
  PointWrite,
  WriteOutcome,
} from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import { bad, type Mono, type Reason } from '../core/reading.ts';
import type { DeviceConfig, LineConfig } from '../core/site.ts';
import { supervise } from '../core/supervise.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import type { FrameTaps } from './taps.ts';
import { topicFits } from './topic.ts';

/** What became of a message. */
export type Delivery = 'taken' | 'unknown' | 'malformed';

/** Where messages come from: a subscription, a listening socket. */
export interface Mailbox {
  /** For people. */
  readonly name: string;
  /**
   * Opens it; resolves when messages can come. `deliver` is told each; it never throws. Rejects with `AgentError`; within
   * 15 s.
   */
  open(
    filters: readonly string[],
    deliver: (message: Message) => Delivery,
    signal: AbortSignal,
  ): Promise<OpenMailbox>;
}

export interface OpenMailbox extends AsyncDisposable {
  /** Resolves with the reason when it is lost; never where it cannot be. */
  readonly lost: Promise<AgentError>;
}

export interface MessageSeat {
  readonly device: DeviceConfig;
  readonly driver: MessageDriver;
  readonly session: MessageSession;
  readonly memory?: DeviceMemory;
}

export interface MessageLineOptions {
  readonly line: LineConfig;
  readonly mailbox: Mailbox;
  readonly seats: readonly MessageSeat[];
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly onHealth: (health: PartHealth) => void;
  readonly random?: () => number;
  readonly taps?: FrameTaps;
}

/** Closing never waits longer than this, ms. */
const CLOSE_MS = 2000;
/** The moment of the last message is kept at most so often, ms. */
const REMEMBER_MS = 60_000;

/** One device and what is known of it. */
class Listener implements Disposable {
  readonly seat: MessageSeat;
  readonly #options: MessageLineOptions;
  readonly #staleAfter: number;
  /** Why the line brings nothing, where it does not. */
  readonly #lineError: () => AgentError | undefined;
  #heard: Mono;
  #kept: Mono = Number.NEGATIVE_INFINITY;
  #timer: Disposable | undefined;
  #state: HealthState = 'starting';
  #since: number;
  #error: AgentError | undefined;
  #messages = 0;
  #malformed = 0;

  constructor(seat: MessageSeat, options: MessageLineOptions, lineError: () => AgentError | undefined) {
    this.seat = seat;
    this.#options = options;
    this.#lineError = lineError;
    this.#staleAfter = seat.driver.staleAfter(seat.device);
    const now = options.clock.mono();
    this.#heard = now - this.#silentBefore();
    this.#since = this.#wall();
    this.#watch(Math.max(0, this.#heard + this.#staleAfter - now));
  }

  /** A restart forgives no silence: a device that is heard once a day must not get another day each time. */
  #silentBefore(): number {
    const last = Number(this.seat.memory?.read() ?? Number.NaN);
    const age = this.#wall() - last;
    return Number.isFinite(age) && age > 0 && age < 10 * this.#staleAfter ? age : 0;
  }

  take(message: Message): Delivery {
    const { session, device } = this.seat;
    const { clock, publisher, log } = this.#options;
    if (!session.filters.some((filter) => topicFits(filter, message.topic))) return 'unknown';
    try {
      const readings = session.take(message);
      if (readings === undefined) return 'unknown';
      this.#tap(message);
      this.#messages += 1;
      this.#heard = clock.mono();
      this.#remember();
      this.#become('ok');
      if (readings.length > 0) publisher.readings(readings);
      return 'taken';
    } catch (thrown) {
      const error = asAgentError(thrown);
      this.#tap(message, error);
      this.#malformed += 1;
      if (this.#state !== 'degraded')
        log.warn('device.malformed', { device: device.id, error: error.message });
      this.#become('degraded', error);
      return 'malformed';
    }
  }

  #tap({ payload }: Message, error?: AgentError): void {
    const { taps, clock } = this.#options;
    const { id } = this.seat.device;
    if (taps?.on(id) !== true) return;
    const told = { time: clock.mono(), dir: 'up' as const, bytes: new Uint8Array(payload) };
    taps.tell(id, error === undefined ? told : { ...told, error: error.message });
  }

  health(): PartHealth {
    return {
      part: `device:${this.seat.device.id}`,
      state: this.#state,
      since: this.#since,
      ...(this.#error === undefined ? {} : { message: this.#error.message }),
      ...(this.#error?.fix === undefined ? {} : { fix: this.#error.fix }),
      facts: { messages: this.#messages, malformed: this.#malformed },
    };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #remember(): void {
    if (this.#heard - this.#kept < REMEMBER_MS) return;
    this.#kept = this.#heard;
    this.seat.memory?.save(String(Math.round(this.#wall())));
  }

  /** Looks again when the last word is old enough, and says once per such time that nothing came. */
  #watch(ms: number): void {
    const { clock, publisher } = this.#options;
    const { device } = this.seat;
    this.#timer = clock.after(ms, () => {
      const now = clock.mono();
      const age = now - this.#heard;
      // A whole millisecond: the rest of a sum of fractions may be too small to move a clock at all.
      if (age < this.#staleAfter) return this.#watch(Math.max(1, this.#staleAfter - age));
      const down = this.#lineError();
      const error =
        down ??
        new AgentError('timeout', `${device.id} is silent: no message for ${spanText(age)}`, {
          fix: 'Check its battery, its coverage, and that its network server passes messages on.',
        });
      this.#become(down === undefined ? 'degraded' : 'down', error);
      const reason: Reason = down === undefined ? 'timeout' : 'communication-failure';
      publisher.readings(
        device.profile.points.map(({ id, unit }) => bad({ device: device.id, point: id, unit }, reason, now)),
      );
      this.#watch(this.#staleAfter);
    });
  }

  #become(state: HealthState, error?: AgentError): void {
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#wall();
    this.#options.onHealth(this.health());
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}

export class MessageLine implements AsyncDisposable {
  readonly #options: MessageLineOptions;
  readonly #listeners: readonly Listener[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #state: HealthState = 'starting';
  #since: number;
  #error: AgentError | undefined;
  #unclaimed = 0;

  constructor(options: MessageLineOptions) {
    this.#options = options;
    this.#since = wallAt(options.clock.mapping(), options.clock.mono()).time;
    this.#listeners = options.seats.map((seat) => new Listener(seat, options, () => this.#error));
    this.#running = this.#run();
  }

  write(device: string, { point }: PointWrite): Promise<WriteOutcome> {
    if (!this.#listeners.some(({ seat }) => seat.device.id === device)) {
      return Promise.reject(new AgentError('not-found', `write to ${device} failed: not on this line`));
    }
    return Promise.resolve({
      kind: 'rejected',
      reason: `${point} cannot be written: the device is only heard`,
    });
  }

  health(): readonly PartHealth[] {
    return [this.#health(), ...this.#listeners.map((listener) => listener.health())];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options;
    this.#stop.abort(new AgentError('aborted', 'the line is closed'));
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    const budget = new AbortController();
    await Promise.race([this.#running, clock.sleep(CLOSE_MS, budget.signal).catch(() => {})]);
    budget.abort();
  }

  #run(): Promise<void> {
    const { clock, line, log, mailbox, publisher, random } = this.#options;
    const facts = { line: line.id, port: mailbox.name };
    return supervise((healthy) => this.#generation(healthy), {
      clock,
      signal: this.#stop.signal,
      ...(random === undefined ? {} : { backoff: { random } }),
      onDown: (error) => {
        log.error('line.down', { ...facts, error: error.message, code: error.code });
        const body = { ...facts, change: 'down', error: error.message, code: error.code };
        publisher.event({ event: 'line', severity: 'alarm', time: clock.mono(), body });
      },
      onUp: () => {
        log.info('line.up', facts);
        publisher.event({
          event: 'line',
          severity: 'info',
          time: clock.mono(),
          body: { ...facts, change: 'up' },
        });
      },
    });
  }

  async #generation(healthy: () => void): Promise<void> {
    const { mailbox, seats } = this.#options;
    const { signal } = this.#stop;
    const filters = [...new Set(seats.flatMap(({ session }) => session.filters))];
    try {
      await using open = await mailbox.open(filters, (message) => this.#deliver(message), signal);
      healthy();
      this.#become('ok');
      const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
      const stop = () => resolve(undefined);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const lost = await Promise.race([open.lost, stopped]);
      signal.removeEventListener('abort', stop);
      if (lost !== undefined) throw lost;
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (!signal.aborted) this.#become('down', error);
      throw error;
    }
  }

  #deliver(message: Message): Delivery {
    if (this.#stop.signal.aborted) return 'unknown';
    let best: Delivery = 'unknown';
    for (const listener of this.#listeners) {
      const said = listener.take(message);
      if (said === 'taken' || best === 'unknown') best = said;
    }
    if (best === 'unknown') this.#unclaimed += 1;
    return best;
  }

  #become(state: HealthState, error?: AgentError): void {
    const { clock, onHealth } = this.#options;
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = wallAt(clock.mapping(), clock.mono()).time;
    onHealth(this.#health());
  }

  #health(): PartHealth {
    const { line, mailbox } = this.#options;
    return {
      part: `line:${line.id}`,
      state: this.#state,
      since: this.#since,
      ...(this.#error === undefined ? {} : { message: this.#error.message }),
      ...(this.#error?.fix === undefined ? {} : { fix: this.#error.fix }),
      facts: { port: mailbox.name, unclaimed: this.#unclaimed },
    };
  }
}

function spanText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
