/** The clock of the machine: CLOCK_MONOTONIC, the boot id of the kernel, and a wall mapping that others may better. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOCK_RANKS, type Clock, type ClockMapping } from './clock.ts';
import type { Mono } from './reading.ts';

/** Nothing of ours ran before this: a wall clock that shows less is wrong. */
export const BUILD_DATE = Date.UTC(2026, 10, 22);

export interface SystemClockOptions {
  /** Wall time per monotonic time; above 1 only in demonstrations. Default 1. */
  readonly rate?: number;
  /** What the wall clock shows at start, Unix epoch ms. Default: the machine's. */
  readonly wall?: number;
}

export class SystemClock implements Clock {
  readonly boot: string;
  #mapping: ClockMapping;
  readonly #listeners = new Set<(mapping: ClockMapping) => void>();

  constructor({ rate = 1, wall = Date.now() }: SystemClockOptions = {}) {
    this.boot = bootId();
    const rank = wall < BUILD_DATE ? 'floor' : 'server';
    this.#mapping = {
      boot: this.boot,
      mono: this.mono(),
      wall: Math.max(wall, BUILD_DATE),
      rate,
      rank,
      uncertaintyMs: rank === 'floor' ? Number.MAX_SAFE_INTEGER : 1000,
    };
  }

  mono(): Mono {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  mapping(): ClockMapping {
    return this.#mapping;
  }

  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Takes a mapping if its source ranks at least as high as the one in force; tells everybody. */
  learn(mapping: Omit<ClockMapping, 'boot' | 'rate'>): boolean {
    if (CLOCK_RANKS.indexOf(mapping.rank) < CLOCK_RANKS.indexOf(this.#mapping.rank)) return false;
    this.#mapping = { ...mapping, boot: this.boot, rate: this.#mapping.rate };
    for (const listener of this.#listeners) listener(this.#mapping);
    return true;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  }

  after(ms: number, run: () => void): Disposable {
    const timer = setTimeout(run, Math.max(0, ms));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux: the start of the machine, to the second, tells boots apart well enough for development.
    return `boot-${Math.round((Date.now() - Number(process.hrtime.bigint()) / 1e6) / 1000)}`;
  }
}
