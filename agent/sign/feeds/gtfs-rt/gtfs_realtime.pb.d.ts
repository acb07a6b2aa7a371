/**
 * Shapes of what the generated code reads. Scalars that are absent read as their default through the prototype: whether
 * one is there, `Object.hasOwn` tells. Numbers of 64 bits come as `Long`.
 */
import type { Reader } from 'protobufjs/minimal.js';

export type Wire64 = number | { toNumber(): number };

export interface WireTrip {
  tripId: string;
  startTime: string;
  startDate: string;
  scheduleRelationship: number;
  routeId: string;
  directionId: number;
}

export interface WireVehicle {
  id: string;
  label: string;
  licensePlate: string;
  wheelchairAccessible: number;
}

export interface WireStopTimeEvent {
  delay: number;
  time: Wire64;
  uncertainty: number;
  scheduledTime: Wire64;
}

export interface WireStopTimeUpdate {
  stopSequence: number;
  arrival: WireStopTimeEvent | null;
  departure: WireStopTimeEvent | null;
  stopId: string;
  scheduleRelationship: number;
  stopTimeProperties: { assignedStopId: string } | null;
  departureOccupancyStatus: number;
}

export interface WireTripUpdate {
  trip: WireTrip;
  stopTimeUpdate: WireStopTimeUpdate[];
  vehicle: WireVehicle | null;
  timestamp: Wire64;
  delay: number;
  tripProperties: { tripId: string; startDate: string; startTime: string; tripHeadsign: string } | null;
}

export interface WireVehiclePosition {
  trip: WireTrip | null;
  position: { latitude: number; longitude: number; bearing: number; speed: number } | null;
  currentStopSequence: number;
  currentStatus: number;
  timestamp: Wire64;
  stopId: string;
  vehicle: WireVehicle | null;
  occupancyStatus: number;
}

export interface WireTexts {
  translation: { text: string; language: string }[];
}

export interface WireAlert {
  activePeriod: { start: Wire64; end: Wire64 }[];
  informedEntity: {
    agencyId: string;
    routeId: string;
    trip: WireTrip | null;
    stopId: string;
    directionId: number;
  }[];
  effect: number;
  headerText: WireTexts | null;
  descriptionText: WireTexts | null;
  ttsHeaderText: WireTexts | null;
  severityLevel: number;
}

export interface WireSelector {
  stopSequence: number;
  stopId: string;
}

export interface WireModifications {
  selectedTrips: { tripIds: string[] }[];
  startTimes: string[];
  serviceDates: string[];
  modifications: {
    startStopSelector: WireSelector | null;
    endStopSelector: WireSelector | null;
    replacementStops: { stopId: string }[];
  }[];
}

export interface WireEntity {
  id: string;
  isDeleted: boolean;
  tripUpdate: WireTripUpdate | null;
  vehicle: WireVehiclePosition | null;
  alert: WireAlert | null;
  tripModifications: WireModifications | null;
}

export interface WireFeed {
  header: { gtfsRealtimeVersion: string; incrementality: number; timestamp: Wire64 };
  entity: WireEntity[];
}

interface Decoder<T> {
  /** Throws on bytes that are none of it. `length`: bytes of it, absent: all the reader has. */
  decode(reader: Reader, length?: number): T;
}

export const gtfsrt: {
  readonly FeedHeader: Decoder<WireFeed['header']>;
  readonly FeedEntity: Decoder<WireEntity>;
  readonly TripDescriptor: Decoder<WireTrip>;
};
