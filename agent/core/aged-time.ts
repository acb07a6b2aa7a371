/**
 * The time by which things age: the monotonic clock, run at the rate of the wall clock. In the field it is the monotonic
 * clock. In a demonstration an hour of the street is an hour, however fast it passes, also where the rate changes on the way.
 * It never jumps when the wall clock is set.
 */

import type { Mono } from './reading.ts';
import type { Clock } from './time/clock.ts';

export class AgedTime {
  readonly #clock: Pick<Clock, 'mapping'>;
  #mono: Mono = 0;
  #aged = 0;
  #rate: number;

  constructor(clock: Pick<Clock, 'mapping'>) {
    this.#clock = clock;
    this.#rate = clock.mapping().rate;
  }

  /** ms, at a moment of the monotonic clock; only differences mean anything. */
  at(mono: Mono): number {
    const { rate, mono: since } = this.#clock.mapping();
    if (rate !== this.#rate) {
      this.#aged += (since - this.#mono) * this.#rate;
      this.#mono = since;
      this.#rate = rate;
    }
    return this.#aged + (mono - this.#mono) * this.#rate;
  }
}
