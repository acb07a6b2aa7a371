/**
 * True time as others tell it: a GNSS receiver, a broker or a server. The clock learns it where nothing better keeps it,
 * and only when what is told agrees with itself: one wrong sentence moves nothing.
 */

import type { Log } from '../log.ts';
import type { Mono } from '../reading.ts';
import { CLOCK_RANKS, wallAt } from './clock.ts';
import type { Learner } from './wall-watch.ts';

/** Tellings in a row that must agree before a time is believed. */
const AGREEING: Readonly<Record<ToldRank, number>> = { gnss: 3, server: 2 };
/** A difference below it, or below what the source is off itself, is none, ms. */
const SAME = 2000;
/** Between two tellings a poor crystal drifts no more than this, as a share. */
const DRIFT = 0.001;

export type ToldRank = 'gnss' | 'server';

export interface Told {
  readonly rank: ToldRank;
  /** Who says so, for the log. */
  readonly by: string;
  /** When it was true, monotonic ms. */
  readonly mono: Mono;
  /** Unix epoch, ms. */
  readonly wall: number;
  readonly uncertaintyMs: number;
}

interface Claim {
  readonly told: Told;
  readonly agreeing: number;
}

export class ToldTime {
  readonly #clock: Learner;
  readonly #log: Log;
  /** What each source said last. */
  readonly #claims = new Map<string, Claim>();

  constructor(clock: Learner, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes what was told; true where the clock learned it. */
  take(told: Told): boolean {
    if (!Number.isFinite(told.wall)) return false;
    const { rank, by, mono, wall, uncertaintyMs } = told;
    const before = this.#claims.get(by);
    const agrees = before !== undefined && agree(before.told, told);
    const claim: Claim = { told, agreeing: agrees ? before.agreeing + 1 : 1 };
    this.#claims.set(by, claim);
    const mapping = this.#clock.mapping();
    const present = CLOCK_RANKS.indexOf(mapping.rank);
    const offered = CLOCK_RANKS.indexOf(rank);
    if (present > offered || claim.agreeing < AGREEING[rank]) return false;
    const off = wall - wallAt(mapping, mono).time;
    const same = Math.abs(off) <= Math.max(SAME, uncertaintyMs);
    // A battery clock that is right stays what it is; of a worse rank even the right time is not known to be right.
    if (present === offered && same) return false;
    if (!this.#clock.learn({ mono, wall, rank, uncertaintyMs })) return false;
    this.#log.info(present < offered ? 'clock.better' : 'clock.jumped', {
      rank,
      by,
      by_ms: Math.round(off),
      believed: true,
    });
    return true;
  }
}

/** Whether two tellings of one source fit one clock. */
function agree(before: Told, now: Told): boolean {
  const passed = now.mono - before.mono;
  if (passed <= 0) return false;
  const off = Math.abs(now.wall - before.wall - passed);
  return off <= SAME + before.uncertaintyMs + now.uncertaintyMs + passed * DRIFT;
}
