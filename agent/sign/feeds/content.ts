/**
 * What a message of a feed says, in one shape for all formats and before anything is believed: coordinates as they came,
 * times as they came, calls at stops of the whole network.
 */
import type {
  AlertEffect,
  AlertSeverity,
  AlertText,
  Informed,
  Occupancy,
  TripReference,
  VehicleReport,
} from '../../core/sign/transit.ts';

/** A position in the datum of its feed. `time` is absent where the feed tells none. */
export type RawVehicle = Omit<VehicleReport, 'source' | 'sent' | 'received' | 'time'> & {
  readonly time?: number;
};

/** ms of Unix epoch, ms, s. At least one of `time` and `delay`, or it says nothing. */
export interface StopEvent {
  readonly time?: number;
  readonly delay?: number;
  readonly uncertainty?: number;
  readonly scheduled?: number;
}

export interface StopUpdate {
  readonly stop?: string;
  readonly sequence?: number;
  readonly relationship: 'scheduled' | 'skipped' | 'no-data' | 'unscheduled';
  readonly arrival?: StopEvent;
  readonly departure?: StopEvent;
  /** Another platform than planned. */
  readonly assigned?: string;
  readonly occupancy?: Occupancy;
  readonly atStop?: boolean;
}

/** What is said of one trip; its stops in the order of the trip. */
export interface TripUpdate {
  readonly trip: TripReference;
  readonly vehicle?: string;
  readonly time?: number;
  /** s; of the whole trip. */
  readonly delay?: number;
  readonly stops: readonly StopUpdate[];
  readonly headsign?: string;
  readonly wheelchair?: boolean;
  /** A trip that is a copy: the id and start of the original are in `trip`, these are its own. */
  readonly copy?: TripReference;
  readonly occupancy?: Occupancy;
}

/** Calls that trips leave out, from one to another, and where they stop instead. */
export interface Detour {
  readonly trips: readonly string[];
  readonly dates: readonly string[];
  readonly from: { readonly stop?: string; readonly sequence?: number };
  readonly to: { readonly stop?: string; readonly sequence?: number };
  readonly replacements: readonly string[];
}

export interface RawAlert {
  readonly id: string;
  readonly informed: readonly Informed[];
  readonly active: readonly { readonly from?: number; readonly to?: number }[];
  /** As they came: neither cleaned nor bounded. */
  readonly texts: readonly AlertText[];
  readonly effect: AlertEffect;
  readonly severity: AlertSeverity;
}

export interface FeedContent {
  /** When the centre made it, Unix epoch ms. */
  readonly sent?: number;
  /** The same while nothing of it moves, where the format has a cheaper one than fingerprint.ts. */
  readonly fingerprint?: string;
  /** Whether this is all there is; else only what has changed. */
  readonly whole: boolean;
  readonly vehicles: readonly RawVehicle[];
  readonly updates: readonly TripUpdate[];
  readonly detours: readonly Detour[];
  /** Undefined: the format has none. */
  readonly alerts?: readonly RawAlert[];
  /** Entities that could not be read, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** A message that cannot be taken at all: what is wrong with it, as the end of a sentence. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** Counts by reason. */
export class Tally {
  readonly #counts: Record<string, number> = {};

  add(reason: string, count = 1): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }
}
