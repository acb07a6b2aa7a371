/** The bytes to and from a centre: TCP in the field, anything else in tests. */

import { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { CONNECT_DEADLINE, tcpDial, unreachable } from '../dial.ts';

export interface Pipe {
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Once, however it ends. */
  onClose(listener: (why: string) => void): void;
  close(): void;
}

/** Rejects with `AgentError` `broker-unreachable` within 10 s, or the signal's reason. */
export type Dial = (url: string, clock: Clock, signal: AbortSignal) => Promise<Pipe>;

export const dialTcp: Dial = async (url, clock, signal) => {
  const { hostname, port } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  const late = new AbortController();
  const timer = clock.after(CONNECT_DEADLINE, () =>
    late.abort(unreachable(address, `no answer within ${CONNECT_DEADLINE / 1000} s`)),
  );
  try {
    const stream = await tcpDial(address, clock, AbortSignal.any([signal, late.signal]));
    const end = new AbortController();
    return {
      // A write that fails ends the stream, and that is told.
      write: (bytes) => void stream.write(bytes, end.signal).catch(() => {}),
      onData: (listener) => void stream.onData((bytes) => listener(bytes)),
      onClose: (listener) => void stream.closed.then(() => listener('the connection was closed')),
      close: () => {
        end.abort(new AgentError('aborted', 'the session ends'));
        void stream[Symbol.asyncDispose]();
      },
    };
  } finally {
    timer[Symbol.dispose]();
  }
};
