/** A pipe between an uplink and a simulated centre in virtual time: bytes take `delay` ms, the link can be cut. */
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Dial } from '../../agent/uplink/dial.ts';
import type { Centre } from '../../hw-sim/city/pipe.ts';
import type { VirtualClock } from './virtual-clock.ts';

export class MemoryLink {
  /** Whether a call gets through. */
  up = true;
  /** One way, ms. */
  delay: number;
  calls = 0;
  /** Bytes from the agent. */
  sent = 0;
  readonly #centre: Centre;
  readonly #clock: VirtualClock;
  readonly #open = new Set<() => void>();

  constructor(centre: Centre, clock: VirtualClock, delay = 20) {
    this.#centre = centre;
    this.#clock = clock;
    this.delay = delay;
  }

  /** All calls end, and new ones fail until `up` again. */
  cut(): void {
    this.up = false;
    for (const close of [...this.#open]) close();
  }

  readonly dial: Dial = async (_address, clock, signal) => {
    signal.throwIfAborted();
    if (!this.up) throw new AgentError('broker-unreachable', 'connection failed: the test cut the link');
    this.calls += 1;
    const listeners = new Set<Parameters<Stream['onData']>[0]>();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    let open = true;
    const close = () => {
      if (!open) return;
      open = false;
      this.#open.delete(close);
      call.ended();
      resolve();
    };
    this.#open.add(close);
    const call = this.#centre.accept({
      say: (bytes) => {
        const copy = Uint8Array.from(bytes);
        this.#clock.after(this.delay, () => {
          if (open) for (const listener of [...listeners]) listener(copy, clock.mono());
        });
      },
      hangUp: () => void this.#clock.after(0, close),
    });
    return {
      closed,
      onData(listener) {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      write: async (bytes, writing) => {
        writing.throwIfAborted();
        if (!open) throw new AgentError('link-lost', 'write failed: the link is cut');
        this.sent += bytes.length;
        const copy = Uint8Array.from(bytes);
        this.#clock.after(this.delay, () => {
          if (open) call.hear(copy);
        });
      },
      async [Symbol.asyncDispose]() {
        close();
      },
    };
  };
}
