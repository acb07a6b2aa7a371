/** Who looks at the frames of which device. Lines ask `on` before they keep a byte for it. */

import type { FrameListener, TappedFrame } from '../core/frame-tap.ts';
import type { Stream } from '../core/link.ts';
import type { Clock } from '../core/time/clock.ts';

/** What a talking device says without a pause of this length is shown as one, ms. */
const PAUSE_MS = 20;

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export class FrameTaps {
  readonly #listeners = new Map<string, Set<FrameListener>>();

  on(device: string): boolean {
    return this.#listeners.size > 0 && this.#listeners.has(device);
  }

  tell(device: string, frame: TappedFrame): void {
    for (const listener of [...(this.#listeners.get(device) ?? [])]) listener(frame);
  }

  add(device: string, listener: FrameListener): Disposable {
    const listeners = this.#listeners.get(device) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(device, listeners);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(device) === listeners) {
          this.#listeners.delete(device);
        }
      },
    };
  }

  /** The stream of a talking device, seen by whoever looks at it. */
  watch(device: string, stream: Stream, clock: Clock): Stream {
    let parts: Uint8Array[] = [];
    const flush = () => {
      const bytes = joined(parts);
      parts = [];
      this.tell(device, { time: clock.mono(), dir: 'up', bytes });
    };
    const take = (bytes: Uint8Array) => {
      if (!this.on(device)) return;
      if (parts.length === 0) clock.after(PAUSE_MS, flush);
      parts.push(bytes.slice());
    };
    return {
      closed: stream.closed,
      onData: (listen) =>
        stream.onData((bytes, time) => {
          take(bytes);
          listen(bytes, time);
        }),
      write: (bytes, signal) => {
        if (this.on(device)) this.tell(device, { time: clock.mono(), dir: 'down', bytes });
        return stream.write(bytes, signal);
      },
      [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
    };
  }
}
