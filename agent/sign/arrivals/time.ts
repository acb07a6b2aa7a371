/**
 * The time of a sign. The wall clock where it can be trusted. Else what positions and centres told last: a bus that was
 * somewhere at eight says that it is eight, which is enough for minutes, and not for a time of day on a public screen.
 */
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';

/** What is further ahead of the last known time than this is somebody's broken clock, ms. */
const FURTHEST = 366 * 86_400_000;

export class SignTime {
  readonly #clock: Clock;
  /** Told time at a monotonic time, where the clock is not trusted. */
  #told: { readonly mono: number; readonly wall: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the wall clock may be shown. */
  get trusted(): boolean {
    return trusted(this.#clock.mapping().rank);
  }

  /** Whether the time of day is known well enough for a timetable: by our clock, or because a feed told it. */
  get known(): boolean {
    return this.trusted || this.#told !== undefined;
  }

  /** Unix epoch, ms. */
  now(): number {
    return this.at(this.#clock.mono());
  }

  /** Time of a monotonic time. */
  at(mono: number): number {
    const mapping = this.#clock.mapping();
    const told = this.#told;
    if (trusted(mapping.rank) || told === undefined) return wallAt(mapping, mono).time;
    return told.wall + (mono - told.mono) * mapping.rate;
  }

  /** It was `wall` when something came in at `mono`. The latest counts: what is late says too little. */
  tell(wall: number, mono: number): void {
    if (this.trusted) {
      this.#told = undefined;
      return;
    }
    // Last known time or build date: it can only be too early.
    const floor = wallAt(this.#clock.mapping(), mono).time;
    if (wall < floor - 60_000 || wall > floor + FURTHEST) return;
    if (this.#told === undefined || wall > this.at(mono)) this.#told = { mono, wall };
  }
}
