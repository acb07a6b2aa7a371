/** Sensirion SHDLC: 7E … 7E, stuffed, the inverted sum as check. SPS30 datasheet V1.0 §5; SHDLC as in python-shdlc-driver. */
import { byteText, type Found, sum8 } from '../scanner.ts';

/** A frame of 255 bytes of data, all stuffed, and its marks. */
export const LONGEST = 2 * (255 + 5) + 2;
const STUFFED: Readonly<Record<number, number>> = { 126: 0x5e, 125: 0x5d, 17: 0x31, 19: 0x33 };
const PLAIN: Readonly<Record<number, number>> = { 94: 0x7e, 93: 0x7d, 49: 0x11, 51: 0x13 };

export interface Frame {
  readonly address: number;
  readonly command: number;
  /** Low 7 bits: error of the command (0 none); bit 7: an error stands in the device's status. Undefined to the device. */
  readonly state: number | undefined;
  readonly data: Uint8Array;
}

/** Bytes between two marks as they were before stuffing; undefined where an escape stands for nothing. */
function unstuffed(bytes: Uint8Array): Uint8Array | undefined {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const plain = byte === 0x7d ? PLAIN[bytes[++i] ?? 0] : byte;
    if (plain === undefined) return undefined;
    out.push(plain);
  }
  return Uint8Array.from(out);
}

/** A frame at `at`; `up`: from the device, with a state. */
export function frameAt(bytes: Uint8Array, at = 0, up = true): Found<Frame> | undefined {
  if (at >= bytes.length) return undefined;
  if (bytes[at] !== 0x7e) return { ok: false, error: `header ${byteText(bytes[at] ?? 0)} is not 7E` };
  const end = bytes.indexOf(0x7e, at + 1);
  if (end < 0) return bytes.length - at > LONGEST ? { ok: false, error: 'no end of the frame' } : undefined;
  if (end === at + 1) return { ok: false, error: 'empty: two marks and nothing between' };
  const body = unstuffed(bytes.subarray(at + 1, end));
  if (body === undefined) return { ok: false, error: 'stuffing: 7D before a byte that is not stuffed' };
  const header = up ? 4 : 3;
  if (body.length <= header)
    return { ok: false, error: `short: ${body.length} of at least ${header + 1} bytes` };
  const length = body[header - 1] ?? 0;
  if (body.length !== header + length + 1) {
    const have = body.length - header - 1;
    return { ok: false, error: `length: ${have} bytes of data, the frame says ${length}` };
  }
  const check = 0xff - sum8(body, 0, body.length - 1);
  const sent = body.at(-1) ?? 0;
  if (check !== sent) return { ok: false, error: `checksum ${byteText(sent)} should be ${byteText(check)}` };
  const [address = 0, command = 0, state] = body;
  const frame = { address, command, state: up ? state : undefined, data: body.slice(header, -1) };
  return { ok: true, size: end + 1 - at, frame };
}

/** A command to the sensor at address 0. */
export function request(command: number, ...data: readonly number[]): Uint8Array {
  const body = Uint8Array.of(0, command, data.length, ...data);
  const checked = [...body, 0xff - sum8(body, 0, body.length)];
  const stuffed = checked.flatMap((byte) => {
    const mark = STUFFED[byte];
    return mark === undefined ? [byte] : [0x7d, mark];
  });
  return Uint8Array.of(0x7e, ...stuffed, 0x7e);
}

/** Ten floats of a measurement, in the order of the frame, with the names and units of their points. */
export const FIELDS = {
  pm1: 'ug/m3',
  pm25: 'ug/m3',
  pm4: 'ug/m3',
  pm10: 'ug/m3',
  n05: '/cm3',
  n1: '/cm3',
  n25: '/cm3',
  n4: '/cm3',
  n10: '/cm3',
  typical_size_um: 'um',
} as const;

/** The values of a measurement of 40 bytes; undefined where the data is none. */
export function valuesOf(data: Uint8Array): Readonly<Record<keyof typeof FIELDS, number>> | undefined {
  if (data.length !== 40) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const names = Object.keys(FIELDS);
  return Object.fromEntries(names.map((name, i) => [name, view.getFloat32(4 * i)])) as Record<
    keyof typeof FIELDS,
    number
  >;
}
