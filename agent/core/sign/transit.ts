/**
 * What a stop sign knows of buses, in the words of GTFS and GTFS-realtime (gtfs.org, reference of 2024) and SIRI
 * (CEN/TS 15531): positions, predictions and alerts as they come from a centre, whatever format they came in. The
 * timetable of a stop is in timetable.ts. Instants are Unix epoch ms unless said otherwise, positions are WGS84 degrees.
 */
import type { Mono } from '../reading.ts';

/**
 * What coordinates refer to. GCJ-02 is the shifted one of Chinese maps, BD-09 a further shift of it (Baidu): 544 m and
 * more beside the street. Converted on the way in (agent/sign/feeds/datum.ts); behind it there is WGS84 only.
 */
export const DATUMS = ['wgs84', 'gcj02', 'bd09'] as const;
export type Datum = (typeof DATUMS)[number];

export interface Wgs84 {
  /** Degrees, WGS84. */
  readonly lat: number;
  readonly lon: number;
}

/** Day of service as GTFS writes it, `20270621`; its trips may run past the midnight that ends it. */
export type ServiceDate = string;

/** A text with what it is called in further languages, by BCP 47 tag. */
export interface Translated {
  readonly text: string;
  readonly translations?: Readonly<Record<string, string>>;
}

/** How a trip stands to the timetable (GTFS-realtime `TripDescriptor.ScheduleRelationship`). */
export const TRIP_RELATIONSHIPS = [
  /** Runs by the timetable, or close to it. */
  'scheduled',
  /** Runs beside the timetable: an extra bus, or `NEW`. */
  'added',
  /** Runs with no timetable at all (frequency-based, `exact_times` 0). */
  'unscheduled',
  /** Does not run. As `cancelled`, but riders are not to be told: `DELETED`. */
  'cancelled',
  'deleted',
  /** Runs in place of a scheduled trip, with times or a way of its own (detour). */
  'replacement',
  /** A copy of a scheduled trip at another time or day. */
  'duplicated',
] as const;
export type TripRelationship = (typeof TRIP_RELATIONSHIPS)[number];

/** Which trip is meant. Feeds name it by id, or by line, direction, day and start, or not at all. */
export interface TripReference {
  readonly trip?: string;
  readonly line?: string;
  /** As `direction_id` of the timetable: which is which is the feed's own affair. */
  readonly direction?: 0 | 1;
  readonly date?: ServiceDate;
  /** First departure, s after the start of the service day; may be above 86400. Tells frequency-based trips apart. */
  readonly start?: number;
  /** Absent: `scheduled` where a trip or line is named. */
  readonly relationship?: TripRelationship;
}

/** What a vehicle is doing, if its feed says so. Only `in-progress` (and a layover whose end is known) carries riders. */
export const VEHICLE_PHASES = ['in-progress', 'layover', 'deadhead', 'at-base', 'out-of-service'] as const;
export type VehiclePhase = (typeof VEHICLE_PHASES)[number];

/** How full it is (GTFS-realtime `OccupancyStatus`, SIRI `Occupancy`), emptiest first. */
export const OCCUPANCIES = [
  'empty',
  'many-seats',
  'few-seats',
  'standing',
  'crushed',
  'full',
  'not-accepting',
] as const;
export type Occupancy = (typeof OCCUPANCIES)[number];

/** Where something came from and when: every report, prediction and alert carries it. */
export interface Sourced {
  /** Id of the feed in the site file. */
  readonly source: string;
  /** When the centre made the message, by its clock (`FeedHeader.timestamp`, `ResponseTimestamp`). */
  readonly sent?: number;
  /**
   * When it came in, on our monotonic clock. With `sent`, an age needs no trusted clock of ours: `sent − time`, and what
   * has passed here since.
   */
  readonly received: Mono;
}

/** One position of one vehicle. A vehicle sends many; they come late, doubled and out of order. */
export interface VehicleReport extends Sourced {
  /** The centre's id of the vehicle. */
  readonly vehicle: string;
  /** What stands on the bus, if it differs. */
  readonly label?: string;
  readonly position: Wgs84;
  /** When the vehicle was there, by the feed. */
  readonly time: number;
  /** Absent: the feed names no trip, and the vehicle may be on none. */
  readonly trip?: TripReference;
  /** m/s, ≥ 0. */
  readonly speed?: number;
  /** Degrees clockwise from north, 0 ≤ bearing < 360. */
  readonly bearing?: number;
  /** Where on its trip it is, if the feed says so: `at` the stop, about `to` arrive there, or on the way (`between`). */
  readonly near?: {
    readonly how: 'at' | 'to' | 'between';
    readonly stop?: string;
    /** `stop_sequence` of the timetable. */
    readonly sequence?: number;
  };
  readonly phase?: VehiclePhase;
  readonly occupancy?: Occupancy;
  /** Whether a wheelchair can board this vehicle; absent: not told. */
  readonly wheelchair?: boolean;
}

/**
 * What becomes of one stop of one trip. `skipped`: runs, but does not call here. `no-data`: the timetable is all there
 * is. The others are those of the trip.
 */
export type PredictionRelationship = TripRelationship | 'skipped' | 'no-data';

/** What a centre says of one call at one stop of this sign. */
export interface TripPrediction extends Sourced {
  readonly trip: TripReference;
  readonly vehicle?: string;
  /** Stop id of the timetable, where the bus really calls (another platform than planned, if one was assigned). */
  readonly stop: string;
  readonly sequence?: number;
  readonly relationship: PredictionRelationship;
  /** Absent for `skipped`, `no-data`, `cancelled` and `deleted`. */
  readonly arrival?: number;
  readonly departure?: number;
  /** What the timetable says for this call, if the feed or the timetable tells. */
  readonly scheduled?: number;
  /** s, half width, as the centre has it; absent: not told. 0: it has been there. */
  readonly uncertainty?: number;
  /** When the centre reckoned it (`TripUpdate.timestamp`, `RecordedAtTime`); absent: with `sent`. */
  readonly time?: number;
  /** For a trip that the timetable does not know: what stands on the bus. */
  readonly headsign?: string;
  /** Whether it stands at the stop now (SIRI `VehicleAtStop`). */
  readonly atStop?: boolean;
  /** The trip does not take its usual way (GTFS-realtime `TripModifications`, `REPLACEMENT`). */
  readonly detour?: boolean;
  readonly occupancy?: Occupancy;
  readonly wheelchair?: boolean;
}

export const ALERT_SEVERITIES = ['unknown', 'info', 'warning', 'severe'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** GTFS-realtime `Alert.Effect`. */
export const ALERT_EFFECTS = [
  'no-service',
  'reduced-service',
  'significant-delays',
  'detour',
  'additional-service',
  'modified-service',
  'stop-moved',
  'accessibility',
  'no-effect',
  'other',
  'unknown',
] as const;
export type AlertEffect = (typeof ALERT_EFFECTS)[number];

/** Whom an alert concerns. All that is given holds together; nothing given: the whole network. */
export interface Informed {
  readonly line?: string;
  readonly direction?: 0 | 1;
  readonly stop?: string;
  readonly trip?: TripReference;
}

/** Text of an alert in one language: plain, one paragraph a line, no control characters, bounded in length. */
export interface AlertText {
  /** BCP 47 tag; absent: the feed does not say. */
  readonly language?: string;
  readonly header: string;
  readonly description?: string;
  /** For loudspeakers, if the feed has it (`tts_header_text`). */
  readonly spoken?: string;
}

/** A message of the centre to riders, taken over verified TLS from an address of the site file only. */
export interface ServiceAlert extends Sourced {
  /** Of the feed; one id, one alert. */
  readonly id: string;
  readonly informed: readonly Informed[];
  /** When it is to be shown; none: while the feed has it. An open end is absent. */
  readonly active: readonly { readonly from?: number; readonly to?: number }[];
  readonly texts: readonly AlertText[];
  readonly effect: AlertEffect;
  readonly severity: AlertSeverity;
  /** When its content last changed, by our reckoning. */
  readonly updated: number;
}

/**
 * How a feed does. `frozen`: answers, but neither its time nor its content moves. `late`: moves, but what it says is old.
 * `malformed`, `too-large`: answers with what cannot be taken. `unreachable`: does not answer, or refuses.
 */
export const FEED_CONDITIONS = [
  'starting',
  'fresh',
  'late',
  'frozen',
  'malformed',
  'too-large',
  'unreachable',
] as const;
export type FeedCondition = (typeof FEED_CONDITIONS)[number];

export interface FeedCounters {
  /** Messages or answers that came in, and those that brought nothing new (304, same content). */
  readonly received: number;
  readonly unchanged: number;
  readonly bytes: number;
  /** Messages that could not be taken, and polls that failed. */
  readonly refused: number;
  readonly failed: number;
  readonly vehicles: number;
  readonly predictions: number;
  /** Reports and predictions that were left out, by reason (`future`, `no-position`, `jump`, `duplicate` …). */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface FeedState {
  readonly feed: string;
  /** As the site file names it: `gtfs-rt`, `gps-json`, `siri-sm`. */
  readonly kind: string;
  readonly condition: FeedCondition;
  /** Since when it is in this condition, on our monotonic clock. */
  readonly since: Mono;
  /** When something new last came in, on our monotonic clock, and what time it carried. */
  readonly lastNew?: Mono;
  readonly lastTime?: number;
  /** What is wrong and what to do, as a sentence each. */
  readonly reason?: string;
  readonly fix?: string;
  readonly counters: FeedCounters;
}

/** What feeds notice and an operator should know; told once when it begins and once when it ends. */
export type FeedEvent =
  | { readonly type: 'condition'; readonly state: FeedState; readonly before: FeedCondition }
  | {
      /** Positions lie beside the line, always by the same way: the datum declared is not the one sent. */
      readonly type: 'datum';
      readonly feed: string;
      readonly declared: Datum;
      /** Absent: over again, positions lie on the line. */
      readonly likely?: Datum;
      /** Mean offset, m, and how many positions of how many vehicles say so. */
      readonly offset: number;
      readonly positions: number;
      readonly vehicles: number;
    };

/** Where feeds deliver. A call never throws. */
export interface FeedListener {
  vehicles(reports: readonly VehicleReport[]): void;
  /**
   * `whole`: all the source has now, what is not in it is gone (a full dataset, a SIRI delivery). Else: of the trips
   * named in it (MQTT), the newest.
   */
  predictions(source: string, predictions: readonly TripPrediction[], whole: boolean): void;
  /** All alerts the source has now; each keeps by itself when its `active` ends, with or without the network. */
  alerts(source: string, alerts: readonly ServiceAlert[]): void;
  event(event: FeedEvent): void;
}
