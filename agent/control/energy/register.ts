/**
 * One register as a line that only rises: what it had counted at any moment, through roll-overs, exchanges, wrong values
 * and changed transformer ratios. Pure.
 */
import {
  CARRIER_UNITS,
  type RegisterBreak,
  type RegisterMeter,
  type RegisterSeries,
} from '../../core/energy/energy.ts';
import { offsetOf } from '../../core/mark.ts';
import { convert, type Unit } from '../../core/unit.ts';

/** Millionths of a unit: sums and differences of quantities are exact. */
export const MICRO = 1e6;

/** A reading this near to a moment is one of it, at least and at most, ms (as for registers at midnight). */
const NEAR = 60_000;
const NEAREST = 900_000;
/** Readings up to so many periods apart have no silence between them. */
const PERIODS = 2.5;

/** How a moment is known. `at`: there is a reading near enough, or no silence around it. */
export type Known = 'at' | 'between' | 'before' | 'after' | 'nothing';

export interface CountedAt {
  /** Millionths of the carrier's unit since the first reading; NaN where it is not known. */
  readonly total: number;
  readonly known: Known;
  /** The same at the last reading by then. */
  readonly seen: number;
}

export class CountedRegister {
  readonly breaks: readonly RegisterBreak[];
  /** Ascending; `#counted` as long. */
  readonly #times: readonly number[] | Float64Array;
  readonly #counted: Float64Array;
  readonly #every: number;
  readonly #near: number;

  /** `unit`: what is counted; default: the unit of the carrier. */
  constructor(
    meter: Pick<RegisterMeter, 'carrier' | 'every' | 'ratios'>,
    series: Pick<RegisterSeries, 'times' | 'values' | 'breaks' | 'unit'>,
    unit: Unit = CARRIER_UNITS[meter.carrier],
  ) {
    this.breaks = series.breaks;
    this.#every = meter.every;
    this.#near = Math.min(NEAREST, Math.max(NEAR, 2 * meter.every));
    this.#times = series.times;
    this.#counted = counted(meter, series, unit);
  }

  get first(): number | undefined {
    return this.#times[0];
  }

  get last(): number | undefined {
    return this.#times.at(-1);
  }

  /** Index of the last reading at or before `time`; −1 where there is none. */
  #before(time: number): number {
    let low = -1;
    let high = this.#times.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? Number.POSITIVE_INFINITY) <= time) low = middle;
      else high = middle;
    }
    return low;
  }

  at(time: number): CountedAt {
    const i = this.#before(time);
    const [t0, t1] = [this.#times[i], this.#times[i + 1]];
    const [c0 = 0, c1 = 0] = [this.#counted[i], this.#counted[i + 1]];
    if (t0 === undefined) {
      if (t1 === undefined) return { total: Number.NaN, known: 'nothing', seen: 0 };
      return t1 - time <= this.#near
        ? { total: c1, known: 'at', seen: c1 }
        : { total: Number.NaN, known: 'before', seen: c1 };
    }
    if (t0 === time) return { total: c0, known: 'at', seen: c0 };
    if (t1 === undefined) {
      // Until the next reading is there nothing is known of it: a sum that took it for standing still would be wrong.
      if (time - t0 <= this.#near) return { total: c0, known: 'at', seen: c0 };
      return { total: Number.NaN, known: 'after', seen: c0 };
    }
    const total = Math.round(c0 + ((c1 - c0) * (time - t0)) / (t1 - t0));
    const silence = t1 - t0 > PERIODS * this.#every && Math.min(time - t0, t1 - time) > this.#near;
    return { total, known: silence ? 'between' : 'at', seen: c0 };
  }
}

/** What had been counted by each reading, millionths of the carrier's unit, from 0; never falls. */
function counted(
  meter: Pick<RegisterMeter, 'ratios'>,
  { times, values, breaks, unit }: Pick<RegisterSeries, 'times' | 'values' | 'breaks' | 'unit'>,
  into: Unit,
): Float64Array {
  const factor = convert(1, unit, into);
  const result = new Float64Array(times.length);
  const start = values[0] ?? 0;
  let next = 0;
  while (next < breaks.length && (breaks[next]?.time ?? 0) <= (times[0] ?? 0)) next++;
  let offset = 0;
  /** Register units at the place before, and what they were worth. */
  let run = 0;
  let worth = 0;
  let ratio = ratioAt(meter, times[0] ?? 0);
  let change = meter.ratios.findIndex(({ from }) => from > (times[0] ?? 0));
  for (let i = 0; i < times.length; i++) {
    const time = times[i] ?? 0;
    const offsetBefore = offset;
    for (; next < breaks.length && (breaks[next]?.time ?? 0) <= time; next++)
      offset += offsetOf(breaks[next] as RegisterBreak);
    const now = Math.max(run, tidy((values[i] ?? 0) - start + offset));
    // A changed ratio counts from its moment on: by what the register showed then, or as far as it had run by then.
    for (; change >= 0 && change < meter.ratios.length; change++) {
      const dated = meter.ratios[change];
      if (dated === undefined || dated.from > time) break;
      const before = times[i - 1] ?? time;
      const share = time === before ? 1 : (dated.from - before) / (time - before);
      const shown =
        dated.register === undefined
          ? run + (now - run) * Math.max(0, share)
          : tidy(dated.register - start + offsetBefore);
      const there = Math.min(now, Math.max(run, shown));
      worth += (there - run) * ratio;
      run = there;
      ratio = dated.ct * dated.pt;
    }
    worth += (now - run) * ratio;
    run = now;
    result[i] = Math.round(worth * factor * MICRO);
  }
  return result;
}

function ratioAt({ ratios }: Pick<RegisterMeter, 'ratios'>, time: number): number {
  const dated = ratios.findLast(({ from }) => from <= time);
  return dated === undefined ? 1 : dated.ct * dated.pt;
}

/** Takes off what floating point added behind the digits of a register. */
function tidy(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}
