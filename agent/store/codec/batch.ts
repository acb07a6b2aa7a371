/**
 * The body of a batch: codec version (1 byte), number of readings, readings, number of events, events, CRC-32 of all
 * before it (4 bytes, little-endian; IEEE 802.3 as in zlib). Readings come before events in a batch. Every version ever
 * shipped stays readable: a new one gets a new number and a new reader beside the old.
 */
import { crc32 } from 'node:zlib';
import { asAgentError } from '../../core/errors.ts';
import type { AgentEvent } from '../../core/record.ts';
import type { Columns } from '../columns.ts';
import { ByteReader, ByteWriter, damaged } from './bytes.ts';
import { readEvents, writeEvents } from './events.ts';
import { type DecimalsOf, MAX_RECORDS, readReadings, writeReadings } from './readings.ts';

export { MAX_RECORDS } from './readings.ts';
export const CODEC_VERSION = 1;

export interface Batch {
  readonly readings: Columns | undefined;
  readonly events: readonly AgentEvent[];
}

const writer = new ByteWriter();

/** At most `MAX_RECORDS` of each. Values must be finite numbers. The bytes are the caller's. */
export function encodeBatch({ readings, events }: Batch, decimalsOf: DecimalsOf): Uint8Array {
  writer.reset();
  writer.byte(CODEC_VERSION);
  writer.varint(readings?.count ?? 0);
  if (readings !== undefined && readings.count > 0) writeReadings(writer, readings, decimalsOf);
  writer.varint(events.length);
  writeEvents(writer, events);
  writer.uint32(crc32(writer.view()));
  return writer.take();
}

/** Throws `AgentError` `store-damaged` for anything but a whole body; never another error. */
export function decodeBatch(body: Uint8Array): Batch {
  if (body.length < 7) throw damaged(`${body.length} bytes are too few`);
  const end = body.length - 4;
  const wanted = new ByteReader(body, end).uint32();
  const found = crc32(body.subarray(0, end));
  if (wanted !== found) throw damaged('its CRC-32 is wrong', { wanted, found });
  const version = body[0];
  if (version !== CODEC_VERSION) throw damaged(`codec version ${version} is unknown`);
  try {
    const reader = new ByteReader(body, 1, end);
    const readings = reader.count(MAX_RECORDS, 'readings');
    const columns = readings === 0 ? undefined : readReadings(reader, readings);
    const events = readEvents(reader, reader.count(MAX_RECORDS, 'events'));
    if (reader.left > 0) throw damaged(`${reader.left} bytes too many`);
    return { readings: columns, events };
  } catch (thrown) {
    throw asAgentError(thrown, 'store-damaged');
  }
}
