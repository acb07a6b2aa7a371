/** Sums of the interval that runs, by point; what a restart must neither lose nor double. */
import type { Mono } from '../core/reading.ts';

export interface TallyState {
  /** Start of the interval. */
  readonly since: Mono;
  /** Frames seen in it. */
  readonly frames: number;
  readonly counts: Readonly<Record<string, number>>;
}

export class Tally {
  #since: Mono;
  #frames: number;
  #counts: Map<string, number>;

  constructor(state: TallyState) {
    this.#since = state.since;
    this.#frames = state.frames;
    this.#counts = new Map(Object.entries(state.counts));
  }

  static empty(since: Mono): Tally {
    return new Tally({ since, frames: 0, counts: {} });
  }

  frame(): void {
    this.#frames += 1;
  }

  add(point: string, count: number): void {
    if (count !== 0) this.#counts.set(point, this.get(point) + count);
  }

  get(point: string): number {
    return this.#counts.get(point) ?? 0;
  }

  /** Frames per second since the start of the interval. */
  rate(now: Mono): number {
    return (this.#frames * 1000) / Math.max(1, now - this.#since);
  }

  get frames(): number {
    return this.#frames;
  }

  get state(): TallyState {
    return { since: this.#since, frames: this.#frames, counts: Object.fromEntries(this.#counts) };
  }

  restart(now: Mono): void {
    this.#since = now;
    this.#frames = 0;
    this.#counts = new Map();
  }
}

/** Where sums survive a restart. Vision itself writes no file: what does stands outside of it. */
export interface KeptSums {
  /** What an earlier run left, as the interval to go on with. */
  open(now: Mono): Tally;
  /** Takes the state of the open interval after a frame. */
  changed(state: TallyState, now: Mono): void;
  /** Takes the interval that was closed into readings of `now`, and the new one. */
  closed(before: TallyState, after: TallyState, now: Mono): void;
  /** Takes the last state. */
  stop(state: TallyState): void;
}
