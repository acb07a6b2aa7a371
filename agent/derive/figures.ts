/**
 * Figures by the clock: at the end of each period, hour, day and night they are reckoned and published as readings of a
 * device of their own. What can be read back is read from the log, so a restart loses nothing but noise levels of the
 * running hour, which then says that it has too few.
 */

import { asAgentError } from '../core/errors.ts';
import type { FigureConfig, NoiseFigure } from '../core/figure.ts';
import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Point } from '../core/point.ts';
import { bad, good, type Reading, type Reason, uncertain } from '../core/reading.ts';
import { type Clock, trusted, wallAt } from '../core/time/clock.ts';
import { LocalTime } from '../core/time/local-time.ts';
import type { AgentView } from '../core/view.ts';
import { aqiFigures } from './aqi/figure.ts';
import { type Figures, HOUR, MINUTE } from './hours.ts';
import { hourFigures, type Judged, longFigures, periodFigures } from './noise/figure.ts';
import { NoiseSampler } from './noise/sampler.ts';
import { figurePoints } from './points.ts';
import { waterFigures } from './water/figure.ts';

/** What is read from the log waits so long after the end of its period for the last readings to get there, ms. */
const SETTLE = 20_000;
/** Wait for a clock that can be trusted, ms. */
const AGAIN = 10_000;

export interface FigureParts {
  readonly figures: readonly FigureConfig[];
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly history: AgentView['history'];
  readonly timezone: string;
  readonly log: Log;
}

/** Starts at once; disposing ends what is under way. */
export function startFigures(parts: FigureParts): Disposable {
  const stack = new DisposableStack();
  for (const figure of parts.figures) stack.use(new FigureWork(figure, parts));
  return stack;
}

class FigureWork implements Disposable {
  readonly #figure: FigureConfig;
  readonly #parts: FigureParts;
  readonly #local: LocalTime;
  readonly #points: ReadonlyMap<string, Point>;
  readonly #end = new AbortController();
  readonly #stack = new DisposableStack();
  readonly #sampler: NoiseSampler | undefined;
  #timer: Disposable | undefined;
  /** End of the last period that was reckoned, by true time. */
  #done = Number.NEGATIVE_INFINITY;
  #caughtUp = false;
  #told = '';

  constructor(figure: FigureConfig, parts: FigureParts) {
    this.#figure = figure;
    this.#parts = parts;
    this.#local = new LocalTime(parts.timezone);
    this.#points = new Map(figurePoints(figure).map((point) => [point.id, point]));
    const { hub, clock } = parts;
    if (figure.kind === 'noise') {
      const sampler = new NoiseSampler(figure);
      this.#sampler = sampler;
      this.#stack.use(
        hub.onReadings((readings) => {
          const mapping = clock.mapping();
          if (!trusted(mapping.rank)) return;
          for (const reading of readings) sampler.take(reading, wallAt(mapping, reading.time).time);
        }),
      );
    }
    this.#stack.use(clock.onMapping(() => this.#schedule()));
    this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    this.#timer?.[Symbol.dispose]();
    this.#stack[Symbol.dispose]();
  }

  #now(): number {
    const { clock } = this.#parts;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  #schedule(): void {
    if (this.#end.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    const { clock } = this.#parts;
    const { rank, rate } = clock.mapping();
    if (!trusted(rank)) {
      this.#timer = clock.after(AGAIN, () => this.#schedule());
      return;
    }
    if (!this.#caughtUp && this.#figure.kind !== 'noise') {
      this.#caughtUp = true;
      this.#catchUp().catch((thrown: unknown) => this.#complain(thrown));
    }
    const step = this.#step;
    const now = this.#now();
    const next = Math.max(Math.floor(now / step) + 1, this.#done / step + 1) * step;
    this.#timer = clock.after((next - now) / rate + this.#wait, () => {
      // A clock that was set in between makes another plan.
      if (this.#now() < next) return this.#schedule();
      this.#done = next;
      this.#run(next).catch((thrown: unknown) => this.#complain(thrown));
      this.#schedule();
    });
  }

  get #step(): number {
    return this.#figure.kind === 'noise' ? this.#figure.every : HOUR;
  }

  /** Noise is reckoned at once, so that it stands in the log before its period is closed there. */
  get #wait(): number {
    return this.#figure.kind === 'noise' ? 0 : SETTLE;
  }

  async #run(end: number): Promise<void> {
    const figure = this.#figure;
    const { history } = this.#parts;
    const { signal } = this.#end;
    if (figure.kind === 'noise') return this.#noise(figure, end);
    if (figure.kind === 'water') return this.#publish(await waterFigures(figure, end, history, signal), end);
    const day = this.#local.day(end - 1);
    const date = dateOf(day);
    const hour = { start: end - HOUR, end, day: date };
    this.#publish(await aqiFigures(figure, 'hourly', hour, history, signal), end);
    if (this.#local.dayStart(day + 1) !== end) return;
    const span = { start: this.#local.dayStart(day), end, day: date };
    this.#publish(await aqiFigures(figure, 'daily', span, history, signal), end);
  }

  /** What ended while the agent was off is reckoned now, if it is not in the log. */
  async #catchUp(): Promise<void> {
    const { clock, history } = this.#parts;
    const { signal } = this.#end;
    const figure = this.#figure;
    await clock.sleep(SETTLE, signal);
    const now = this.#now();
    const hour = Math.floor(now / HOUR) * HOUR;
    const known = async (point: string, end: number) =>
      now - end < 2 * SETTLE ||
      (await history(figure.id, point, end, end + MINUTE, MINUTE, signal)).length > 0;
    if (figure.kind === 'water') {
      if (!(await known('class', hour)))
        this.#publish(await waterFigures(figure, hour, history, signal), hour);
      return;
    }
    if (figure.kind !== 'aqi') return;
    const today = this.#local.day(now);
    const midnight = this.#local.dayStart(today);
    if (!(await known('aqi-day', midnight))) {
      const span = { start: this.#local.dayStart(today - 1), end: midnight, day: dateOf(today - 1) };
      this.#publish(await aqiFigures(figure, 'daily', span, history, signal), midnight);
    }
    if (await known('aqi', hour)) return;
    const span = { start: hour - HOUR, end: hour, day: dateOf(this.#local.day(hour - 1)) };
    this.#publish(await aqiFigures(figure, 'hourly', span, history, signal), hour);
  }

  async #noise(figure: NoiseFigure, end: number): Promise<void> {
    const sampler = this.#sampler;
    if (sampler === undefined) return;
    // The figures belong to the period that they close.
    const at = end - 1;
    this.#judged(periodFigures(figure, sampler, end - figure.every, end), at);
    if (end % HOUR === 0) {
      this.#judged(hourFigures(figure, sampler, end), at);
      sampler.forget(end);
      await this.#longNoise(figure, end);
    }
  }

  /** Day and night end at their hours; what the log needs for them has to get there first. */
  async #longNoise(figure: NoiseFigure, end: number): Promise<void> {
    const { clock, history } = this.#parts;
    const { signal } = this.#end;
    const [from, to] = figure.day;
    const today = this.#local.dayStart(this.#local.day(end - 1));
    const what = end === today + to * HOUR ? 'ld' : end === today + from * HOUR ? 'ln' : undefined;
    if (what === undefined) return;
    await clock.sleep(SETTLE, signal);
    const night = { start: today + (to - 24) * HOUR, end: today + from * HOUR };
    const span = what === 'ld' ? { start: today + from * HOUR, end } : night;
    this.#judged(await longFigures(figure, what, span, night, history, signal), end - 1);
  }

  #judged(judged: Judged | undefined, time: number): void {
    if (judged !== undefined) this.#publish(judged.figures, time, judged.enough ? undefined : 'low-rate');
  }

  /** `time`: true time that the figures are of. `doubt`: why they are to be used with care. */
  #publish(figures: Figures, time: number, doubt?: Reason): void {
    const { clock, hub } = this.#parts;
    const mapping = clock.mapping();
    const mono = mapping.mono + (time - mapping.wall) / mapping.rate;
    const readings = Object.entries(figures).flatMap(([id, value]): Reading[] => {
      const point = this.#points.get(id);
      if (point === undefined) return [];
      const at = { device: this.#figure.id, point: id, unit: point.unit };
      if (value === null) return [bad(at, 'not-available', mono)];
      const shown = typeof value === 'number' ? rounded(value, point.decimals ?? 0) : value;
      return [doubt === undefined ? good(at, shown, mono) : uncertain(at, shown, doubt, mono)];
    });
    this.#told = '';
    hub.readings(readings);
  }

  #complain(thrown: unknown): void {
    if (this.#end.signal.aborted) return;
    const { message } = asAgentError(thrown);
    if (message === this.#told) return;
    this.#told = message;
    this.#parts.log.warn('figure.failed', { figure: this.#figure.id, error: message });
  }
}

function rounded(value: number, decimals: number): number {
  const power = 10 ** decimals;
  return Math.round(value * power) / power;
}

/** `YYYY-MM-DD` of a local day. */
function dateOf(day: number): string {
  return new Date(day * 24 * 60 * MINUTE).toISOString().slice(0, 10);
}
