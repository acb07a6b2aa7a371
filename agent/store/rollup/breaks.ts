/**
 * Breaks of counters as the rollups need them: what a step from one reading to the next gains or loses by the breaks
 * between them. They are placed on the clock of their boot, as readings are, and move with them when it becomes better
 * known.
 */
import { type CounterBreak, offsetOf } from '../../core/mark.ts';
import type { ClockTable } from '../clock-table.ts';
import type { Marks } from '../marks.ts';

/** What breaks add to a step that begins behind `from` and ends at `to`, both true time. */
export type Offsets = (from: number, to: number) => number;

export interface PointName {
  readonly device: string;
  readonly point: string;
  readonly unit: string;
}

export class Breaks {
  readonly #marks: Marks;
  readonly #clock: ClockTable;
  readonly #points = new Map<string, Map<string, CounterBreak>>();
  #top = 0;

  constructor(marks: Marks, clock: ClockTable) {
    this.#marks = marks;
    this.#clock = clock;
    this.refresh();
  }

  /** Reads what was told since. */
  refresh(): void {
    for (const { seq, mark } of this.#marks.after(this.#top)) {
      this.#top = seq;
      if (mark.mark === 'break') this.#keep(mark);
    }
  }

  #keep(mark: CounterBreak): void {
    const key = keyOf(mark);
    const known = this.#points.get(key) ?? new Map<string, CounterBreak>();
    known.set(mark.id, mark);
    this.#points.set(key, known);
  }

  /** True time of a break, by the clock table as it is now. */
  timeOf({ boot, mono, at }: CounterBreak): number {
    const number = this.#clock.bootNamed(boot);
    const time = number === undefined ? undefined : this.#clock.wall(number, mono);
    return time === undefined || time.rank === 'none' ? at : time.time;
  }

  /** Those of a point behind `from` and up to `to`, both true time, ascending, with their times. */
  between(
    point: PointName,
    from: number,
    to: number,
  ): { readonly time: number; readonly mark: CounterBreak }[] {
    return [...(this.#points.get(keyOf(point))?.values() ?? [])]
      .map((mark) => ({ time: this.timeOf(mark), mark }))
      .filter(({ time }) => time > from && time <= to)
      .sort((a, b) => a.time - b.time);
  }

  /** Undefined for a point without breaks, as nearly all are. */
  of(point: PointName): Offsets | undefined {
    const known = this.#points.get(keyOf(point));
    if (known === undefined) return undefined;
    return (from, to) => {
      let sum = 0;
      for (const one of known.values()) {
        const time = this.timeOf(one);
        if (time > from && time <= to) sum += offsetOf(one);
      }
      return sum;
    };
  }
}

function keyOf({ device, point, unit }: PointName): string {
  return `${device}/${point}/${unit}`;
}
