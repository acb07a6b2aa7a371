/** The clock of the uplink thread: the machine's monotonic clock (the same in all threads) under main's mapping. */

import type { Mono } from '../core/reading.ts';
import type { Clock, ClockMapping } from '../core/time/clock.ts';
import { SystemClock } from '../core/time/system-clock.ts';

export class ThreadClock implements Clock {
  readonly boot: string;
  readonly #machine = new SystemClock();
  readonly #listeners = new Set<(mapping: ClockMapping) => void>();
  #mapping: ClockMapping;

  constructor(mapping: ClockMapping) {
    this.boot = mapping.boot;
    this.#mapping = mapping;
  }

  mono(): Mono {
    return this.#machine.mono();
  }

  mapping(): ClockMapping {
    return this.#mapping;
  }

  /** Main has a better mapping. */
  remap(mapping: ClockMapping): void {
    this.#mapping = mapping;
    for (const listener of this.#listeners) listener(mapping);
  }

  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#machine.sleep(ms, signal);
  }

  after(ms: number, run: () => void): Disposable {
    return this.#machine.after(ms, run);
  }
}
