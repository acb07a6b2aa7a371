/**
 * Data per month on a link that is paid by the megabyte: counted, forecast, and kept within a budget by thinning, what
 * matters least first. Alarms and events are never thinned, and what is thinned stays in the log and is counted in the
 * envelope as left out by selection.
 */

import type { Cursor } from '../core/record.ts';
import type { SelectionRule } from '../core/site.ts';
import { type Clock, trusted, wallAt } from '../core/time/clock.ts';

/** What leaves at each step: the rules of a selection. Step 0 leaves all as it is. */
export const STEPS: readonly { readonly says: string; readonly rules: readonly SelectionRule[] }[] = [
  { says: 'nothing', rules: [{ send: 'all' }] },
  { says: 'bulk stays', rules: [{ lanes: ['bulk'], send: 'none' }, { send: 'all' }] },
  {
    says: 'bulk stays, telemetry one value a minute',
    rules: [
      { lanes: ['bulk'], send: 'none' },
      { lanes: ['telemetry'], send: 'every', every: 60_000 },
      { send: 'all' },
    ],
  },
  {
    says: 'bulk stays, telemetry and meters one value in 15 min',
    rules: [
      { lanes: ['bulk'], send: 'none' },
      { lanes: ['telemetry', 'meter'], send: 'every', every: 900_000 },
      { send: 'all' },
    ],
  },
  {
    says: 'only alarms and events leave: the budget is used up',
    rules: [{ lanes: ['bulk', 'telemetry', 'meter'], send: 'none' }, { send: 'all' }],
  },
];
const USED_UP = STEPS.length - 1;

/** How often it is looked at, ms. */
export const LOOK = 600_000;
/** A rate is judged over so long, ms; a forecast needs at least `LEAST` of it. */
const SPAN = 6 * 3_600_000;
const LEAST = 1_800_000;
/** A step has so long to show what it brings, ms; so long must there be room before one is taken back. */
const SETTLE = 1_800_000;
const EASE_AFTER = 6 * 3_600_000;
/** Taken back only where the forecast is below this share of the budget. */
const EASE = 0.7;
/** What a step was seen to use is believed so long, ms: otherwise it would be tried again and again. */
const REMEMBERED = 24 * 3_600_000;
/** TLS record (RFC 8446 §5.2: header, tag), and TCP/IP headers of a segment and its acknowledgement, bytes. */
const RECORD = 22;
const RECORD_SIZE = 16_384;
const SEGMENT = 80;
const SEGMENT_SIZE = 1400;
/** Topic or request line, envelope of the protocol and its answer, bytes. */
const MESSAGE = 120;

/** Bytes on the wire of a message of `size` bytes, as near as it can be told without asking the modem. */
export function wireBytes(size: number): number {
  const all = size + MESSAGE;
  return all + RECORD * Math.ceil(all / RECORD_SIZE) + SEGMENT * Math.ceil(all / SEGMENT_SIZE);
}

export interface DataBudgetOptions {
  readonly clock: Clock;
  /** Bytes per calendar month (UTC). */
  readonly budget: number;
  /** As `state` told it before a restart. */
  readonly state: Cursor;
  /** Bytes per ms that a link at rest costs (keep-alives). */
  readonly rest: number;
}

export class DataBudget {
  readonly #options: DataBudgetOptions;
  #month: number;
  /** Of all months before this one: what is kept only grows, as a cursor does. */
  #before: number;
  #bytes: number;
  #step = 0;
  #changedAt: number;
  #countedTo: number;
  /** What the steps used when they were left for a higher one. */
  readonly #seen: { readonly rate: number; readonly mono: number }[] = [];
  #samples: { readonly mono: number; readonly bytes: number }[];

  constructor(options: DataBudgetOptions) {
    this.#options = options;
    const { state, clock } = options;
    const [month, before] = state.above[0] ?? [this.#monthNow(), 0];
    this.#month = month;
    this.#before = before;
    this.#bytes = Math.max(0, state.low - before);
    const now = clock.mono();
    this.#changedAt = now;
    this.#countedTo = now;
    this.#samples = [{ mono: now, bytes: this.#bytes }];
  }

  /** Months since year 0, UTC. */
  #monthNow(): number {
    const date = new Date(this.#wall());
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  /** A message of this size left, whatever became of it. */
  sent(size: number): void {
    this.#bytes += wireBytes(size);
  }

  /** Nothing but alarms and events leaves. */
  get usedUp(): boolean {
    return this.step === USED_UP;
  }

  /** Which of `STEPS` is in force. */
  get step(): number {
    return this.#step;
  }

  get bytes(): number {
    return Math.round(this.#bytes);
  }

  /** To be kept over restarts. */
  get state(): Cursor {
    return { low: this.#before + this.bytes, above: [[this.#month, this.#before]] };
  }

  /** Bytes of the whole month if it goes on like this; undefined as long as nothing can be said. */
  forecast(): number | undefined {
    const rate = this.#rate();
    return rate === undefined ? undefined : this.#forecastAt(rate);
  }

  /** Bytes per ms at the present step. */
  #rate(): number | undefined {
    const now = this.#options.clock.mono();
    const first = this.#samples[0];
    if (first === undefined || now - first.mono < LEAST) return undefined;
    return (this.#bytes - first.bytes) / (now - first.mono);
  }

  #forecastAt(rate: number): number {
    const next = this.#month + 1;
    const left = Math.max(0, Date.UTC(Math.floor(next / 12), next % 12) - this.#wall());
    return Math.round(this.#bytes + rate * left);
  }

  /** Judges; to be called every `LOOK`. True where the step changed. `connected`: the link rested on the wire meanwhile. */
  look(connected: boolean): boolean {
    const { clock, budget, rest } = this.#options;
    const now = clock.mono();
    if (connected) this.#bytes += rest * (now - this.#countedTo);
    this.#countedTo = now;
    // A month that a clock only believes to have begun would be paid for all the same.
    const month = trusted(clock.mapping().rank) ? this.#monthNow() : this.#month;
    if (month !== this.#month) {
      this.#month = month;
      this.#before += this.bytes;
      this.#bytes = 0;
      this.#samples = [];
    }
    this.#samples.push({ mono: now, bytes: this.#bytes });
    while ((this.#samples[1]?.mono ?? now) <= now - SPAN) this.#samples.shift();
    const next = this.#judge(now, budget);
    if (next === this.#step) return false;
    this.#step = next;
    this.#changedAt = now;
    // What is forecast from here on is forecast from what leaves now.
    this.#samples = [{ mono: now, bytes: this.#bytes }];
    return true;
  }

  #judge(now: number, budget: number): number {
    if (this.#bytes >= budget) return USED_UP;
    if (this.#step === USED_UP) return this.#bytes === 0 ? 0 : USED_UP - 1;
    const forecast = this.forecast();
    if (forecast === undefined) return this.#step;
    const since = now - this.#changedAt;
    if (forecast > budget && since >= SETTLE && this.#step < USED_UP - 1) {
      this.#seen[this.#step] = { rate: this.#rate() ?? 0, mono: now };
      return this.#step + 1;
    }
    const seen = this.#seen[this.#step - 1];
    const tooMuch =
      seen !== undefined && now - seen.mono < REMEMBERED && this.#forecastAt(seen.rate) > budget;
    if (this.#step > 0 && !tooMuch && forecast < budget * EASE && since >= EASE_AFTER) return this.#step - 1;
    return this.#step;
  }
}
