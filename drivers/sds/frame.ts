/** Frames of Nova Fitness dust sensors: 10 bytes from the sensor, 19 to it. SDS011 control protocol V1.3. */
import { byteText, type Found, sum8 } from '../scanner.ts';

export const SIZE = 10;
export const COMMAND_SIZE = 19;

/** What the second byte says: C0 values of an SDS011, CF of an SDS198, C5 the answer to a command. */
export type Kind = 'sds011' | 'sds198' | 'answer';
const KINDS: Readonly<Record<number, Kind>> = { 192: 'sds011', 207: 'sds198', 197: 'answer' };

export interface Frame {
  readonly kind: Kind;
  /** Bytes 3 to 6. */
  readonly data: Uint8Array;
  /** Two bytes that number the sensor, as hex. */
  readonly id: string;
}

export function frameAt(bytes: Uint8Array, at = 0): Found<Frame> | undefined {
  const have = bytes.length - at;
  if (have < 1) return undefined;
  if (bytes[at] !== 0xaa) return { ok: false, error: `header ${byteText(bytes[at] ?? 0)} is not AA` };
  if (have < 2) return undefined;
  const kind = KINDS[bytes[at + 1] ?? 0];
  if (kind === undefined) return { ok: false, error: `kind ${byteText(bytes[at + 1] ?? 0)} is not known` };
  if (have < SIZE) return undefined;
  const tail = bytes[at + 9] ?? 0;
  if (tail !== 0xab) return { ok: false, error: `tail ${byteText(tail)} is not AB` };
  const sum = sum8(bytes, at + 2, at + 8);
  const sent = bytes[at + 8] ?? 0;
  if (sum !== sent) return { ok: false, error: `checksum ${byteText(sent)} should be ${byteText(sum)}` };
  const id = `${byteText(bytes[at + 6] ?? 0)}${byteText(bytes[at + 7] ?? 0)}`;
  return { ok: true, size: SIZE, frame: { kind, data: bytes.slice(at + 2, at + 6), id } };
}

/** Values of a frame in µg/m³. */
export function valuesOf(frame: Frame): Readonly<Record<string, number>> {
  const word = (at: number) => (frame.data[at] ?? 0) | ((frame.data[at + 1] ?? 0) << 8);
  if (frame.kind === 'sds011') return { pm25: word(0) / 10, pm10: word(2) / 10 };
  return frame.kind === 'sds198' ? { pm100: word(2) } : {};
}

/** A command to whatever sensor is on the line (`FF FF`). `data`: from byte 3 on, at most 12. */
export function command(...data: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(COMMAND_SIZE);
  bytes.set([0xaa, 0xb4, ...data.slice(0, 13)]);
  bytes[15] = 0xff;
  bytes[16] = 0xff;
  bytes[17] = sum8(bytes, 2, 17);
  bytes[18] = 0xab;
  return bytes;
}
