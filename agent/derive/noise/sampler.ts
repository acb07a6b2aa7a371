/**
 * Levels of noise as they come, minute by minute, with what makes them invalid: a reading that is not good, rain in the
 * minute, wind at or above the limit. Nothing is deleted: all levels and the valid ones are both told.
 */
import type { NoiseFigure } from '../../core/figure.ts';
import type { Reading } from '../../core/reading.ts';
import { MINUTE } from '../hours.ts';

/** Hours kept, in minutes: the statistics of an hour need its levels. */
const KEPT = 61;
/** A wind or rain reading older than this says nothing of a minute, ms. */
const FRESH = 10 * MINUTE;

interface Minute {
  readonly levels: number[];
  readonly good: number[];
  /** As told in the minute; absent: what was told last before it stands. */
  rain?: boolean;
  wind?: number;
  readonly before: { readonly rain: boolean; readonly wind: number };
}

export interface Sampled {
  readonly all: readonly number[];
  readonly valid: readonly number[];
  /** Minutes with enough valid levels. */
  readonly validMinutes: number;
  readonly minutes: number;
}

export class NoiseSampler {
  readonly #figure: NoiseFigure;
  readonly #minutes = new Map<number, Minute>();
  #rained: { value: number; time: number } | undefined;
  #wind: { value: number; time: number } | undefined;
  #wet: { value: boolean; time: number } | undefined;

  constructor(figure: NoiseFigure) {
    this.#figure = figure;
  }

  /** `time`: true time, Unix epoch ms. */
  take({ device, point, value, quality }: Reading, time: number): void {
    const { level, rain, wind } = this.#figure;
    const is = (input: { readonly device: string; readonly point: string } | undefined) =>
      input?.device === device && input.point === point;
    if (typeof value !== 'number') return;
    const minute = this.#minute(time);
    if (is(level)) {
      minute.levels.push(value);
      if (quality === 'good') minute.good.push(value);
    } else if (is(wind)) {
      this.#wind = { value, time };
      minute.wind = Math.max(minute.wind ?? 0, value);
    } else if (is(rain)) {
      const before = this.#rained;
      this.#rained = { value, time };
      // A register rains by growing, a rate or an amount by not being 0.
      const wet =
        rain?.unit === 'mm' && before !== undefined ? value > before.value : rain?.unit !== 'mm' && value > 0;
      this.#wet = { value: wet, time };
      minute.rain = minute.rain === true || wet;
    }
  }

  /** Levels in `from` ≤ t < `to` (whole minutes). `due`: levels a minute should have. */
  between(from: number, to: number, due: number): Sampled {
    const { windLimit, validShare } = this.#figure;
    const all: number[] = [];
    const valid: number[] = [];
    let validMinutes = 0;
    for (let start = from; start < to; start += MINUTE) {
      const minute = this.#minutes.get(start);
      if (minute === undefined) continue;
      all.push(...minute.levels);
      if ((minute.rain ?? minute.before.rain) || (minute.wind ?? minute.before.wind) >= windLimit) continue;
      valid.push(...minute.good);
      if (minute.good.length >= Math.max(1, due * validShare)) validMinutes += 1;
    }
    return { all, valid, validMinutes, minutes: Math.round((to - from) / MINUTE) };
  }

  /** Forgets what lies more than an hour before `now`. */
  forget(now: number): void {
    for (const start of this.#minutes.keys()) if (start < now - KEPT * MINUTE) this.#minutes.delete(start);
  }

  #minute(time: number): Minute {
    const start = Math.floor(time / MINUTE) * MINUTE;
    let minute = this.#minutes.get(start);
    if (minute === undefined) {
      const fresh = (one: { readonly time: number } | undefined) =>
        one !== undefined && time - one.time < FRESH;
      minute = {
        levels: [],
        good: [],
        before: {
          rain: fresh(this.#wet) && this.#wet?.value === true,
          wind: fresh(this.#wind) ? (this.#wind?.value ?? 0) : 0,
        },
      };
      this.#minutes.set(start, minute);
    }
    return minute;
  }
}
