/**
 * The uplink contract. A pump (agent/uplink/pump.ts) reads the log, forms messages and settles numbers; an uplink
 * carries messages over one protocol. Uplinks live in agent/uplink/, are listed there and pass tests/conformance/uplink.ts.
 */

import type { Command, CommandResult } from './command.ts';
import type { AgentError } from './errors.ts';
import type { Log } from './log.ts';
import type { Lane } from './point.ts';
import type { Mono } from './reading.ts';
import type { Cursor, LoggedReading, LoggedRecord, LogSource, Range } from './record.ts';
import type { Description } from './site.ts';
import type { Clock } from './time/clock.ts';
import type { Periods, RollupLane } from './time/period.ts';

export type StreamName = 'live' | 'backlog';

/** Numbers that this message does not carry although they lie between the last message and its end, and why. */
export interface Omission {
  /** `stream`: carried by the other stream. `selection`: not selected for this uplink. `refused`, `gap`: as recorded. */
  readonly rule: 'stream' | 'selection' | 'refused' | 'gap';
  readonly count: number;
  /** Exact for `stream`, `refused` and `gap`. */
  readonly ranges?: readonly Range[];
  readonly reason?: string;
}

/**
 * The envelope of every message of records: `last − prev = count + Σ omitted.count`. `prev` is the last number of the
 * message before on this uplink, lane and stream (0 before the first of an epoch). What selection leaves out between
 * `first` and `last` is `omitted` too; a message without records says that nothing of it leaves.
 */
export interface Envelope {
  readonly v: 1;
  readonly agent: string;
  readonly epoch: string;
  /** `rollup-…`: closed buckets instead of records of the log, with numbers and an epoch of their own. */
  readonly lane: Lane | RollupLane;
  readonly stream: StreamName;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly prev: number;
  readonly omitted: readonly Omission[];
}

export interface Message {
  readonly envelope: Envelope;
  readonly records: readonly LoggedRecord[];
}

/**
 * What became of a message. `accepted`: all of it is the receiver's now. `refused`: these numbers were refused for
 * good, with the reason, the rest was accepted. `keep`: nothing is known or it was turned down for now; it goes again.
 */
export type Delivery =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      readonly records: readonly { readonly seq: number; readonly reason: string }[];
    }
  | {
      readonly kind: 'keep';
      readonly reason: string;
      /** What to do about it, where somebody has to. */
      readonly fix?: string;
      /** The receiver asked for this pause, ms. */
      readonly after?: number;
    };

/** Who we are besides our agent id, for telling a copy from the original. */
export interface Machine {
  /** Id of the hardware, hashed. */
  readonly hardware: string;
  /** Drawn at every start. */
  readonly instance: string;
  /** Which unit of the agent; 1 (or absent) for one that replaced nobody. */
  readonly generation?: number;
}

/** Shut for the whole unit as soon as one receiver says that it was replaced (docs/replace.md). */
export interface Fence {
  shut(error: AgentError): void;
  /** The receiver that shut it takes this unit again. */
  open(): void;
}

export interface UplinkContext {
  readonly site: string;
  readonly agent: string;
  /** Absent: nobody asks whether another machine publishes under this agent id. */
  readonly machine?: Machine;
  /** Absent: each uplink judges for itself. */
  readonly fence?: Fence;
  readonly clock: Clock;
  readonly log: Log;
  /** Retained descriptions, by device, with the hash that data name. */
  descriptions(): readonly { readonly hash: string; readonly description: Description }[];
  /**
   * The far end told the time: `wall` (Unix epoch ms) was true at the monotonic time `mono` within `uncertaintyMs`.
   * Absent: nobody asks for it.
   */
  heardTime?(wall: number, mono: Mono, uncertaintyMs: number): void;
  /** IANA zone of the site. Absent: UTC. */
  readonly timezone?: string;
  /** The log itself, for uplinks that answer questions about it. */
  readonly records?: LogSource;
  /** Logs of earlier epochs, as far as they are open. */
  earlier?(): readonly LogSource[];
  /** Rollups, for uplinks that report by period. */
  readonly periods?: Periods;
  /** Folder that an uplink may keep a file of its own in, named by its id. Absent: nothing outlives the process. */
  readonly stateDir?: string;
  /** Hands a command of the city to the router. Resolves with its final result. */
  submit(command: Command): Promise<CommandResult>;
  /** The newest logged reading of each point, as far back as uplink/newest.ts looks. Absent: none is known. */
  newest?(): readonly LoggedReading[];
  /** Numbers that outlive the agent. Absent: they begin at 0. */
  readonly numbers?: Numbers;
}

/** Numbers of an uplink that only grow, kept in the log. */
export interface Numbers {
  /** The last one kept under `name`; 0 where there is none. */
  last(name: string): number;
  /** Resolves when it is durable; rejects where the store is ill. */
  keep(name: string, value: number): Promise<void>;
}

/** A connected uplink. Disposing it never waits on the remote for more than 2 s. */
export interface UplinkSession extends AsyncDisposable {
  /** Settles when the link is lost; the pump then reconnects with back-off. */
  readonly closed: Promise<void>;
  /** Encoded size of a message, bytes; the pump halves messages above `maxBytes`. */
  readonly maxBytes: number;
  /**
   * Settles when the far end takes data (never, where the link is lost before); until then the pump waits, and all that
   * is logged meanwhile is backlog. Absent: it takes them at once.
   */
  readonly ready?: Promise<void>;
  /** What health should say although it is connected. Asked when the link is up, and again when it is ready. */
  readonly remark?: string | undefined;
  /** Bytes of a message that was delivered, where it went compressed; absent: `size`. */
  sentSize?(message: Message): number;
  /** About how long a record is in a message, bytes: so many are asked of the log at once as are likely to fit. Default 160. */
  readonly recordBytes?: number;
  /** Messages the far end takes at once, where it said so; the pump keeps below it and its own setting. */
  readonly atOnce?: number;
  /** Never rejects but when aborted; a lost link is `keep`. */
  deliver(message: Message, signal: AbortSignal): Promise<Delivery>;
  /** Encoded size of a message in bytes. */
  size(message: Message): number;
}

/** Books by period, where an uplink reports periods instead of records. */
export interface PeriodBooks {
  /** Reports that are due since the uplink began. */
  readonly expected: number;
  /** Sent at least once since this thread began. */
  readonly sent: number;
  /** Acknowledged; what an earlier thread had settled counts as such. */
  readonly acknowledged: number;
  /** Settled without being sent, since this thread began: nothing was measured. */
  readonly empty: number;
  /** Not settled yet. */
  readonly waiting: number;
  /** Too old to be sent by itself, or no longer kept. */
  readonly dropped: number;
}

/** A log of another kind than the records, made of them: what leaves are its numbers. */
export interface DerivedSource extends LogSource {
  lane(lane: Lane): { choose(records: readonly LoggedRecord[]): LoggedRecord[] } | undefined;
  /** By name of the period. `cursor`: what is settled; absent: what is stored of it. */
  books(cursor?: (lane: Lane) => Cursor): Readonly<Record<string, PeriodBooks>>;
}

export interface Uplink<C> {
  readonly kind: string;
  /** Absent: the uplink carries the records of the log. Called once, before `connect`; the pump owns what it gives. */
  source?(config: C, context: UplinkContext): DerivedSource;
  /** Books by period, where it carries the records but reports periods of them. By name of the period. */
  books?(config: C, context: UplinkContext): Readonly<Record<string, PeriodBooks>>;
  /** Rejects with `AgentError` (`broker-unreachable`, `broker-refused`, `auth-failed`, `address-taken`,
   * `replaced`) within 10 s,
   * or twice that where it looks first whether another machine is there. */
  connect(config: C, context: UplinkContext, signal: AbortSignal): Promise<UplinkSession>;
}

export function defineUplink<C>(uplink: Uplink<C>): Uplink<C> {
  return uplink;
}
