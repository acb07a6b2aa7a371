/**
 * Dimming by traffic, after the adaptive lighting of EN 13201: up at once, down only after two quiet windows, and bright
 * where nothing is counted. A function of the counts of the last windows, so a restart needs a window to know the street
 * again and is bright until then.
 */
import type { TrafficConfig } from '../../core/lighting/lighting.ts';
import type { Reading } from '../../core/reading.ts';

const HOUR = 3_600_000;

export class Traffic {
  readonly #config: TrafficConfig;
  #counts: { readonly time: number; readonly count: number }[] = [];
  /** Time of the first count since the start, or since the last that could not be made: before it nothing is known. */
  #known: number | undefined;

  constructor(config: TrafficConfig) {
    this.#config = config;
  }

  /** Takes a count of its point. `time`: its moment in aged time. */
  take(reading: Reading, time: number = reading.time): void {
    if (typeof reading.value !== 'number' || reading.quality === 'bad') {
      this.#known = undefined;
      return;
    }
    this.#known ??= time;
    const oldest = time - 2 * this.#config.window;
    this.#counts = [...this.#counts.filter((one) => one.time > oldest), { time, count: reading.value }];
  }

  /** Level asked for at `now` (aged time, ms); the highest where the counts do not reach back two windows. */
  level(now: number): number {
    const { window, steps } = this.#config;
    const blind = steps.at(-1)?.level ?? 100;
    const last = this.#counts.at(-1);
    if (this.#known === undefined || last === undefined || now - last.time > window) return blind;
    if (now - this.#known < 2 * window) return blind;
    return Math.max(this.#step(now - window, now), this.#step(now - 2 * window, now - window));
  }

  /** Level for the flow from `from` to `to`. */
  #step(from: number, to: number): number {
    const { window, steps } = this.#config;
    const passed = this.#counts.reduce(
      (sum, { time, count }) => sum + (time > from && time <= to ? count : 0),
      0,
    );
    const flow = (passed * HOUR) / window;
    return steps.findLast(({ above }) => flow > above)?.level ?? steps[0]?.level ?? 100;
  }
}
