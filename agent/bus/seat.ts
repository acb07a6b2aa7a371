/** One device on a shared line: its session, its breaker, its counts and its health. */

import type { PolledSession } from '../core/driver.ts';
import type { AgentError } from '../core/errors.ts';
import { bad, type Mono, type Reading, type Reason } from '../core/reading.ts';
import type { DeviceConfig, LineConfig, SerialSettings } from '../core/site.ts';
import { type Clock, wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import { lineTiming } from './airtime.ts';
import { Breaker } from './breaker.ts';
import type { Transaction } from './carrier.ts';
import { Tally } from './tally.ts';

export interface SeatOptions {
  readonly device: DeviceConfig;
  readonly session: PolledSession;
  /** The line as this device has it. */
  readonly line: LineConfig;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly onHealth: (health: PartHealth) => void;
}

/** Fastest time-out for a device that has failed just now, ms: above what USB adapters and serial servers add. */
const QUICK_MS = 100;
/** The same for a device that never answered, ms. */
const UNKNOWN_MS = 300;

export class Seat {
  readonly id: string;
  readonly device: DeviceConfig;
  /** Settings it is asked at, on a line that has some. */
  readonly serial: SerialSettings | undefined;
  readonly session: PolledSession;
  readonly breaker: Breaker;
  readonly tally = new Tally();
  /** Not asked before this: an owed answer could not be told from a new one. */
  heldUntil: Mono = Number.NEGATIVE_INFINITY;
  /** When a failure was counted last. */
  failedAt: Mono = Number.NEGATIVE_INFINITY;
  /** Lengths of answers that are owed since the last proven one. */
  readonly owed = new Set<number>();
  /** Polls whose last turn failed. */
  readonly failing = new Map<string, AgentError>();
  readonly #options: SeatOptions;
  #state: HealthState = 'starting';
  #since: number;
  #error: AgentError | undefined;
  #reason: Reason = 'communication-failure';
  #told: number | undefined;

  constructor(options: SeatOptions) {
    this.#options = options;
    this.device = options.device;
    this.id = options.device.id;
    this.serial = options.line.serial;
    this.session = options.session;
    this.breaker = new Breaker(options.random);
    this.#since = this.#wall();
  }

  /** Reason of its bad readings now. */
  get reason(): Reason {
    return this.#reason;
  }

  /** Time-out of its next request, ms: short once it has failed, long again for a probe now and then. */
  get cap(): number {
    const { line } = this.#options;
    const { timeout } = line;
    const { character } = lineTiming(line);
    if (this.breaker.failures === 0 || (this.breaker.open && this.breaker.patient)) return timeout;
    const longest = this.session.polls.reduce((most, poll) => Math.max(most, poll.answerBytes), 0);
    const { slowest } = this.tally;
    const wait = slowest === undefined ? UNKNOWN_MS : Math.max(QUICK_MS, 4 * slowest);
    return Math.min(timeout, wait + longest * character);
  }

  /** Bad readings of `points`. */
  failed(points: readonly string[], time: Mono, reason = this.#reason): readonly Reading[] {
    return points.map((point) => {
      const unit = this.device.profile.points.find(({ id }) => id === point)?.unit ?? '1';
      return bad({ device: this.id, point, unit }, reason, time);
    });
  }

  /** Forgets failures of polls that are no more in the plan. */
  prune(): void {
    for (const id of this.failing.keys()) {
      if (!this.session.polls.some((poll) => poll.id === id)) this.failing.delete(id);
    }
  }

  /** Takes the counts of an exchange; tells the session what was measured, when it has changed by a quarter. */
  measure(transaction: Transaction): void {
    this.tally.add(transaction);
    const { turnaround } = this.tally;
    if (turnaround === undefined || this.session.measured === undefined) return;
    const told = this.#told;
    if (told !== undefined && Math.abs(turnaround - told) <= Math.max(1, told / 4)) return;
    this.#told = turnaround;
    this.session.measured(turnaround);
  }

  /** Sets health; tells of a change of state only. */
  become(state: HealthState, error?: AgentError, reason?: Reason): void {
    this.#error = error;
    if (reason !== undefined) this.#reason = reason;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#wall();
    this.#options.onHealth(this.health());
  }

  health(): PartHealth {
    const error = this.#error;
    return {
      part: `device:${this.id}`,
      state: this.#state,
      since: this.#since,
      ...(error === undefined ? {} : { message: error.message }),
      ...(error?.fix === undefined ? {} : { fix: error.fix }),
      facts: {
        turnaround_ms: rounded(this.tally.turnaround),
        turnaround_slowest_ms: rounded(this.tally.slowest),
        turnaround_p50_ms: this.tally.times.percentile(0.5),
        turnaround_p95_ms: this.tally.times.percentile(0.95),
        breaker_open: this.breaker.open,
        requests_planned: this.session.polls.length,
        failures_in_a_row: this.breaker.failures,
        ...this.tally.facts(),
      },
    };
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}
