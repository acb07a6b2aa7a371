/** A clock that moves only when told, for tests of anything with time in it. Timers fire in order of their due time. */

import type { Mono } from '../../agent/core/reading.ts';
import type { Clock, ClockMapping } from '../../agent/core/time/clock.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  readonly boot: string;
  #now: Mono = 1000;
  #order = 0;
  readonly #timers = new Set<Timer>();
  readonly #listeners = new Set<(mapping: ClockMapping) => void>();
  #mapping: ClockMapping;

  constructor(wall = Date.UTC(2027, 0, 1), rate = 1, boot = 'virtual-boot') {
    this.boot = boot;
    this.#mapping = { boot: this.boot, mono: this.#now, wall, rate, rank: 'ntp', uncertaintyMs: 1 };
  }

  mono(): Mono {
    return this.#now;
  }

  mapping(): ClockMapping {
    return this.#mapping;
  }

  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  remap(mapping: Omit<ClockMapping, 'boot'>): void {
    this.#mapping = { ...mapping, boot: this.boot };
    for (const listener of this.#listeners) listener(this.#mapping);
  }

  after(ms: number, run: () => void): Disposable {
    const timer: Timer = { due: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        timer[Symbol.dispose]();
        reject(signal?.reason);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Moves time by `ms`, firing what falls due on the way and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.due);
      timer.run();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

/** Lets everything that is already resolved run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
