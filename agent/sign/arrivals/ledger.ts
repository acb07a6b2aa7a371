/**
 * What was said of buses to come, until they have come: every real arrival closes what was said of it and scores it. From
 * that the sources are weighed, the margin is learned, and the figures of the day are made.
 */
import type { RowSource } from '../../core/sign/arrival.ts';
import type { Promises } from './promise.ts';
import { FUSED, type Skills } from './skill.ts';
import { type Figures, Tallies } from './tallies.ts';

/** Arrivals between positions further apart in time are not known well enough to judge by, s. */
export const TRUTH_GAP = 150;
/** How late buses are on the whole is learned from such too: wide gaps err to both sides, s. */
export const LEARN_GAP = 300;
/** What is said is noted once in this time, s: sources that speak every second weigh no more than others. */
const EVERY = 20;
const MOST_NOTES = 120;
/** A live row must have been there for so long before the bus came, s, for it to count as forecast. */
const FORECAST = 300;
/** Rows whose bus has not come so long after it was due are ghosts, s. */
const GHOST = 900;
/** s */
const CLOSED = 7200;

interface Note {
  readonly at: number;
  readonly expected: number;
  readonly promised: number;
  readonly shown: number;
  readonly sources: readonly (readonly [scored: string, expected: number])[];
}

interface Account {
  readonly notes: Note[];
  readonly scheduled: number | undefined;
  /** First moment with minutes that were measured. */
  forecast: number | undefined;
  /** When the row first said that the bus is there, s. */
  zero: number | undefined;
  /** When it was last spoken of, s. */
  last: number;
}

/** What a row says, when something new was heard. */
export interface Said {
  readonly key: string;
  readonly at: number;
  readonly expected: number;
  readonly promised: number;
  readonly minutes: number;
  readonly scheduled: number | undefined;
  readonly sources: readonly (RowSource & { readonly scored: string })[];
}

export class Ledger {
  readonly #skills: Skills;
  readonly #promises: Promises;
  readonly tallies: Tallies;
  readonly #accounts = new Map<string, Account>();
  /** Buses that have been here, with when, s: what is still said of them while they leave counts for nothing. */
  readonly #closed = new Map<string, number>();
  /** Calls that were counted as missed, with when, s. */
  readonly #missed = new Map<string, number>();

  constructor(skills: Skills, promises: Promises, figures?: Figures) {
    this.#skills = skills;
    this.#promises = promises;
    this.tallies = new Tallies(figures);
  }

  /** Something new was heard of a row; `before`: minutes that it showed until now. */
  say(said: Said, before: number | undefined): void {
    const { key, at, expected, promised, minutes } = said;
    if (this.#closed.has(key)) return;
    const account = this.#account(key, said);
    account.last = at;
    account.forecast ??= at;
    if (before !== undefined) this.tallies.update(minutes > before);
    const newest = account.notes.at(-1);
    if (newest !== undefined && at - newest.at < EVERY) return;
    account.notes.push({
      at,
      expected,
      promised,
      shown: at + minutes * 60,
      sources: said.sources.map(({ scored, expected: own = expected * 1000 }) => [scored, own / 1000]),
    });
    if (account.notes.length > MOST_NOTES) account.notes.shift();
  }

  /** A row says that the bus is there, at `at`. */
  zero(key: string, at: number): void {
    const account = this.#accounts.get(key);
    if (account !== undefined) account.zero ??= at;
  }

  /** Minutes stand on the sign for `seconds` with nothing newer than 90 s behind them. */
  frozen(seconds: number): void {
    this.tallies.freeze(seconds);
  }

  /** A bus was seen at the stop at `time`, s, between positions `gap` s apart. */
  arrived(key: string, time: number, gap: number): void {
    const account = this.#accounts.get(key);
    this.#accounts.delete(key);
    if (this.#closed.has(key)) return;
    this.#closed.set(key, time);
    const forecast = account?.forecast !== undefined && time - account.forecast >= FORECAST;
    this.tallies.arrival(forecast, this.#missed.delete(key));
    if (account?.zero !== undefined) this.tallies.zero(false);
    if (account === undefined || gap > LEARN_GAP) return;
    for (const { at, expected } of account.notes) {
      if (at < time) this.#promises.learn(expected - at, time - expected);
    }
    if (gap > TRUTH_GAP) return;
    for (const { at, expected, promised, shown, sources } of account.notes) {
      if (at >= time) continue;
      this.tallies.score('promised', at, promised, time);
      this.tallies.score('shown', at, shown, time);
      if (account.scheduled !== undefined) this.tallies.score('timetable', at, account.scheduled, time);
      this.#skills.add(FUSED, expected - at, time - expected);
      for (const [scored, own] of sources) {
        this.#skills.add(scored, own - at, time - own);
        this.tallies.score(scored, at, own, time);
      }
    }
  }

  /** A call of the timetable went by and no bus was seen; one that comes later still is the same bus. `now`: s. */
  missed(key: string, now: number): void {
    this.#missed.set(key, now);
    this.tallies.arrival(false);
  }

  /** Closes what has become nothing: a row that said 0 and had no bus was a ghost. `now`: s. */
  sweep(now: number): void {
    for (const [key, at] of this.#missed) if (now - at > CLOSED) this.#missed.delete(key);
    for (const [key, at] of this.#closed) if (now - at > CLOSED) this.#closed.delete(key);
    for (const [key, account] of this.#accounts) {
      if (now - account.last < GHOST) continue;
      if (account.zero !== undefined) this.tallies.zero(true);
      this.#accounts.delete(key);
    }
  }

  #account(key: string, { scheduled }: Said): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const fresh: Account = {
      notes: [],
      scheduled,
      forecast: undefined,
      zero: undefined,
      last: 0,
    };
    this.#accounts.set(key, fresh);
    return fresh;
  }
}
