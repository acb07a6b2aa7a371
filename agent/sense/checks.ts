/**
 * What is declared of points, held to their readings: values that stand still, steps that cannot be, totals that are not
 * the sum of their parts, conditions under which a value means nothing. What fails is uncertain, with the reason; that it
 * began or ended to fail is an event.
 */
import { type Reading, type Reason, uncertain } from '../core/reading.ts';
import type { Json } from '../core/record.ts';
import type { Condition, PointRules, SenseRules, SumRule } from '../core/rules.ts';
import type { Moment } from './counters.ts';
import { type Still, stillness } from './frozen.ts';
import { type Stepping, step } from './step.ts';

export interface CheckParts {
  /** Rules by device. */
  readonly rules: ReadonlyMap<string, SenseRules>;
  /** True for a register: a condition on it is one on how much it has risen of late. */
  isCounter(device: string, point: string): boolean;
  moment(mono: number): Moment;
  /** An event of a device: `what` began, or is over. */
  say(device: string, what: string, began: boolean, facts: { readonly [key: string]: Json }): void;
  /** Events of the device would tell of what people do to it. */
  quiet(device: string): boolean;
}

/** A value that is older than this says nothing of now, ms of wall time. */
const STALE = 600_000;
/** Parts and total belong together when they are no further apart, ms of wall time. */
const TOGETHER = 30_000;
/** Totals in a row that are not their sum before it is told: points are not read at one instant. */
const IN_A_ROW = 3;

interface Seen {
  readonly value: number;
  readonly t: number;
}

interface PointState {
  still?: Still;
  step?: Stepping;
  unmet?: boolean;
  misses?: number;
}

export class Checks {
  readonly #parts: CheckParts;
  readonly #states = new Map<string, PointState>();
  readonly #seen = new Map<string, Seen>();
  /** Registers that are watched: their value, and when it last rose. */
  readonly #registers = new Map<string, Seen>();
  /** Points whose values others look at. */
  readonly #watched = new Set<string>();
  readonly #sums = new Map<string, SumRule>();

  constructor(parts: CheckParts) {
    this.#parts = parts;
    for (const [device, { points, sums }] of parts.rules) {
      for (const { validWhile = [] } of Object.values(points))
        for (const { device: other = device, point } of validWhile) this.#watched.add(`${other}/${point}`);
      for (const sum of sums) {
        this.#sums.set(`${device}/${sum.total}`, sum);
        for (const point of sum.parts) this.#watched.add(`${device}/${point}`);
      }
    }
  }

  /** The readings of one publish, in their order. */
  judge(readings: readonly Reading[]): readonly Reading[] {
    if (this.#parts.rules.size === 0) return readings;
    for (const reading of readings) this.#look(reading);
    return readings.map((reading) => this.#judged(reading));
  }

  #look({ device, point, value, time }: Reading): void {
    const key = `${device}/${point}`;
    if (typeof value !== 'number' || !this.#watched.has(key)) return;
    const { t } = this.#parts.moment(time);
    if (this.#parts.isCounter(device, point)) this.#rise(key, value, t);
    else this.#seen.set(key, { value, t });
  }

  /** It rains on between two tips of the bucket. */
  #rise(key: string, value: number, t: number): void {
    const before = this.#registers.get(key);
    const rose = before !== undefined && value > before.value;
    const since = rose ? t : (before?.t ?? Number.NEGATIVE_INFINITY);
    const last = this.#seen.get(key)?.value ?? 0;
    const rise = rose ? value - before.value : t - since > STALE ? 0 : last;
    this.#registers.set(key, { value, t: since });
    this.#seen.set(key, { value: rise, t });
  }

  #judged(reading: Reading): Reading {
    const { device, point, value, quality, time } = reading;
    const rules = this.#parts.rules.get(device);
    if (rules === undefined || value === null) return reading;
    const own = rules.points[point];
    const reason =
      (typeof value === 'number' ? this.#value(reading, value, own) : undefined) ??
      this.#conditions(reading, own);
    return reason === undefined || quality !== 'good' ? reading : uncertain(reading, value, reason, time);
  }

  #value(reading: Reading, value: number, rules: PointRules | undefined): Reason | undefined {
    const sum = this.#sums.get(`${reading.device}/${reading.point}`);
    if (rules === undefined && sum === undefined) return undefined;
    const state = this.#state(reading);
    const { t } = this.#parts.moment(reading.time);
    const stepped = this.#step(reading, value, rules?.mostStep, state);
    const still = this.#still(reading, value, t, rules?.frozenAfter, state);
    const summed = sum === undefined ? undefined : this.#sum(reading, value, t, sum, state);
    return stepped ?? summed ?? still;
  }

  #state({ device, point }: Reading): PointState {
    const key = `${device}/${point}`;
    const known = this.#states.get(key) ?? {};
    this.#states.set(key, known);
    return known;
  }

  #say(
    { device, point, unit }: Reading,
    what: string,
    began: boolean,
    facts: { readonly [key: string]: Json },
  ) {
    if (!this.#parts.quiet(device)) this.#parts.say(device, what, began, { point, unit, ...facts });
  }

  #step(reading: Reading, value: number, most: number | undefined, state: PointState): Reason | undefined {
    if (most === undefined) return undefined;
    const before = state.step?.good ?? null;
    const { state: next, believed, turned } = step(state.step, value, most);
    state.step = next;
    if (turned) this.#say(reading, 'implausible-step', !believed, { value, before, most });
    return believed ? undefined : 'implausible';
  }

  #still(
    reading: Reading,
    value: number,
    t: number,
    after: number | undefined,
    state: PointState,
  ): Reason | undefined {
    if (after === undefined) return undefined;
    const { state: next, frozen, turned } = stillness(state.still, value, t, after);
    state.still = next;
    if (turned) this.#say(reading, 'frozen', frozen, { value, for_s: Math.round((t - next.since) / 1000) });
    return frozen ? 'frozen' : undefined;
  }

  #sum(reading: Reading, total: number, t: number, rule: SumRule, state: PointState): Reason | undefined {
    const { device } = reading;
    let sum = 0;
    for (const part of rule.parts) {
      const seen = this.#seen.get(`${device}/${part}`);
      // Nothing can be said where a part is missing.
      if (seen === undefined || Math.abs(t - seen.t) > TOGETHER) return undefined;
      sum += seen.value;
    }
    const before = state.misses ?? 0;
    const off =
      Math.abs(total - sum) > Math.max(rule.least, rule.share * Math.max(Math.abs(total), Math.abs(sum)));
    state.misses = off ? before + 1 : 0;
    const facts = { total, sum: Number(sum.toPrecision(9)), parts: [...rule.parts] };
    if (state.misses === IN_A_ROW) this.#say(reading, 'sum-differs', true, facts);
    if (!off && before >= IN_A_ROW) this.#say(reading, 'sum-differs', false, facts);
    return state.misses >= IN_A_ROW ? 'implausible' : undefined;
  }

  #conditions(reading: Reading, rules: PointRules | undefined): Reason | undefined {
    if (rules?.validWhile === undefined) return undefined;
    const { t } = this.#parts.moment(reading.time);
    const unmet = rules.validWhile.find((one) => !this.#holds(one, reading.device, t));
    const state = this.#state(reading);
    const was = state.unmet === true;
    state.unmet = unmet !== undefined;
    if (was !== state.unmet) {
      const of = unmet ?? rules.validWhile[0];
      const place = of === undefined ? {} : { by: `${of.device ?? reading.device}/${of.point}` };
      this.#say(reading, 'outside-conditions', state.unmet, place);
    }
    return state.unmet ? 'outside-conditions' : undefined;
  }

  /** What is not known, or not known of now, forbids nothing. */
  #holds({ device, point, atLeast, atMost }: Condition, own: string, t: number): boolean {
    const seen = this.#seen.get(`${device ?? own}/${point}`);
    if (seen === undefined || t - seen.t > STALE) return true;
    return (atLeast === undefined || seen.value >= atLeast) && (atMost === undefined || seen.value <= atMost);
  }
}
