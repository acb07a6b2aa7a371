/**
 * What the log holds and uplinks send. A record is a reading or an event; each gets its number `seq` in its lane,
 * 1, 2, 3 … without holes, in the transaction that makes it durable.
 */

import type { Lane } from './point.ts';
import type { Mono, Quality, Reason, Value } from './reading.ts';
import type { ClockRank } from './time/clock.ts';
import type { Unit } from './unit.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Closed list of what can happen. `epoch` names the epoch before and its last numbers; `gap` is a hole with a reason;
 * `clock` is a new row of the clock table; `command` is a result; `meter` tells of registers (roll-over, exchange,
 * snapshot), `quality` of values that are not to be believed, `light` of what a lamp is wanted to show and why, `content`
 * of what is shown in public or was refused, `sign` of the buses a stop sign expects and of the sign itself, `energy` of
 * branches that do not add up and of demand, `update` of releases, models and configuration from afar; the rest says what
 * changed.
 */
export const EVENT_KINDS = [
  'epoch',
  'gap',
  'clock',
  'command',
  'device',
  'line',
  'uplink',
  'camera',
  'store',
  'config',
  'audit',
  'alarm',
  'agent',
  'meter',
  'quality',
  'maintenance',
  'light',
  'content',
  'sign',
  'energy',
  'load',
  'update',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something that happened, with its facts. See `laneOf` for where it goes. */
export interface AgentEvent {
  readonly event: EventKind;
  readonly severity: 'info' | 'warning' | 'alarm';
  readonly device?: string;
  readonly time: Mono;
  readonly body: { readonly [key: string]: Json };
}

/** Lane of an event: `alarm` for all that is told of alarms and for whatever else is of that severity, else `event`. */
export function laneOf({ event, severity }: Pick<AgentEvent, 'event' | 'severity'>): 'alarm' | 'event' {
  return event === 'alarm' || severity === 'alarm' ? 'alarm' : 'event';
}

/**
 * Numbers (or a stretch of time) for which there is nothing, and why.
 * `unclean-stop` and `not-logged` have no numbers: they are stretches of time.
 */
export interface Gap {
  readonly lane: Lane;
  readonly from?: number;
  readonly to?: number;
  readonly count: number | null;
  readonly reason: 'unclean-stop' | 'queue-full' | 'not-logged' | 'retention' | 'damaged' | 'refused';
  /** True time, Unix epoch ms. */
  readonly since?: number;
  readonly until?: number;
  /** What remains of it. */
  readonly keptAs: 'nothing' | 'rollups';
}

/** A numbered reading as it leaves the log. */
export interface LoggedReading {
  readonly kind: 'reading';
  readonly seq: number;
  readonly device: string;
  readonly point: string;
  readonly value: Value | null;
  readonly unit: Unit;
  readonly quality: Quality;
  readonly reason?: Reason;
  /** True time, Unix epoch ms, by the clock table as it is now. */
  readonly time: number;
  readonly rank: ClockRank;
}

/** A numbered event as it leaves the log. */
export interface LoggedEvent {
  readonly kind: 'event';
  readonly seq: number;
  readonly event: EventKind;
  readonly severity: 'info' | 'warning' | 'alarm';
  readonly device?: string;
  readonly time: number;
  readonly rank: ClockRank;
  readonly body: { readonly [key: string]: Json };
}

export type LoggedRecord = LoggedReading | LoggedEvent;

/** A run of whole batches of one lane (or a fixed slice of one), in order, numbers without holes. */
export interface LogSlice {
  readonly epoch: string;
  readonly lane: Lane;
  readonly first: number;
  readonly last: number;
  readonly records: readonly LoggedRecord[];
}

/** The last durable number of each lane, 0 where there is none. */
export type Heads = Readonly<Record<Lane, number>>;

/** Read side of the log: a read-only connection, usable on any thread. Sees only what is durable. */
export interface LogSource extends Disposable {
  readonly epoch: string;
  heads(): Heads;
  /** Numbers below which retention has dropped everything, per lane: the first that can still be read. */
  tails(): Heads;
  /**
   * Up to `limit` records of `lane` from number `from`, or undefined where there is none yet. The same `from` and
   * `limit` give the same numbers again, also after a restart.
   */
  read(lane: Lane, from: number, limit: number): LogSlice | undefined;
  /** Settled state of an uplink, as stored. */
  cursor(uplink: string, lane: Lane): Cursor;
}

/** Inclusive range of numbers. */
export type Range = readonly [from: number, to: number];

/** Below or at `low` everything is settled; `above` are settled ranges over it, ascending, apart. */
export interface Cursor {
  readonly low: number;
  readonly above: readonly Range[];
}
