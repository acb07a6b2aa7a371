/** Fixtures of drivers whose devices have a line of their own: the simulated devices, with their own encoders. */
import type { LineConfig } from '../../agent/core/site.ts';
import { analogue, fireData, fireTime, partState, systemState } from '../../hw-sim/devices/fire-frames.ts';
import { FirePanel } from '../../hw-sim/devices/fire-panel.ts';
import type { Timebase } from '../../hw-sim/lines/timebase.ts';
import type { FakeStream } from '../unit/drivers/fake-stream.ts';
import { alone, played } from '../unit/drivers/simulated.ts';
import type { StreamFixture } from './driver.ts';

/** Time that goes on by a second at every tick. */
export class TickTime implements Timebase {
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

/** A fire panel that calls: heart-beats, and in turns everything it can say. */
export function firePanel(): StreamFixture {
  return {
    kind: 'stream',
    device: alone('generic-gb26875-panel'),
    line: {
      id: 'panel',
      kind: 'caller',
      host: '127.0.0.1',
      port: 5200,
      transport: 'tcp',
      timeout: 3000,
      serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
    },
    play() {
      const time = new TickTime();
      // The year of the conformance suite's clock.
      const wall = () => Date.UTC(2027, 0, 1) + time.mono();
      let stream: FakeStream | undefined;
      const panel = new FirePanel({ time, wall, say: (bytes) => stream?.send(bytes), heartBeat: 20_000 });
      let ticks = 0;
      const words = [
        () => fireData(2, partState({ type: 40, address: 7, bits: 2 + ticks }, panel.local())),
        () => fireData(1, systemState(ticks % 2 === 0 ? 1 : 3, panel.local())),
        () => fireData(3, analogue({ type: 92, address: 7, kind: 4, raw: ticks }, panel.local())),
        () => fireData(4, Buffer.from([1, 1, 1, 5, ...fireTime(panel.local())])),
        () => fireData(5, Buffer.from([1, 1, 3, 9])),
        () => fireData(24, Buffer.from([0x20, 1, ...fireTime(panel.local())])),
      ];
      return {
        hear(bytes, to) {
          stream = to;
          panel.hear(bytes);
        },
        tick(to) {
          stream = to;
          if (ticks++ === 0) panel.start();
          time.tick(1000);
          const word = ticks % 5 === 0 ? words[(ticks / 5) % words.length] : undefined;
          if (word !== undefined) panel.send(word());
        },
      };
    },
  };
}
