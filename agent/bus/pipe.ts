/** Listeners of a pipe's bytes. One that throws has a bug; the pipe is then given up, which its owner sees and says. */
import type { Mono } from '../core/reading.ts';

type DataListener = (bytes: Uint8Array, time: Mono) => void;

export interface PipeListeners {
  readonly add: (listener: DataListener) => Disposable;
  readonly deliver: (bytes: Uint8Array, time: Mono) => void;
  readonly clear: () => void;
}

export function pipeListeners(onThrow: (thrown: unknown) => void): PipeListeners {
  const listeners = new Set<DataListener>();
  return {
    add(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    deliver(bytes, time) {
      try {
        for (const listener of listeners) listener(bytes, time);
      } catch (thrown) {
        onThrow(thrown);
      }
    },
    clear: () => listeners.clear(),
  };
}
