/** The machine's clock, run faster than life: what waits for minutes waits for seconds, while sockets and files stay real. */
import type { Clock, ClockMapping } from '../../agent/core/time/clock.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';

export class FastClock implements Clock {
  readonly #real = new SystemClock();
  readonly #start = this.#real.mono();
  readonly #times: number;

  constructor(times: number) {
    this.#times = times;
  }

  get boot(): string {
    return this.#real.boot;
  }

  mono(): number {
    return this.#start + (this.#real.mono() - this.#start) * this.#times;
  }

  /** Wall time keeps the pace of life as it was at the start. */
  mapping(): ClockMapping {
    return this.#real.mapping();
  }

  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    return this.#real.onMapping(listener);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms / this.#times, signal);
  }

  after(ms: number, run: () => void): Disposable {
    return this.#real.after(ms / this.#times, run);
  }
}
