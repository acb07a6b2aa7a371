/**
 * Commands: at most once, in time, with a read-back, on the record.
 * `accepted` is durable before anything goes to the wire; a result is remembered for 30 days.
 */
import type { Value } from './reading.ts';

export interface Command {
  /** `[A-Za-z0-9_-]{1,64}`, chosen by the issuer; the same id is never applied twice. */
  readonly id: string;
  readonly device: string;
  readonly point: string;
  readonly value: Value;
  /** Who wants it: `console:<user>`, `uplink:<id>`, `flow:<node>`, `control:<name>`. */
  readonly issuer: string;
  /** Unix epoch, ms. */
  readonly issued: number;
  /** Unix epoch, ms; refused from then on. */
  readonly expires: number;
  /**
   * ms from its arrival here; it expires by the monotonic clock then, whatever true time is, so that it is taken also
   * while the clock is not to be trusted. `expires` is then what that comes to by the agent's own clock.
   */
  readonly ttl?: number;
  /** ms after which the local program takes over again; absent: no lease. */
  readonly lease?: number;
}

export const REJECTIONS = [
  'malformed',
  'unknown-device',
  'unknown-point',
  'read-only',
  'wrong-type',
  'out-of-range',
  'not-allowed',
  'interlocked',
  'clock-untrusted',
  'id-reused',
  'device-refused',
  'device-unreachable',
  'read-back-differs',
  'store-failed',
  'busy',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

/** `unknown`: it was accepted, then the agent died before the result was known; it is read back and never written again. */
export type CommandState = 'accepted' | 'done' | 'rejected' | 'expired' | 'unknown';

export interface CommandResult {
  readonly id: string;
  readonly state: CommandState;
  /** Value read back from the device, where state is `done` (or `unknown` and readable). */
  readonly readback?: Value;
  readonly code?: Rejection;
  readonly reason?: string;
  /** Unix epoch, ms. */
  readonly at: number;
}

/** Somebody's wish that holds for a point until it ends; then the local program has it again. */
export interface Override {
  readonly id: string;
  readonly value: Value;
  readonly issuer: string;
  /** Unix epoch, ms. */
  readonly until: number;
}

/** Durable memory of commands (part of the store). */
export interface CommandJournal {
  /** Writes `accepted` durably. Gives the earlier result instead where the id is known. */
  accept(
    command: Command,
  ): Promise<
    | { readonly fresh: true }
    | { readonly fresh: false; readonly result: CommandResult; readonly same: boolean }
  >;
  /** Writes the result durably. */
  finish(result: CommandResult): Promise<void>;
  /** Accepted ones without a result, after a start. */
  open(): Promise<readonly Command[]>;
  /** Newest first. */
  recent(limit: number): Promise<readonly { readonly command: Command; readonly result: CommandResult }[]>;
}

/** Anyone who may send a command gets this and nothing else. Resolves with the final result; never rejects. */
export type Submit = (command: Command) => Promise<CommandResult>;
