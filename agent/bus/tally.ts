/** Counts of a line or device for metrics: answers, errors by kind, turnaround, and how busy the line is. */
import type { Mono } from '../core/reading.ts';
import type { Transaction } from './carrier.ts';
import { Times } from './times.ts';

export class Tally {
  answers = 0;
  noiseBytes = 0;
  foreignFrames = 0;
  /** Periods that were not polled because the line had no time. */
  skipped = 0;
  readonly errors = new Map<string, number>();
  /** Turnarounds. */
  readonly times = new Times();
  #turnaround: number | undefined;
  #slowest: number | undefined;

  add({ turnaround, error, noiseBytes, foreignFrames }: Transaction): void {
    this.noiseBytes += noiseBytes;
    this.foreignFrames += foreignFrames;
    if (error !== undefined) this.errors.set(error.code, (this.errors.get(error.code) ?? 0) + 1);
    else this.answers += 1;
    if (turnaround === undefined) return;
    this.times.add(turnaround);
    this.#turnaround =
      this.#turnaround === undefined ? turnaround : this.#turnaround * 0.9 + turnaround * 0.1;
    // The slowest of lately: forgotten by half in 70 answers.
    this.#slowest = Math.max(turnaround, (this.#slowest ?? 0) * 0.99);
  }

  /** Running mean, ms; undefined before the first answer. */
  get turnaround(): number | undefined {
    return this.#turnaround;
  }

  /** ms */
  get slowest(): number | undefined {
    return this.#slowest;
  }

  facts(): Readonly<Record<string, number | null>> {
    const errors: Record<string, number> = {};
    for (const [code, count] of this.errors) errors[`errors_${code.replaceAll('-', '_')}`] = count;
    return {
      answers: this.answers,
      skipped_periods: this.skipped,
      noise_bytes: this.noiseBytes,
      foreign_frames: this.foreignFrames,
      ...errors,
    };
  }
}

/** Part of the time that a line was busy, over the last minute, in slots of ten seconds. */
export class Utilisation {
  readonly #slots: { slot: number; busy: number }[] = [];
  readonly #since: Mono;

  constructor(now: Mono) {
    this.#since = now;
  }

  add(busy: number, now: Mono): void {
    const slot = Math.floor(now / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.slot === slot) last.busy += busy;
    else this.#slots.push({ slot, busy });
    while ((this.#slots[0]?.slot ?? slot) <= slot - SLOTS) this.#slots.shift();
  }

  /** 0 … 1 */
  at(now: Mono): number {
    const first = Math.floor(now / SLOT_MS) - SLOTS + 1;
    const oldest = Math.max(this.#since, first * SLOT_MS);
    const busy = this.#slots.reduce((sum, slot) => (slot.slot >= first ? sum + slot.busy : sum), 0);
    return now > oldest ? Math.min(1, busy / (now - oldest)) : 0;
  }
}

const SLOT_MS = 10_000;
const SLOTS = 6;
