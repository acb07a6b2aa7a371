/**
 * What the composition gets of the store: the facade on main (`openStore`), the read side for any thread
 * (`openLogSource`), history (`openHistory`). The hub decides when to commit; the store commits what it is given.
 */
import type { AlarmTold } from '../core/alarm/alarm.ts';
import type { CommandJournal } from '../core/command.ts';
import type { Log } from '../core/log.ts';
import type { Mark } from '../core/mark.ts';
import type { Lane, Point } from '../core/point.ts';
import type { Reading } from '../core/reading.ts';
import type { AgentEvent, Cursor, EventKind, Heads, LoggedEvent } from '../core/record.ts';
import type { LogConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Bucket, PartHealth } from '../core/view.ts';

/** What the log wants to know of a point; a `Point` of a profile serves as it is. */
export interface PointFacts
  extends Pick<Point, 'type' | 'unit' | 'decimals' | 'range' | 'aggregation' | 'weight' | 'lane'> {
  /** Period of its polls, ms; gives rollups their expected count. */
  readonly every?: number;
  /** How the value is made of what the device sends (address, scale …): JSON, kept to tell when it changes. */
  readonly wire?: unknown;
}

export interface StoreOptions {
  /** State folder; the log is `<dir>/log.db` with its `-wal` and `-shm`. Made where missing. */
  readonly dir: string;
  readonly agent: string;
  /** IANA zone of the site: day rollups are local days. */
  readonly timezone: string;
  readonly config: LogConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Facts of a configured point. Undefined: taken from the reading, lane telemetry. */
  describe(device: string, point: string): PointFacts | undefined;
  /** Tells of the store's own events (epoch, gap, clock, store). They are logged already: show them, do not append them. */
  readonly onEvent?: (event: AgentEvent) => void;
  /**
   * Told at the opening: the time of the last commit (Unix epoch ms), where its clock was to be trusted. With it, the log
   * takes a clock that shows less, and has nothing better behind it than a battery, for wrong: it goes on from there.
   */
  readonly onLastKnown?: (wall: number) => void;
  /** Id of the machine; another one than the log was made on begins a new epoch. Default: read from the machine. */
  readonly hardware?: string;
  /** How long `openStore` waits for an ill disk before it goes on with the memory ring, ms. Default 10000. */
  readonly patience?: number;
  /** Entry of the worker thread; tests put a faulty one here. */
  readonly entry?: URL;
}

export type Ranges = Partial<Record<Lane, { readonly first: number; readonly last: number }>>;

export interface Appended {
  /** Numbers given, per lane; a lane without records is absent. */
  readonly ranges: Ranges;
  /** Records that the memory ring had to drop before they could be written; a gap record tells of them. */
  readonly dropped: number;
}

export interface Refusal {
  readonly uplink: string;
  readonly lane: Lane;
  readonly seq: number;
  readonly reason: string;
  /** Unix epoch, ms. */
  readonly at: number;
}

export interface PointId {
  readonly device: string;
  readonly point: string;
}

/** The last number that is known of a point, and when it was true (Unix epoch ms). */
export interface LatestValue extends PointId {
  readonly unit: string;
  readonly value: number;
  readonly time: number;
}

/** The most that a counter ran in an hour, and of how many hours that is known. */
export interface Peak extends PointId {
  readonly most: number;
  readonly hours: number;
}

export interface Store extends AsyncDisposable {
  /** The log's file, for `openLogSource` and `openHistory`. */
  readonly file: string;
  /** Undefined as long as the file could not be opened. */
  readonly epoch: string | undefined;
  /** Longest wait of telemetry for its commit now, ms: longer than configured where the card is written too much. */
  readonly window: number;
  /** Last durable numbers. */
  heads(): Heads;
  /**
   * Writes all of it in one transaction. Resolves after its fsync returned. While the disk is ill it waits in the
   * memory ring and is written later; it never rejects but when the store is disposed before it could be written.
   */
  append(readings: readonly Reading[], events: readonly AgentEvent[]): Promise<Appended>;
  /** Notes what an uplink has settled. Rides in the next commit; after 5 min without one, or at a clean stop, alone. */
  settle(uplink: string, lane: Lane, cursor: Cursor): void;
  /** The same in a commit of its own: durable when it resolves. Rejects where the disk is ill. */
  keep(uplink: string, lane: Lane, cursor: Cursor): Promise<void>;
  /** Notes records a receiver refused for good; the last 1,000 are kept. Rides like `settle`. */
  refuse(
    uplink: string,
    lane: Lane,
    records: readonly { readonly seq: number; readonly reason: string }[],
  ): void;
  /** Newest first. */
  refusals(limit: number): Promise<readonly Refusal[]>;
  readonly journal: CommandJournal;
  /** All marks, each as it was last told. They come into the log as the bodies of events (`markEvent`). */
  marks(): Promise<readonly Mark[]>;
  /** Last numbers of points, as far as rollups reach; points without any are left out. */
  latest(points: readonly PointId[]): Promise<readonly LatestValue[]>;
  /** The busiest hour of counters within the last 30 days, in whole steps of their readings. */
  peaks(points: readonly PointId[]): Promise<readonly Peak[]>;
  health(): PartHealth;
  onHealth(listener: (health: PartHealth) => void): Disposable;
  /** Called on main after every commit, with the new heads. */
  onCommitted(listener: (heads: Heads) => void): Disposable;
  /** Called when the log was replaced (damaged file set aside): read sides of the old file must be opened anew. */
  onEpoch(listener: (epoch: string) => void): Disposable;
  /** Logs of earlier epochs that can still be read (rescued, other machine): files for `openLogSource`. */
  earlier(): Promise<readonly string[]>;
  /**
   * A read side found the log damaged (`store-damaged`): sets the file aside, rescues what can be read and goes on with
   * a new epoch, as a start with such a file would.
   */
  condemn(): Promise<void>;
  /** Forgets what `describe` said; call it after the configuration changed. */
  pointsChanged(): void;
}

export interface History extends AsyncDisposable {
  /** What was told of alarms (agent/core/alarm/alarm.ts), newest first, as far as the log goes back. Rejects with `AgentError`. */
  alarms(limit: number): Promise<readonly AlarmTold[]>;
  /** Events of these kinds on lane event, newest first, before the number `before` where it is given. Rejects the same. */
  events(kinds: readonly EventKind[], limit: number, before?: number): Promise<readonly LoggedEvent[]>;
  /**
   * Buckets that hold readings, ascending. `from` (inclusive) and `to` (exclusive) Unix epoch ms; `bucket` one of
   * 60000, 900000, 3600000, 86400000 (a local day). At most 5,000 buckets, the newest ones. Rejects with `AgentError`.
   */
  query(
    device: string,
    point: string,
    from: number,
    to: number,
    bucket: number,
    signal: AbortSignal,
  ): Promise<readonly Bucket[]>;
}
