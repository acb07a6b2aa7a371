/**
 * A line of one device that talks by itself. Opens its port, keeps a session on it, begins anew with back-off when
 * either is lost, and says that points have no value when the device has been silent for too long.
 */
import { aborted } from '../core/aborted.ts';
import type { DriverContext, PointWrite, StreamDriver, StreamSession, WriteOutcome } from '../core/driver.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher } from '../core/hub.ts';
import { bad, type Mono, type Reading, type Reason } from '../core/reading.ts';
import type { LineConfig } from '../core/site.ts';
import { supervise } from '../core/supervise.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import type { Port } from './port/port.ts';
import type { FrameTaps } from './taps.ts';
import { turn } from './turn.ts';
import { reasonOf } from './verdict.ts';

/** Longest start of a session, ms: the contract gives it 15 s. */
const START_MS = 20_000;
/** Closing never waits longer than this, ms. */
const CLOSE_MS = 2000;

export interface StreamLineOptions {
  readonly line: LineConfig;
  readonly port: Port;
  readonly driver: StreamDriver;
  readonly context: DriverContext;
  readonly publisher: Publisher;
  readonly onHealth: (health: PartHealth) => void;
  readonly random?: () => number;
  readonly taps?: FrameTaps;
}

export class StreamLine implements AsyncDisposable {
  readonly #options: StreamLineOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #staleAfter: number;
  readonly #silence: Disposable[] = [];
  /** Time of the newest reading of each point that the session told. */
  readonly #told = new Map<string, Mono>();
  #session: StreamSession | undefined;
  #state: HealthState = 'starting';
  #since: number;
  #error: AgentError | undefined;
  #heard: Mono;
  #readings = 0;
  #restarts = 0;

  constructor(options: StreamLineOptions) {
    this.#options = options;
    const { clock, device } = options.context;
    this.#staleAfter = options.driver.staleAfter(device);
    this.#heard = clock.mono();
    this.#since = this.#wall();
    this.#watch(this.#staleAfter);
    this.#running = this.#run();
  }

  /** Rejects with `AgentError`, `link-lost` while there is no session. */
  async write(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    const { context, publisher } = this.#options;
    if (device !== context.device.id) {
      throw new AgentError('not-found', `write to ${device} failed: not on this line`);
    }
    const session = this.#session;
    if (session === undefined) {
      const why = this.#error?.message ?? 'the device is not connected';
      throw new AgentError(this.#error?.code ?? 'link-lost', `write to ${device} failed: ${why}`);
    }
    const outcome = await turn(context.clock, [this.#stop.signal, signal], (limit) =>
      session.write(write, limit),
    );
    // A session may have told what it read back; a reading gets one number, not two.
    if (outcome.kind === 'done' && this.#told.get(outcome.readback.point) !== outcome.readback.time) {
      publisher.readings([outcome.readback]);
    }
    return outcome;
  }

  health(): readonly PartHealth[] {
    const { line, port, context } = this.#options;
    const part = (name: string): PartHealth => ({
      part: name,
      state: this.#state,
      since: this.#since,
      ...(this.#error === undefined ? {} : { message: this.#error.message }),
      ...(this.#error?.fix === undefined ? {} : { fix: this.#error.fix }),
      facts: { port: port.name, readings: this.#readings, restarts: this.#restarts },
    });
    return [part(`line:${line.id}`), part(`device:${context.device.id}`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options.context;
    this.#stop.abort(new AgentError('aborted', 'the line is closed'));
    for (const timer of this.#silence.splice(0)) timer[Symbol.dispose]();
    const budget = new AbortController();
    await Promise.race([this.#running, clock.sleep(CLOSE_MS, budget.signal).catch(() => {})]);
    budget.abort();
    await this.#options.port[Symbol.asyncDispose]?.();
  }

  #run(): Promise<void> {
    const { context, line, port, publisher, random } = this.#options;
    const { clock, log } = context;
    return supervise((healthy) => this.#generation(healthy), {
      clock,
      signal: this.#stop.signal,
      backoff: { max: port.retry, ...(random === undefined ? {} : { random }) },
      onDown: (error) => {
        log.error('line.down', { line: line.id, port: port.name, error: error.message, code: error.code });
        const body = {
          line: line.id,
          change: 'down',
          port: port.name,
          error: error.message,
          code: error.code,
        };
        publisher.event({ event: 'line', severity: 'alarm', time: clock.mono(), body });
      },
      onUp: () => {
        log.info('line.up', { line: line.id, port: port.name });
        const body = { line: line.id, change: 'up', port: port.name };
        publisher.event({ event: 'line', severity: 'info', time: clock.mono(), body });
      },
    });
  }

  /** One open port with one session on it. */
  async #generation(healthy: () => void): Promise<void> {
    const { context, driver, port } = this.#options;
    const { clock } = context;
    try {
      await using pipe = await port.open(this.#stop.signal);
      const start = new AbortController();
      const abort = () => start.abort(asAgentError(this.#stop.signal.reason, 'aborted'));
      this.#stop.signal.addEventListener('abort', abort, { once: true });
      using _limit = clock.after(START_MS, () =>
        start.abort(
          new AgentError(
            'timeout',
            `start of ${context.device.id} failed: no answer within ${START_MS / 1000} s`,
          ),
        ),
      );
      try {
        const emit = (readings: readonly Reading[]) => this.#emit(readings, healthy);
        const stream = this.#options.taps?.watch(context.device.id, pipe, clock) ?? pipe;
        await using session = await driver.open(context, stream, emit, start.signal);
        this.#session = session;
        _limit[Symbol.dispose]();
        await Promise.race([pipe.closed, aborted(start.signal)]);
        this.#session = undefined;
      } finally {
        this.#session = undefined;
        this.#stop.signal.removeEventListener('abort', abort);
      }
      if (!this.#stop.signal.aborted) {
        throw pipe.failure ?? new AgentError('link-lost', `port ${port.name} lost`);
      }
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (!this.#stop.signal.aborted) this.#failed(error);
      throw error;
    }
  }

  #emit(readings: readonly Reading[], healthy: () => void): void {
    for (const { point, time } of readings) this.#told.set(point, time);
    if (this.#stop.signal.aborted || readings.length === 0) return;
    this.#heard = this.#options.context.clock.mono();
    this.#readings += readings.length;
    healthy();
    this.#become('ok');
    this.#options.publisher.readings(readings);
  }

  #failed(error: AgentError): void {
    this.#restarts += 1;
    const was = this.#state;
    this.#become('down', error);
    // Said once; the silence watch repeats it every `staleAfter`.
    if (was !== 'down') this.#publishBad(reasonOf(error.code));
  }

  /** One timer: looks again when the last word is `staleAfter` old, and says once per such time that nothing came. */
  #watch(ms: number): void {
    const { clock } = this.#options.context;
    this.#silence.splice(0);
    this.#silence.push(
      clock.after(ms, () => {
        const age = clock.mono() - this.#heard;
        // A whole millisecond: the rest of a sum of fractions may be too small to move a clock at all.
        if (age < this.#staleAfter) return this.#watch(Math.max(1, this.#staleAfter - age));
        const { device } = this.#options.context;
        if (this.#state !== 'down') {
          const error = new AgentError(
            'timeout',
            `${device.id} is silent: no reading for ${(age / 1000).toFixed(1)} s`,
            { fix: 'Check power and wiring of the device.' },
          );
          this.#become('degraded', error);
        }
        this.#publishBad(
          this.#state === 'down' && this.#error !== undefined ? reasonOf(this.#error.code) : 'timeout',
        );
        this.#watch(this.#staleAfter);
      }),
    );
  }

  #publishBad(reason: Reason): void {
    const { context, publisher } = this.#options;
    const time = context.clock.mono();
    const { id, profile } = context.device;
    publisher.readings(
      profile.points
        .filter((point) => point.access !== 'write')
        .map((point) => bad({ device: id, point: point.id, unit: point.unit }, reason, time)),
    );
  }

  #become(state: HealthState, error?: AgentError): void {
    this.#error = error;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#wall();
    for (const part of this.health()) this.#options.onHealth(part);
  }

  #wall(): number {
    const clock: Clock = this.#options.context.clock;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}
