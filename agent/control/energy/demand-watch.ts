/**
 * Demand as it comes: the mean power of the running window, what it will come to if the load stays, and when a limit will
 * be passed. Fed with what the register had counted, and with active power where the meter tells it. Pure.
 */
import type { DemandState } from '../../core/energy/account.ts';
import type { DemandWindows } from './demand.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** The load is that of the last so many ms. */
const LOAD_SPAN = 2 * MINUTE;
/** A power older than this says nothing of the load, ms. */
const POWER_AGE = MINUTE;
/** Silences longer than this leave the window unknown, ms. */
const SILENCE = 5 * MINUTE;

interface Counted {
  readonly time: number;
  /** kWh counted. */
  readonly kwh: number;
}

export interface DemandWatchOptions extends DemandWindows {
  readonly meter: string;
  /** kW */
  readonly limit?: number;
}

export class DemandWatch {
  readonly #options: DemandWatchOptions;
  /** Ascending, of the last window and a little more. */
  #counted: Counted[] = [];
  #power: { readonly time: number; readonly kw: number } | undefined;
  #highest: { readonly kw: number; readonly at: number } | undefined;
  /** What was forecast in the middle of a window for its end. */
  #forecasts: { readonly end: number; readonly kw: number }[] = [];
  #errors = { sum: 0, windows: 0 };

  constructor(options: DemandWatchOptions) {
    this.#options = options;
  }

  /** The highest of the period so far, from the registers; `undefined` where a new period begins. */
  set highest(highest: { readonly kw: number; readonly at: number } | undefined) {
    this.#highest = highest;
  }

  /** `kwh`: what the register shows, in kWh of the primary side; true time, ms. One that stepped back begins anew. */
  take(time: number, kwh: number): void {
    const last = this.#counted.at(-1);
    if (last !== undefined && (time <= last.time || kwh < last.kwh || time - last.time > SILENCE)) {
      if (time <= last.time) return;
      this.#counted = [];
      this.#forecasts = [];
    }
    this.#counted.push({ time, kwh });
    const oldest = time - this.#options.window - SILENCE;
    // One before what is needed stays, to interpolate from.
    while ((this.#counted[1]?.time ?? Number.POSITIVE_INFINITY) < oldest) this.#counted.shift();
    this.#close(time);
    this.#predict(time);
  }

  /** Active power, kW. */
  power(time: number, kw: number): void {
    this.#power = { time, kw };
  }

  /** kWh counted by `time`; undefined outside of what is known. */
  #at(time: number): number | undefined {
    const i = this.#counted.findLastIndex((one) => one.time <= time);
    const [a, b] = [this.#counted[i], this.#counted[i + 1]];
    if (a === undefined) return undefined;
    if (b === undefined) return a.time === time ? a.kwh : undefined;
    return a.kwh + ((b.kwh - a.kwh) * (time - a.time)) / (b.time - a.time);
  }

  #load(): number | undefined {
    const last = this.#counted.at(-1);
    if (last === undefined) return undefined;
    if (this.#power !== undefined && Math.abs(last.time - this.#power.time) <= POWER_AGE)
      return this.#power.kw;
    const first = this.#counted.find(({ time }) => time >= last.time - LOAD_SPAN);
    if (first === undefined || first.time === last.time) return undefined;
    return (last.kwh - first.kwh) / ((last.time - first.time) / HOUR);
  }

  /** Mean power of a window that ends at `end`, kW. */
  #mean(end: number): number | undefined {
    const { window } = this.#options;
    const [from, to] = [this.#at(end - window), this.#at(end)];
    return from === undefined || to === undefined ? undefined : (to - from) / (window / HOUR);
  }

  /** Windows that have ended since the reading before. */
  #close(time: number): void {
    const { method, window } = this.#options;
    const before = this.#counted.at(-2)?.time;
    if (before === undefined) return;
    const step = method === 'block' ? window : MINUTE;
    for (let end = Math.floor(before / step) * step + step; end <= time; end += step) {
      const mean = this.#mean(end);
      if (mean === undefined) continue;
      if (this.#highest === undefined || mean > this.#highest.kw) this.#highest = { kw: mean, at: end };
      const forecast = this.#forecasts.find((one) => one.end === end);
      if (forecast === undefined || mean <= 0) continue;
      this.#errors.sum += Math.abs(forecast.kw - mean) / mean;
      this.#errors.windows++;
    }
    this.#forecasts = this.#forecasts.filter(({ end }) => end > time);
  }

  /** In the middle of each window end to end a forecast of its end is kept, to be held to what came. */
  #predict(time: number): void {
    const { window } = this.#options;
    const end = Math.floor(time / window) * window + window;
    if (end - time > window / 2 || this.#forecasts.some((one) => one.end === end)) return;
    const kw = this.#expected(time, end);
    if (kw !== undefined) this.#forecasts.push({ end, kw });
  }

  /** Mean of the window that ends at `end`, if the load stays from now on, kW. */
  #expected(now: number, end: number): number | undefined {
    const { window } = this.#options;
    const load = this.#load();
    const from = end - window >= now ? undefined : this.#at(end - window);
    const counted = this.#at(now);
    if (load === undefined || from === undefined || counted === undefined) return undefined;
    return (counted - from + load * ((end - now) / HOUR)) / (window / HOUR);
  }

  /** Where demand stands at the last reading. */
  state(): DemandState {
    const { meter, method, window, limit } = this.#options;
    const now = this.#counted.at(-1)?.time;
    const { sum, windows } = this.#errors;
    const common = {
      meter,
      method,
      window,
      limit: limit ?? null,
      highest: this.#highest ?? null,
      error: windows === 0 ? null : { percent: (sum / windows) * 100, windows },
    };
    const load = this.#load() ?? null;
    if (now === undefined) return { ...common, now: null, load: null, forecast: null, passedIn: null };
    const block = Math.floor(now / window) * window;
    const mean = method === 'sliding' ? this.#mean(now) : this.#soFar(block, now);
    const forecast = method === 'block' ? this.#expected(now, block + window) : this.#highestExpected(now);
    return {
      ...common,
      now: mean ?? null,
      load,
      forecast: forecast ?? null,
      passedIn: limit === undefined ? null : this.#passedIn(now, limit),
    };
  }

  #soFar(from: number, now: number): number | undefined {
    const [a, b] = [this.#at(from), this.#at(now)];
    return a === undefined || b === undefined || now === from ? undefined : (b - a) / ((now - from) / HOUR);
  }

  /** Ends at which the sliding window, or the block, is looked at in the time to come. */
  *#ends(now: number): Generator<number> {
    const { window } = this.#options;
    for (let end = now; end < now + window; end += MINUTE / 2) yield end;
  }

  #highestExpected(now: number): number | undefined {
    let most: number | undefined;
    for (const end of this.#ends(now)) {
      const mean = this.#expected(now, end);
      if (mean !== undefined && (most === undefined || mean > most)) most = mean;
    }
    return most;
  }

  /** ms until the limit is passed if the load stays; null where it is not. */
  #passedIn(now: number, limit: number): number | null {
    const { method, window } = this.#options;
    if (method === 'sliding') {
      for (const end of this.#ends(now)) {
        const mean = this.#expected(now, end);
        if (mean !== undefined && mean > limit) return end - now;
      }
      return null;
    }
    const load = this.#load();
    const block = Math.floor(now / window) * window;
    const [from, counted] = [this.#at(block), this.#at(now)];
    if (load === undefined || from === undefined || counted === undefined) return null;
    // The block has passed its limit when it holds as much energy as all of it may have.
    const left = limit * (window / HOUR) - (counted - from);
    if (left < 0) return 0;
    const ms = load <= 0 ? Number.POSITIVE_INFINITY : (left / load) * HOUR;
    return ms < block + window - now ? Math.round(ms) : null;
  }
}
