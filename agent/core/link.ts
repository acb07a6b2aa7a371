/**
 * What a driver gets to talk over. A shared half-duplex line gives `Exchange` (agent/bus keeps its silences, time-outs
 * and stale answers); a line with one talking device gives `Stream`.
 */
import type { Mono } from './reading.ts';

/**
 * How an answer is found in received bytes. Called again whenever bytes arrive, with everything received since the
 * request (echo of the request already stripped). `skip` drops leading bytes that cannot begin an answer;
 * `foreign` says that a whole valid frame of `length` bytes is there but is not the answer (other unit, other function).
 */
export type Match =
  | { readonly kind: 'more' }
  | { readonly kind: 'skip'; readonly length: number }
  | { readonly kind: 'foreign'; readonly length: number }
  | { readonly kind: 'frame'; readonly length: number };
export type Matcher = (received: Uint8Array) => Match;

export interface ExchangeRequest {
  readonly bytes: Uint8Array;
  /** Absent for a broadcast: nothing is waited for but the turnaround. */
  readonly match?: Matcher;
  /** Longest wait for the complete answer from the end of the request, ms; absent: the line's. */
  readonly timeout?: number;
  /** Longest silence within the answer, ms; absent: the line's. Modbus ASCII allows 1 s between two characters. */
  readonly gap?: number;
  /** After a broadcast, ms. Default 100. */
  readonly turnaround?: number;
}

export interface Answer {
  readonly bytes: Uint8Array;
  /** When its last byte came. */
  readonly time: Mono;
}

/**
 * One request, one answer. Rejects with `AgentError`: `timeout` (no byte, or no complete frame), `frame-invalid`
 * (bytes came, none of them an answer), `link-lost`, `aborted`. Never resolves with an answer to an earlier request
 * as far as the bytes can tell.
 */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<Answer>;

/** A byte pipe of one device. Reopened by its owner: after `closed` the session is disposed and opened anew. */
export interface Stream extends AsyncDisposable {
  readonly closed: Promise<void>;
  onData(listener: (bytes: Uint8Array, time: Mono) => void): Disposable;
  /** Resolves when the bytes are handed to the operating system. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}
