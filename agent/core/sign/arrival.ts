/**
 * What a stop sign knows of the buses to come: rows for people, and why each says what it says. Made in agent/sign/arrivals,
 * drawn by the screen, spoken, sent upstream. Moments are Unix epoch ms of the wall clock; while that clock is not trusted
 * (`ArrivalBoard.clock`) only differences to `ArrivalBoard.at` mean anything, and nothing may be shown as a time of day.
 */
import type { FeedState, Occupancy, Translated } from './transit.ts';

/**
 * How much is known of a row, best first. `live`: minutes from a fresh position or prediction. `about`: minutes from an
 * older one. `stops-away`: too old for minutes, the place is still told. `timetable`: scheduled, nothing is measured.
 * `headway`: the line runs about every so often. `cancelled`: an announced trip that does not come.
 */
export const ARRIVAL_STATES = ['live', 'about', 'stops-away', 'timetable', 'headway', 'cancelled'] as const;
export type ArrivalState = (typeof ARRIVAL_STATES)[number];

/**
 * What a line of the stop is doing. `running`: there are rows. `no-data`: it should run, but nothing is known of it, not even
 * a timetable of today. `last-gone`: its last bus of the service day has left. `not-yet`: its first bus is more than the
 * horizon away. `no-service`: it does not run today. `skipped`: it runs, but does not call at this stop now (detour,
 * closed stop).
 */
export const LINE_STATES = ['running', 'no-data', 'last-gone', 'not-yet', 'no-service', 'skipped'] as const;
export type LineState = (typeof LINE_STATES)[number];

/** Where a number of a row comes from. */
export const ARRIVAL_ORIGINS = ['position', 'prediction', 'timetable', 'learned'] as const;
export type ArrivalOrigin = (typeof ARRIVAL_ORIGINS)[number];

/** One source that has a say in a row. */
export interface RowSource {
  /** Id of the feed; `timetable` for the extract. */
  readonly source: string;
  readonly origin: ArrivalOrigin;
  /** Age of what it said at the vehicle or centre, s; absent where it has none (timetable). */
  readonly age?: number;
  /** Its say in the minutes, 0…1; all of a row are 1. */
  readonly weight: number;
  /** When the bus comes by this source alone. */
  readonly expected?: number;
  /** Share of its predictions of this horizon that came true here, %; absent while too few were seen. */
  readonly skill?: number;
}

/** The place of a bus on the strip of its line. */
export interface StripPlace {
  /** Stop of the pattern that it is at or has passed last, by place in `ArrivalRow.strip`; -1 before the first one. */
  readonly after: number;
  /** Share of the way to the next stop of the strip, 0…1. */
  readonly share: number;
}

/** Why a row says what it says: facts, no words. Everything that changed the minutes, in the order it did. */
export interface Explanation {
  readonly sources: readonly RowSource[];
  /** Expected arrival of all sources together; 10 and 90 % of buses come by the other two. */
  readonly expected?: number;
  readonly early?: number;
  readonly late?: number;
  /** Taken off the expected time so that the bus is not missed, s. */
  readonly margin?: number;
  /** The row was held one minute lower until a second position says so. */
  readonly held?: boolean;
  /** Metres to the stop along the line. */
  readonly distance?: number;
  /** Behind its timetable, s; negative: ahead. */
  readonly delay?: number;
  /** What the vehicle is doing. */
  readonly phase?: Phase;
  /** Why it is not in a better state: the age of the newest position, no source, a source that is down … */
  readonly because: readonly RowReason[];
}

/** Closed list of what lowers or marks a row. */
export const ROW_REASONS = [
  'old-position',
  'no-position',
  'no-network',
  'source-frozen',
  'source-refused',
  'layover',
  'not-departed',
  'standing',
  'clock-untrusted',
  'low-skill',
  'wide-spread',
  'frequency-based',
  'cancelled-by-centre',
  'added-by-centre',
  'detour',
  'off-route',
  'unproven',
  'silent',
] as const;
export type RowReason = (typeof ROW_REASONS)[number];

/**
 * What a vehicle is doing, as the sign sees it: by its positions, and by what its feed says. Only `in-progress`, and `layover`
 * with a known departure, are worth a row.
 */
export const PHASES = ['base', 'deadhead', 'layover', 'in-progress', 'off-route', 'silent'] as const;
export type Phase = (typeof PHASES)[number];

export interface ArrivalRow {
  /** Stays the same for one bus on one trip (or one line without a bus) as long as it has a row. */
  readonly key: string;
  /** Route id and direction of the extract: names, colours and translations are found there. */
  readonly line: string;
  readonly direction?: 0 | 1;
  /** The name of the line as riders know it. */
  readonly lineName: Translated;
  /** What stands on the bus: where this one ends. */
  readonly terminus: Translated;
  readonly stop: string;
  readonly trip?: string;
  readonly vehicle?: string;
  readonly state: ArrivalState;
  /**
   * Minutes to show; 0 only with `approaching`. Absent in states that have none. A screen counts down by itself from
   * `due`, never below 1 without approach evidence.
   */
  readonly minutes?: number;
  /** The promise behind the minutes: expected less the margin. */
  readonly due?: number;
  /** It is seen close to the stop (30 s or 120 m): 即将进站. */
  readonly approaching: boolean;
  /** Scheduled arrival (noon minus 12 h, as GTFS has it); absent for trips without one. */
  readonly scheduled?: number;
  /** Stops before it calls here, 1: this is the next; absent where its place is not known. */
  readonly stopsAway?: number;
  /** Of the newest position or prediction, s; absent for `timetable` and `headway`. */
  readonly age?: number;
  /** For `headway`: minutes between buses, lower and upper. */
  readonly headway?: readonly [number, number];
  /** Stop ids of the strip, upstream to this stop and on to the terminus. */
  readonly strip?: readonly string[];
  readonly place?: StripPlace;
  /** Only as this trip's own source says it. */
  readonly wheelchair?: boolean;
  readonly crowding?: Occupancy;
  /** First and last bus of the line and direction at this stop on this service day. */
  readonly first: boolean;
  readonly last: boolean;
  readonly why: Explanation;
}

/** One line and direction that calls here, with or without rows. */
export interface LineBoard {
  readonly line: string;
  readonly direction?: 0 | 1;
  readonly lineName: Translated;
  readonly terminus: Translated;
  readonly state: LineState;
  /** First and last scheduled bus of the service day at this stop; absent where it has none. */
  readonly first?: number;
  readonly last?: number;
  /** The last bus comes within half an hour, or is the next one. */
  readonly lastSoon: boolean;
  /** First bus of the next service day, told once the last one is gone. */
  readonly next?: number;
}

export interface ArrivalBoard {
  /** Wall clock, ms, and whether it may be shown. */
  readonly at: number;
  readonly clock: 'trusted' | 'untrusted';
  /** Counts up with every change. */
  readonly version: number;
  /** Soonest first; then timetable, headway. */
  readonly rows: readonly ArrivalRow[];
  readonly lines: readonly LineBoard[];
  readonly sources: readonly FeedState[];
  /** Since when there is no source fresh, ms; absent while one is. */
  readonly offlineSince?: number;
  /** Whether today is among the days that the extract knows, and whether there is one at all. */
  readonly timetable: 'valid' | 'expired' | 'missing';
}

/** Where boards are got. */
export interface Arrivals {
  board(): ArrivalBoard;
  /** Told whenever rows, lines or sources change. A listener that throws is reported and cut off. */
  onBoard(listener: (board: ArrivalBoard) => void): Disposable;
}
