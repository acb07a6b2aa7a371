/**
 * Breaker of one device: a silent one is left alone but for a short probe now and then, so that it costs the others
 * next to nothing. Pure but for the jitter.
 */
import type { Mono } from '../core/reading.ts';

/** Failures in a row that make a device down. */
const FAILURES = 3;
/** First and longest wait between probes, ms. */
const FIRST_MS = 2000;
const LONGEST_MS = 30_000;
/** Every so many probes one is given the full time-out: the device may have become slow. */
const PATIENT_EVERY = 4;

export class Breaker {
  readonly #random: () => number;
  #failures = 0;
  #probes = 0;
  #probeAt: Mono | undefined;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** True while the device is left alone. */
  get open(): boolean {
    return this.#probeAt !== undefined;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** When the next probe may go; undefined while closed. */
  get probeAt(): Mono | undefined {
    return this.#probeAt;
  }

  /** Whether the next probe waits for the full time-out. */
  get patient(): boolean {
    return this.#probes % PATIENT_EVERY === PATIENT_EVERY - 1;
  }

  /** The device answered. True where it was down until now. */
  succeed(): boolean {
    const was = this.open;
    this.reset();
    return was;
  }

  /** The device did not answer. True where it is down from now on. */
  fail(now: Mono): boolean {
    this.#failures += 1;
    if (this.#failures < FAILURES) return false;
    const first = !this.open;
    if (!first) this.#probes += 1;
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#probes);
    this.#probeAt = now + wait * (0.75 + 0.25 * this.#random());
    return first;
  }

  /** Forgets: the port was closed, nothing is known any more. */
  reset(): void {
    this.#failures = 0;
    this.#probes = 0;
    this.#probeAt = undefined;
  }
}
