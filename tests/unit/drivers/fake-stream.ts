/** A byte pipe between a driver and a device played by the test. */

import { AgentError } from '../../../agent/core/errors.ts';
import type { Stream } from '../../../agent/core/link.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';

export interface FakeStream extends Stream {
  /** Bytes from the device. */
  send(bytes: Uint8Array | readonly number[]): void;
  /** The port goes away. */
  drop(): void;
  readonly listeners: number;
  /** Everything the driver wrote. */
  readonly written: number[];
}

/** `device` is told what the driver writes and may answer through `send`. */
export function fakeStream(
  clock: Clock,
  device: (bytes: Uint8Array, stream: FakeStream) => void,
): FakeStream {
  const listeners = new Set<Parameters<Stream['onData']>[0]>();
  const { promise: closed, resolve: drop } = Promise.withResolvers<void>();
  let open = true;
  closed.then(() => {
    open = false;
  });
  const written: number[] = [];
  const stream: FakeStream = {
    closed,
    written,
    get listeners() {
      return listeners.size;
    },
    onData(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async write(bytes, signal) {
      signal.throwIfAborted();
      if (!open) throw new AgentError('link-lost', 'write failed: the port is closed');
      written.push(...bytes);
      // No wire answers within the call.
      await Promise.resolve();
      device(bytes, stream);
    },
    send(bytes) {
      for (const listener of [...listeners]) listener(Uint8Array.from(bytes), clock.mono());
    },
    drop: () => drop(),
    async [Symbol.asyncDispose]() {
      drop();
    },
  };
  return stream;
}
