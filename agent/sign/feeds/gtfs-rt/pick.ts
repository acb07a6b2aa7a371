/**
 * Reads of a FeedMessage only what a sign can use. A city's feed holds thousands of trips with all their stops, of which a
 * sign knows a dozen: an update whose trip is another's is stepped over unread, which is most of the work.
 */
import { crc32 } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import { gtfsrt, type WireEntity, type WireFeed } from './gtfs_realtime.pb.js';

/** Whether updates of a trip are of interest; each is `''` where the feed does not tell it. */
export type WantedTrip = (trip: string, line: string) => boolean;

export interface Picked extends WireFeed {
  /** Updates that were stepped over. */
  readonly others: number;
  /** Over all entities, also those stepped over: the same while nothing but the header moves. */
  readonly fingerprint: string;
}

/** Tags of length-delimited fields. */
const HEADER = (1 << 3) | 2;
const ENTITY = (2 << 3) | 2;
const TRIP_UPDATE = (3 << 3) | 2;
const TRIP = (1 << 3) | 2;

/** Throws on bytes that are no feed. */
export function pickFeed(bytes: Uint8Array, wanted: WantedTrip): Picked {
  const reader = protobuf.Reader.create(bytes);
  let header: WireFeed['header'] | undefined;
  const entity: WireEntity[] = [];
  let others = 0;
  let hash = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === HEADER) header = gtfsrt.FeedHeader.decode(reader, reader.uint32());
    else if (tag === ENTITY) {
      const length = reader.uint32();
      const end = reader.pos + length;
      if (end > reader.len) throw new RangeError('an entity is longer than the message');
      hash = crc32(bytes.subarray(reader.pos, end), hash);
      if (anothers(reader, end, wanted)) {
        others += 1;
        reader.pos = end;
      } else entity.push(gtfsrt.FeedEntity.decode(reader, length));
    } else reader.skipType(tag & 7);
  }
  if (header === undefined) throw new RangeError('it has no header');
  return { header, entity, others, fingerprint: `${entity.length + others} ${hash}` };
}

/** Whether the entity that begins here is an update of a trip that nobody wants. The reader stays where it is. */
function anothers(reader: protobuf.Reader, end: number, wanted: WantedTrip): boolean {
  const start = reader.pos;
  try {
    const update = find(reader, end, TRIP_UPDATE);
    if (update === undefined) return false;
    const trip = find(reader, update, TRIP);
    if (trip === undefined) return false;
    const { tripId, routeId } = gtfsrt.TripDescriptor.decode(reader, trip - reader.pos);
    return (tripId !== '' || routeId !== '') && !wanted(tripId, routeId);
  } finally {
    reader.pos = start;
  }
}

/** Steps to the body of the first such field before `end`; gives the body's end. */
function find(reader: protobuf.Reader, end: number, wanted: number): number | undefined {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === wanted) {
      const length = reader.uint32();
      if (reader.pos + length > end) throw new RangeError('a field is longer than its message');
      return reader.pos + length;
    }
    reader.skipType(tag & 7);
  }
  return undefined;
}
