/** Fixtures of drivers whose devices have a line of their own: the simulated devices, with their own encoders. */
import type { LineConfig } from '../../agent/core/site.ts';
import type { Timebase } from '../../hw-sim/lines/timebase.ts';
import type { FakeStream } from '../unit/drivers/fake-stream.ts';
import { alone, played } from '../unit/drivers/simulated.ts';
import type { StreamFixture } from './driver.ts';

/** Time that goes on by a second at every tick. */
class TickTime implements Timebase {
  #now = 0;
  readonly #timers = new Set<{ readonly due: number; readonly run: () => void }>();

  mono(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Disposable {
    const timer = { due: this.#now + ms, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  tick(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.run();
    }
    this.#now = end;
  }
}

/** The simulated device of `stem` as a fixture. */
export function talker(
  stem: string,
  line: LineConfig,
  options?: Readonly<Record<string, unknown>>,
): StreamFixture {
  return {
    kind: 'stream',
    device: alone(stem, options),
    line,
    play() {
      const time = new TickTime();
      let stream: FakeStream | undefined;
      const device = played(stem, time, (bytes) => stream?.send(bytes));
      return {
        hear(bytes, to) {
          stream = to;
          device.onBytes?.(bytes, time.mono());
        },
        tick(to) {
          stream = to;
          time.tick(1000);
        },
      };
    },
  };
}
