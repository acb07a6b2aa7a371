/**
 * Register snapshots: what every register of a meter showed at local midnight, and at the beginning of the settlement day.
 * Ours is the reading nearest to it. Where there is none near enough, the meter's own freeze register fills it, marked;
 * where it has none either, the point is bad, so that a bill knows what it lacks.
 */

import { midnightId, settlementId } from '../core/derived.ts';
import { bad, good, type Reading, uncertain } from '../core/reading.ts';
import type { Json } from '../core/record.ts';
import type { FreezeRule } from '../core/rules.ts';
import type { LocalDays } from '../core/time/local-days.ts';
import type { Unit } from '../core/unit.ts';
import { frozenMidnight } from './freeze.ts';

export interface SnapshotCounter {
  readonly device: string;
  readonly point: string;
  readonly unit: Unit;
  /** Period of its readings, ms of wall time. */
  readonly period: number;
  readonly freeze?: FreezeRule;
}

export interface SnapshotParts {
  readonly counters: readonly SnapshotCounter[];
  readonly days: LocalDays;
  /** Day of the month. */
  readonly settlementDay?: number;
  /** Monotonic time of a true time, and whether true time is known at all. */
  mono(at: number): number;
  trusted(): boolean;
  note(readings: readonly Reading[]): void;
  say(device: string, body: { readonly [key: string]: Json }): void;
}

/** A reading this near to midnight is one of midnight, at least, ms. */
const NEAR = 60_000;
/** The same at most. */
const NEAREST = 900_000;
/** Within this a reading stands in for one of midnight, marked, ms. */
const STAND_IN = 3_600_000;
/** A register that has not been read so long after midnight is not waited for any more, ms. */
const GRACE = 900_000;
/** The freeze register of a day is there until the next one, ms. */
const FREEZE_LASTS = 25 * 3_600_000;
/** Missed midnights that are told one by one. */
const MOST_MISSED = 62;

const NONE: readonly number[] = [];

interface Seen {
  readonly value: number;
  readonly at: number;
}

interface State {
  readonly counter: SnapshotCounter;
  last?: Seen;
  /** The last midnight that was noted or is waited for. */
  noted?: number;
  /** The one after it. */
  next?: number;
  /** Midnights without a reading near enough, with the nearest one. */
  readonly waiting: Map<number, Seen | undefined>;
  frozenValue?: Seen;
  frozenTime?: { readonly text: string; readonly at: number };
}

export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #states = new Map<string, State>();
  /** Counters by the freeze points that fill them. */
  readonly #byFreeze = new Map<string, State[]>();

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    for (const counter of parts.counters) {
      const state: State = { counter, waiting: new Map() };
      this.#states.set(`${counter.device}/${counter.point}`, state);
      const { freeze, device } = counter;
      if (freeze === undefined) continue;
      for (const point of [freeze.value, freeze.time]) {
        const key = `${device}/${point}`;
        this.#byFreeze.set(key, [...(this.#byFreeze.get(key) ?? []), state]);
      }
    }
  }

  /** Points whose last values have to be known at a start. */
  get remembered(): readonly { readonly device: string; readonly point: string }[] {
    return this.#parts.counters.map(({ device, point }) => ({ device, point: midnightId(point) }));
  }

  restore(
    values: readonly {
      readonly device: string;
      readonly point: string;
      readonly value: number;
      readonly time: number;
    }[],
  ): void {
    for (const { device, point, value, time } of values) {
      const register = this.#states.get(`${device}/${point}`);
      if (register !== undefined) register.last = { value, at: time };
    }
    for (const state of this.#states.values()) {
      const { device, point } = state.counter;
      const known = values.find((one) => one.device === device && one.point === midnightId(point));
      // Rollups keep times to 10 ms.
      if (known !== undefined) state.noted = this.#parts.days.start(known.time + 60_000);
    }
  }

  /** A reading as it is believed. */
  reading({ device, point, value, reason }: Reading, at: number): void {
    if (value === null || reason === 'implausible') return;
    for (const state of this.#byFreeze.get(`${device}/${point}`) ?? []) this.#frozen(state, point, value, at);
    const state = this.#states.get(`${device}/${point}`);
    if (state === undefined || typeof value !== 'number' || !this.#parts.trusted()) return;
    if (state.last !== undefined && at < state.last.at) return;
    const before = state.last;
    const now = { value, at };
    state.last = now;
    for (const midnight of this.#due(state, at)) this.#close(state, midnight, before, now);
  }

  /** Looks at registers that are not read any more. */
  run(now: number): void {
    if (!this.#parts.trusted()) return;
    for (const state of this.#states.values()) {
      // A register that was never read is one that the meter does not have.
      if (state.last === undefined) continue;
      for (const midnight of this.#due(state, now - GRACE))
        this.#close(state, midnight, state.last, undefined);
      for (const [midnight, nearest] of state.waiting)
        if (now - midnight > FREEZE_LASTS) this.#giveUp(state, midnight, nearest);
    }
  }

  /** Midnights up to `at` that were not looked at yet, oldest first. */
  #due(state: State, at: number): readonly number[] {
    // Nearly every reading: days are only looked up when one begins.
    if (state.next !== undefined && at < state.next) return NONE;
    const { days } = this.#parts;
    const today = days.start(at);
    // A register that is seen for the first time owes nothing.
    if (state.noted === undefined) state.noted = state.last === undefined ? today : days.start(state.last.at);
    const due: number[] = [];
    for (let day = days.next(state.noted); day <= today; day = days.next(day)) due.push(day);
    if (due.length > 0) state.noted = today;
    state.next = days.next(state.noted);
    return due.slice(-MOST_MISSED);
  }

  #close(state: State, midnight: number, before: Seen | undefined, after: Seen | undefined): void {
    const [nearest] = [before, after]
      .filter((seen) => seen !== undefined)
      .sort((a, b) => Math.abs(a.at - midnight) - Math.abs(b.at - midnight));
    const off = nearest === undefined ? Number.POSITIVE_INFINITY : Math.abs(nearest.at - midnight);
    const near = Math.min(NEAREST, Math.max(NEAR, 2 * state.counter.period));
    if (nearest !== undefined && off <= near) {
      this.#note(state, midnight, nearest.value, 'own', off);
      return;
    }
    const standIn = off <= STAND_IN ? nearest : undefined;
    state.waiting.set(midnight, standIn);
    if (state.counter.freeze === undefined) this.#giveUp(state, midnight, standIn);
    else this.#fill(state);
  }

  #giveUp(state: State, midnight: number, nearest: Seen | undefined): void {
    if (nearest === undefined) this.#note(state, midnight, undefined, 'none', 0);
    else this.#note(state, midnight, nearest.value, 'nearest', Math.abs(nearest.at - midnight));
  }

  #frozen(state: State, point: string, value: Reading['value'], at: number): void {
    const { freeze } = state.counter;
    if (point === freeze?.value && typeof value === 'number') state.frozenValue = { value, at };
    if (point === freeze?.time && typeof value === 'string') state.frozenTime = { text: value, at };
    this.#fill(state);
  }

  /** Fills what waits from the freeze register, once value and time of it were read on one day. */
  #fill(state: State): void {
    const { frozenValue, frozenTime, waiting } = state;
    const { days } = this.#parts;
    if (waiting.size === 0 || frozenValue === undefined || frozenTime === undefined) return;
    const day = days.start(frozenValue.at);
    if (days.start(frozenTime.at) !== day) return;
    const midnight = frozenMidnight(frozenTime.text, days, day);
    for (const [wanted, nearest] of waiting) {
      if (wanted === midnight) this.#note(state, wanted, frozenValue.value, 'freeze', 0);
      // The register holds a later day: the one that is wanted is gone.
      else if (wanted < day) this.#giveUp(state, wanted, nearest);
    }
  }

  #note(
    state: State,
    midnight: number,
    value: number | undefined,
    from: 'own' | 'freeze' | 'nearest' | 'none',
    off: number,
  ): void {
    state.waiting.delete(midnight);
    const { device, point, unit } = state.counter;
    const time = this.#parts.mono(midnight);
    const reading = (id: string): Reading => {
      const at = { device, point: id, unit };
      if (value === undefined) return bad(at, 'not-available', time);
      return from === 'own' ? good(at, value, time) : uncertain(at, value, 'substituted', time);
    };
    const { date } = this.#parts.days.date(midnight);
    const settles = Number(date.slice(8, 10)) === this.#parts.settlementDay;
    this.#parts.note([reading(midnightId(point)), ...(settles ? [reading(settlementId(point))] : [])]);
    if (from === 'own') return;
    const facts = { what: 'snapshot', point, date, from, off_s: Math.round(off / 1000) };
    this.#parts.say(device, { ...facts, value: value ?? null, unit });
  }
}
