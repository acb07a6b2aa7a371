/**
 * Compares the machine's wall clock with the mapping in force once a second, and has the clock learn what is better:
 * NTP that has come, a correction by NTP, a leap second, a clock that somebody set. Readings carry monotonic time, so
 * that nothing here can reorder them; a new mapping gives those of this boot their true time.
 *
 * A clock that follows NTP and jumps is believed only when NTP stands behind the new time: a `date -s` on a running
 * agent changes no reading.
 */

import type { Log } from '../log.ts';
import type { Mono } from '../reading.ts';
import { CLOCK_RANKS, type Clock, type ClockMapping, wallAt } from './clock.ts';
import type { NtpState } from './ntp-state.ts';

/** A clock that can be told better. */
export interface Learner extends Clock {
  learn(mapping: Omit<ClockMapping, 'boot' | 'rate'>): boolean;
}

export interface WallWatchOptions {
  readonly clock: Learner;
  readonly log: Log;
  /** The machine's wall clock, Unix epoch ms. */
  wall(): number;
  ntp(now: Mono): NtpState;
}

const EVERY = 1000;
/** Differences below it are none, ms. */
const SAME = 100;
/** Up to this a synchronized clock is believed at once: a leap second, a smear, the drift of a poor crystal. */
const SMALL = 2000;
/** Of a clock that NTP has set, ms. */
const NTP_UNCERTAINTY = 100;
/** Of a clock that a person has set, ms. */
const HAND_UNCERTAINTY = 60_000;

export class WallWatch implements Disposable {
  readonly #options: WallWatchOptions;
  #timer: Disposable;
  /** How far the wall clock was off the mapping at the last look, ms. */
  #off: number;
  /** A jump that nobody stands behind yet. */
  #jump: { readonly mono: Mono; readonly wall: number } | undefined;

  constructor(options: WallWatchOptions) {
    this.#options = options;
    this.#off = this.#difference();
    this.#timer = options.clock.after(0, () => this.#look());
  }

  #difference(): number {
    const { clock, wall } = this.#options;
    return wall() - wallAt(clock.mapping(), clock.mono()).time;
  }

  #look(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(EVERY, () => this.#look());
    this.#judge();
    this.#off = this.#difference();
  }

  #judge(): void {
    const { clock, ntp } = this.#options;
    const now = clock.mono();
    const off = this.#difference();
    const state = ntp(now);
    const { rank } = clock.mapping();
    if (rank === 'ntp') this.#judgeSynchronized(off, state);
    else if (state.synchronized) this.#learn('ntp', off);
    else if (rank === 'none' || rank === 'floor') {
      // A floor can only be too early: whoever set the clock forward knew more. It stays a floor.
      if (off > SMALL) this.#learn('floor', off);
    } else if (rank === 'server' && Math.abs(this.#off) <= SMALL && Math.abs(off - this.#off) > SMALL) {
      // The mapping was this clock's own, and somebody has set it.
      this.#learn('server', off);
    }
  }

  #judgeSynchronized(off: number, state: NtpState): void {
    const { clock, wall, log } = this.#options;
    if (Math.abs(off) <= SAME) {
      this.#jump = undefined;
      return;
    }
    if (Math.abs(off) <= SMALL) {
      if (state.synchronized) this.#learn('ntp', off);
      return;
    }
    // Set once more: who stands behind the jump before says nothing of this one.
    if (Math.abs(off - this.#off) > SMALL || this.#jump === undefined) {
      this.#jump = { mono: clock.mono(), wall: wall() };
      log.warn('clock.jumped', { by_ms: Math.round(off), believed: false });
    }
    if (this.#confirmed(state, this.#jump)) this.#learn('ntp', off);
  }

  /** True where NTP has had its hand on the clock since the jump. */
  #confirmed({ synchronized, touched, asked }: NtpState, jump: { mono: Mono; wall: number }): boolean {
    if (!synchronized) return false;
    if (touched === undefined) return asked > jump.mono;
    return touched >= jump.wall - SMALL && touched <= this.#options.wall() + SMALL;
  }

  #learn(rank: ClockMapping['rank'], off: number): void {
    const { clock, wall, log } = this.#options;
    const before = clock.mapping().rank;
    const uncertainty = { ntp: NTP_UNCERTAINTY, server: HAND_UNCERTAINTY }[rank as string];
    const uncertaintyMs = uncertainty ?? Number.MAX_SAFE_INTEGER;
    if (!clock.learn({ mono: clock.mono(), wall: wall(), rank, uncertaintyMs })) return;
    this.#jump = undefined;
    const better = CLOCK_RANKS.indexOf(rank) > CLOCK_RANKS.indexOf(before);
    log.info(better ? 'clock.better' : 'clock.jumped', { rank, by_ms: Math.round(off), believed: true });
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
