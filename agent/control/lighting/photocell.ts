/**
 * The photocell: hysteresis, dwell, and whether it can be believed. What it has seen lives in memory only; after a boot
 * the first reading decides at once, so that nobody waits in the dark for a dwell.
 */
import type { PhotocellConfig } from '../../core/lighting/lighting.ts';
import type { Reading } from '../../core/reading.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** No reading for this long: the cell is silent, ms of the monotonic clock. */
const SILENT = 10 * MINUTE;
/** The same value for this long: the cell is stuck, ms of aged time. A night at the sensor's floor is shorter. */
const STUCK = 26 * HOUR;
/** Against the sun for this long: dirt, a lamp in its face, a cut wire; ms of aged time. */
const AGAINST = 2 * HOUR;
/** Degrees at which a clear sky leaves no doubt. */
const HIGH_SUN = 15;
const DEEP_NIGHT = -10;

export type PhotocellFault = 'silent' | 'stuck' | 'dark-by-day' | 'light-by-night';

export class Photocell {
  readonly #config: PhotocellConfig;
  #state: 'dark' | 'light' | undefined;
  /** Since when the light is on the other side, ms of aged time. */
  #turning: number | undefined;
  /** mono ms */
  #last: number | undefined;
  #value: number | undefined;
  #sameSince = 0;
  #againstSince: number | undefined;

  constructor(config: PhotocellConfig) {
    this.#config = config;
  }

  /**
   * Takes a reading of its point. `elevation`: degrees of the sun now, or undefined where the clock is not trusted. `aged`: its
   * moment in aged time. True where it says other than before.
   */
  take(reading: Reading, elevation: number | undefined, aged: number = reading.time): boolean {
    const { on, off, dwell } = this.#config;
    if (typeof reading.value !== 'number' || reading.quality === 'bad') return false;
    const { value, time } = reading;
    const before = this.#state;
    this.#last = time;
    if (value !== this.#value) this.#sameSince = aged;
    this.#value = value;
    const side = value <= on ? 'dark' : value >= off ? 'light' : this.#state;
    this.#state ??= side ?? 'light';
    if (side === undefined || side === this.#state) this.#turning = undefined;
    else {
      this.#turning ??= aged;
      if (aged - this.#turning >= dwell) {
        this.#state = side;
        this.#turning = undefined;
      }
    }
    const against =
      elevation !== undefined &&
      ((this.#state === 'dark' && elevation > HIGH_SUN) ||
        (this.#state === 'light' && elevation < DEEP_NIGHT));
    if (!against) this.#againstSince = undefined;
    else this.#againstSince ??= aged;
    return this.#state !== before;
  }

  /** Why it cannot be believed at `now` (mono ms, and the same moment in aged time), or undefined. */
  fault(now: number, aged = now): PhotocellFault | undefined {
    if (this.#last === undefined || now - this.#last > SILENT) return 'silent';
    if (aged - this.#sameSince > STUCK) return 'stuck';
    if (this.#againstSince !== undefined && aged - this.#againstSince > AGAINST) {
      return this.#state === 'dark' ? 'dark-by-day' : 'light-by-night';
    }
    return undefined;
  }

  /** What it says at `now` (mono ms); undefined: it cannot be believed. */
  state(now: number, aged = now): 'dark' | 'light' | undefined {
    return this.fault(now, aged) === undefined ? this.#state : undefined;
  }
}
