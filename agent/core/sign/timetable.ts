/**
 * The timetable of the stops of one sign, as `kerbside sign import` cuts it out of a GTFS feed (gtfs.org, reference of
 * 2024): what runs here, where it comes from, and when. A file of JSON, some 100 KB; ids are those of the feed.
 */
import type { ServiceDate, Translated, Wgs84 } from './transit.ts';

/** Format of the file; a reader refuses what is newer, and what is damaged. */
export const STOP_EXTRACT_FORMAT = 1;

export interface StopExtract {
  readonly format: typeof STOP_EXTRACT_FORMAT;
  /** SHA-256 of the rest, hex: a file that was cut or edited is refused. */
  readonly hash: string;
  readonly feed: FeedIdentity;
  /** IANA zone of the agency: local time of all that follows. */
  readonly timezone: string;
  /** Stops that the sign stands for: platforms, never a station. The first is the one it was imported for. */
  readonly here: readonly string[];
  /** The station they belong to, or the first stop: what stands at the top of the sign. */
  readonly name: Translated;
  /** Every stop that a pattern names, by id. */
  readonly stops: Readonly<Record<string, TransitStop>>;
  readonly lines: readonly TransitLine[];
  readonly patterns: readonly TransitPattern[];
  readonly profiles: readonly TimeProfile[];
  readonly trips: readonly TransitTrip[];
  readonly services: readonly ServiceCalendar[];
}

/** Which feed it was cut from (`feed_info.txt`, and the zip file itself). */
export interface FeedIdentity {
  /** SHA-256 of the zip file, hex. */
  readonly hash: string;
  readonly publisher?: string;
  readonly version?: string;
  /** `feed_lang`, or `agency_lang`: language of all texts without a tag. */
  readonly language?: string;
  /** First and last day of service for which trips of this stop are known. */
  readonly from: ServiceDate;
  readonly to: ServiceDate;
  /** When it was imported, Unix epoch ms. */
  readonly imported: number;
}

export interface TransitStop {
  readonly id: string;
  /** What stands on the pole (`stop_code`, `platform_code`). */
  readonly code?: string;
  readonly platform?: string;
  readonly name: Translated;
  readonly position: Wgs84;
  /** Whether a wheelchair can board here; absent: not told. */
  readonly wheelchair?: boolean;
}

export interface TransitLine {
  readonly id: string;
  /** What stands on the bus: `7`. */
  readonly name: Translated;
  readonly longName?: Translated;
  /** GTFS `route_type`: 3 bus, 0 tram, 11 trolleybus … */
  readonly mode: number;
  /** `#rrggbb`, if the feed has it. */
  readonly colour?: string;
  readonly textColour?: string;
  /** `route_sort_order`. */
  readonly order?: number;
  readonly agency?: string;
}

/** May riders board or alight (GTFS `pickup_type`, `drop_off_type`): yes, not, by phone, by telling the driver. */
export type Boarding = 'yes' | 'no' | 'phone' | 'driver';

/** One call of a pattern. */
export interface PatternCall {
  readonly stop: string;
  /** `stop_sequence`: rises, not by one. */
  readonly sequence: number;
  /** Metres from the beginning of the shape. */
  readonly distance: number;
  /** Absent: yes. */
  readonly pickup?: Boarding;
  readonly dropOff?: Boarding;
}

/** Trips of one line and direction with the same calls and the same way. */
export interface TransitPattern {
  readonly id: string;
  readonly line: string;
  readonly direction?: 0 | 1;
  /** All calls, to the terminus. */
  readonly calls: readonly PatternCall[];
  /** Indexes of `calls` that are stops of this sign; twice where a loop comes back. Never empty. */
  readonly here: readonly number[];
  /** The way, from its beginning to somewhat behind the last call here. Absent: the feed has none, straight lines. */
  readonly shape?: readonly ShapePoint[];
}

/** `[lat, lon, metres from the beginning]`, WGS84. */
export type ShapePoint = readonly [lat: number, lon: number, distance: number];

/**
 * Times of the calls of a pattern, s after the first departure of the trip, from the first call to two behind the last
 * one here: shorter than the calls. Calls that the feed gives no time lie between their neighbours by distance.
 */
export interface TimeProfile {
  readonly arrivals: readonly number[];
  readonly departures: readonly number[];
  /** Indexes of calls whose times are kept exactly: a bus that is early waits there (`timepoint` 1). */
  readonly timepoints: readonly number[];
}

/** Runs of a trip at a headway instead of its own times (`frequencies.txt`). */
export interface Frequency {
  /** First departures, s after the start of the service day: from, from + every … before `to`. */
  readonly from: number;
  readonly to: number;
  readonly every: number;
  /** True: the departures are a timetable (`exact_times` 1). False: only the headway is promised. */
  readonly exact: boolean;
}

export interface TransitTrip {
  readonly id: string;
  readonly service: string;
  /** Indexes into `patterns` and `profiles`. */
  readonly pattern: number;
  readonly profile: number;
  /** First departure, s after the start of the service day; may be above 86400. Of no account with frequencies. */
  readonly start: number;
  /** What stands on the bus when it calls here (`stop_headsign`, `trip_headsign`); absent: the terminus. */
  readonly headsign?: Translated;
  readonly shortName?: string;
  readonly block?: string;
  readonly wheelchair?: boolean;
  readonly bikes?: boolean;
  readonly frequencies?: readonly Frequency[];
}

/** Days on which trips run (`calendar.txt`, `calendar_dates.txt`). */
export interface ServiceCalendar {
  readonly id: string;
  /** Monday first; absent: exceptions alone say when. */
  readonly weekdays?: readonly [boolean, boolean, boolean, boolean, boolean, boolean, boolean];
  readonly from?: ServiceDate;
  readonly to?: ServiceDate;
  readonly added: readonly ServiceDate[];
  readonly removed: readonly ServiceDate[];
}

/** One call of one run of a trip at this sign: what a timetable row is made of. */
export interface ScheduledCall {
  readonly trip: TransitTrip;
  readonly pattern: TransitPattern;
  /** Index of the pattern's calls. */
  readonly call: number;
  readonly line: TransitLine;
  readonly stop: string;
  readonly date: ServiceDate;
  /** First departure of this run, s after the start of the service day. */
  readonly start: number;
  /** Unix epoch ms. */
  readonly arrival: number;
  readonly departure: number;
  /** A run of a headway: the times are only an example of it, `every` s apart. Absent: a timetable. */
  readonly headway?: number;
  /** Last call of the trip: nobody can board. */
  readonly terminates: boolean;
}
