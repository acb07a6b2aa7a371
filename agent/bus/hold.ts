/**
 * The last fraction of a millisecond of a silence. The thread sleeps in the kernel (no busy waiting), and everything
 * else on it waits meanwhile: so it is never a millisecond, and all ports together take at most a tenth of the time.
 */

import type { Mono } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';

/** Longest hold and least time from one to the next, ms. */
const LONGEST_MS = 1;
const APART_MS = 9;

const cell = new Int32Array(new SharedArrayBuffer(4));
let last: Mono = Number.NEGATIVE_INFINITY;

/** Sleeps `ms`; false, at once, where that is too long or the last one was just now. */
export function hold(clock: Clock, ms: number): boolean {
  if (ms >= LONGEST_MS || clock.mono() - last < APART_MS) return false;
  Atomics.wait(cell, 0, 0, ms);
  last = clock.mono();
  return true;
}
