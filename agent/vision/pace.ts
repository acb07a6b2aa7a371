/** How far apart frames come: what is forgotten after a moment must outlive the pause between two of them. */
import type { Mono } from '../core/reading.ts';

/** Weight of the newest pause. */
const SMOOTHING = 0.2;
/** So many pauses may go by. */
const PAUSES = 2.5;
/** A camera that shows a frame less often than every four seconds follows nothing, ms. */
const LONGEST = 10_000;

export class Pace {
  #last: Mono | undefined;
  #pause: number | undefined;

  /** Takes the time of a frame. */
  tick(time: Mono): void {
    if (this.#last !== undefined && time > this.#last) {
      const pause = time - this.#last;
      this.#pause = this.#pause === undefined ? pause : this.#pause + SMOOTHING * (pause - this.#pause);
    }
    this.#last = time;
  }

  /** `ms`, or longer where frames are rare. */
  atLeast(ms: number): number {
    return Math.max(ms, Math.min(LONGEST, PAUSES * (this.#pause ?? 0)));
  }
}
