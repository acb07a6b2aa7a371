/** What main and the store thread say to each other about commits. The rest goes by `core/rpc.ts` over the same port. */

import type { ErrorCode } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { AgentEvent, Cursor, Heads } from '../core/record.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import type { Ranges, Refusal } from './contract.ts';
import type { LoggedPoint } from './points.ts';

/** Records of one lane; point numbers are the packer's. */
export interface LanePack {
  readonly lane: Lane;
  readonly count: number;
  /** Columns, see `over`. */
  readonly buffer: SharedArrayBuffer;
  readonly texts: readonly string[];
  readonly events: readonly AgentEvent[];
}

/** A point the packer has numbered. */
export interface NumberedPoint {
  readonly index: number;
  readonly facts: Omit<LoggedPoint, 'id'>;
}

/** One transaction. A `token` that was committed already is answered again, never written again. */
export interface Commit {
  readonly instance: string;
  readonly token: number;
  readonly boot: string;
  readonly now: number;
  /** In force now. */
  readonly mapping: ClockMapping;
  /** New ones since the commit before, for the clock table. */
  readonly mappings: readonly ClockMapping[];
  readonly points: readonly NumberedPoint[];
  /** One list per append, in order. */
  readonly packs: readonly (readonly LanePack[])[];
  /** The store's own events. */
  readonly events: readonly AgentEvent[];
  readonly cursors: readonly (readonly [uplink: string, lane: Lane, cursor: Cursor])[];
  readonly refusals: readonly Refusal[];
}

export interface Statistics {
  /** Bytes of the log in use, of its file, of its WAL. */
  readonly used: number;
  readonly file: number;
  readonly wal: number;
  /** How long the last commit took, ms of the machine. */
  readonly commitMs: number;
  /** Bytes the store thread has had written since its start, by the kernel's account; −1 where there is none. */
  readonly written: number;
  /** Share of the disk that is free, 0…1. */
  readonly free: number;
}

export interface Committed {
  readonly token: number;
  /** One per append. */
  readonly ranges: readonly Ranges[];
  readonly heads: Heads;
  /** Something waits for its signature: it is made with a later commit, be it an empty one. */
  readonly unsigned: boolean;
  /** Events that were logged along the way (gaps of retention). */
  readonly events: readonly AgentEvent[];
  readonly statistics: Statistics;
}

/** The log is open (again). */
export interface Opened {
  readonly epoch: string;
  readonly heads: Heads;
  readonly tails: Heads;
  /** True time of the last commit before, Unix epoch ms, where the clock was to be trusted. */
  readonly lastKnown?: number;
  /** Events that opening has logged: epoch, gap, store. */
  readonly events: readonly AgentEvent[];
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string | undefined;
  readonly retryable: boolean;
}

export type ToThread = { readonly commit: Commit } | { readonly close: true; readonly now: number };
export type FromThread =
  | { readonly opened: Opened }
  | { readonly committed: Committed }
  /** `token` is undefined where opening failed. */
  | { readonly failed: Failure; readonly token: number | undefined }
  /** Something happened besides (a rescue ended): log it with the next commit. */
  | { readonly note: AgentEvent };

/** Handed to each generation of the thread. */
export interface ThreadData {
  readonly dir: string;
  readonly agent: string;
  readonly hardware: string;
  readonly timezone: string;
  readonly budget: number;
  /** ms */
  readonly maxAge: number;
  /** A clock that shows less than the time of the last commit is wrong, unless NTP or GNSS stand behind it. */
  readonly heedLastKnown: boolean;
  /** Of the facade: what it has not seen committed it will ask for again. */
  readonly instance: string;
  readonly boot: string;
  readonly now: number;
  readonly mapping: ClockMapping;
}
