/**
 * Frames of GB/T 26875.3-2011 (Table 1): 40 40, serial number, version, time, source, destination, length, command, ADU,
 * sum, 23 23. Spoken by both rooms: drivers hear panels and devices, the uplink speaks to the centre.
 */
import { hex } from '../../core/bytes.ts';

/** GB/T 26875.3-2011 Table 2. 7 to 127 are reserved, 128 to 255 the user's. */
export const COMMANDS = { control: 1, send: 2, ack: 3, request: 4, reply: 5, nak: 6 } as const;
export type CommandName = keyof typeof COMMANDS;

/** Bytes besides the ADU. */
export const OVERHEAD = 30;
/** Longest ADU, bytes. */
export const LONGEST_ADU = 1024;
export const LONGEST_FRAME = OVERHEAD + LONGEST_ADU;
const START = 0x40;
const END = 0x23;
/** Addresses have six bytes. */
export const LAST_ADDRESS = 2 ** 48 - 1;

export interface Frame {
  /** 0 to 65535; the answer repeats it. */
  readonly serial: number;
  readonly version: readonly [main: number, user: number];
  /** Second, minute, hour, day, month, year of the century, binary. */
  readonly time: Uint8Array;
  readonly source: number;
  readonly destination: number;
  readonly command: number;
  readonly adu: Uint8Array;
}

export interface FoundFrame {
  readonly ok: true;
  readonly size: number;
  readonly frame: Frame;
  readonly sum: number;
}
export interface NoFrame {
  readonly ok: false;
  readonly check: 'start' | 'length' | 'end' | 'checksum';
  readonly error: string;
  /** The frame as it would be, where all its bytes are there. */
  readonly frame?: Frame;
}

export function encodeFrame({ serial, version, time, source, destination, command, adu }: Frame): Uint8Array {
  const bytes = Buffer.alloc(OVERHEAD + adu.length);
  bytes.fill(START, 0, 2);
  bytes.writeUInt16LE(serial & 0xffff, 2);
  bytes[4] = version[0];
  bytes[5] = version[1];
  bytes.set(time.subarray(0, 6), 6);
  bytes.writeUIntLE(source, 12, 6);
  bytes.writeUIntLE(destination, 18, 6);
  bytes.writeUInt16LE(adu.length, 24);
  bytes[26] = command;
  bytes.set(adu, 27);
  bytes[27 + adu.length] = sumOf(bytes, 2, 27 + adu.length);
  bytes.fill(END, 28 + adu.length);
  return bytes;
}

/** The frame that begins at `at`; undefined while bytes are missing. */
export function frameAt(bytes: Uint8Array, at: number): FoundFrame | NoFrame | undefined {
  const have = bytes.length - at;
  for (let i = 0; i < 2; i++) {
    if (have <= i) return undefined;
    if (bytes[at + i] !== START) return { ok: false, check: 'start', error: 'start: expected 40 40' };
  }
  if (have < 27) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset + at, have);
  const length = view.readUInt16LE(24);
  if (length > LONGEST_ADU) {
    return { ok: false, check: 'length', error: `length: ADU of ${length} bytes, at most ${LONGEST_ADU}` };
  }
  const size = OVERHEAD + length;
  if (have < size) return undefined;
  const frame: Frame = {
    serial: view.readUInt16LE(2),
    version: [view[4] ?? 0, view[5] ?? 0],
    time: Uint8Array.from(view.subarray(6, 12)),
    source: view.readUIntLE(12, 6),
    destination: view.readUIntLE(18, 6),
    command: view[26] ?? 0,
    adu: Uint8Array.from(view.subarray(27, 27 + length)),
  };
  const end = view.subarray(28 + length, size);
  if (end[0] !== END || end[1] !== END) {
    return { ok: false, check: 'end', error: `end: expected 23 23, got ${hex(end)}`, frame };
  }
  const sum = sumOf(view, 2, 27 + length);
  const sent = view[27 + length] ?? 0;
  if (sum !== sent) {
    const error = `checksum: frame ${hex(Uint8Array.of(sent))} computed ${hex(Uint8Array.of(sum))}`;
    return { ok: false, check: 'checksum', error, frame };
  }
  return { ok: true, size, frame, sum };
}

/** Sum of bytes modulo 256, from serial number to the end of the ADU (Table 1). */
function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

export type Heard = FoundFrame | (NoFrame & { readonly frame: Frame });

/**
 * Takes bytes as they come. What fails its checks is dropped by one byte and the search for 40 40 goes on; a frame whose
 * bytes are all there and only its sum is wrong is told too, for it is owed a nak (6.3). A mark within noise that asks
 * for bytes which never come holds up nobody: a whole frame behind it is taken at once.
 */
export class FrameStream {
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes dropped so far. */
  dropped = 0;

  push(bytes: Uint8Array): readonly Heard[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const heard: Heard[] = [];
    let at = 0;
    for (;;) {
      const start = startFrom(all, at);
      this.dropped += start - at;
      at = start;
      if (at >= all.length) break;
      const found = frameAt(all, at);
      if (found === undefined) {
        const next = frameBehind(all, at + 1);
        if (next === undefined) break;
        this.dropped += next - at;
        at = next;
        continue;
      }
      if (found.ok) {
        heard.push(found);
        at += found.size;
        continue;
      }
      if (found.check === 'checksum' && found.frame !== undefined)
        heard.push({ ...found, frame: found.frame });
      this.dropped += 1;
      at += 1;
    }
    this.#rest = Uint8Array.from(all.subarray(at));
    return heard;
  }
}

/** Where a frame may begin, from `at` on; the end where nowhere. */
function startFrom(bytes: Buffer, at: number): number {
  for (let next = bytes.indexOf(START, at); next >= 0; next = bytes.indexOf(START, next + 1)) {
    if (next + 1 === bytes.length || bytes[next + 1] === START) return next;
  }
  return bytes.length;
}

/** Where a whole frame stands, from `at` on. */
function frameBehind(bytes: Buffer, at: number): number | undefined {
  for (let next = startFrom(bytes, at); next < bytes.length; next = startFrom(bytes, next + 1)) {
    if (frameAt(bytes, next)?.ok === true) return next;
  }
  return undefined;
}
