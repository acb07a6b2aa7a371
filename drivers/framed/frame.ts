/** Finds the frames of a description in bytes. */
import { fromHex } from '../../agent/core/bytes.ts';
import type { Found, FrameAt } from '../scanner.ts';
import { checksumOf } from './checksum.ts';
import { type Checksum, checkSize, type Options } from './schema.ts';

const no = (error: string) => ({ ok: false, error }) as const;
const place = (offset: number, size: number) => (offset < 0 ? size + offset : offset);

/** Frames as `options` describe them; the frame is all its bytes, marks and check included. */
export function frameFinder({ frame, checksum }: Options): FrameAt<Uint8Array> {
  const { start = new Uint8Array(0), end, longest } = frame;
  return (bytes, at) => {
    const have = bytes.length - at;
    for (const [i, byte] of start.entries()) {
      if (have <= i) return undefined;
      if (bytes[at + i] !== byte) return no('start');
    }
    const size = sizeAt(bytes, at);
    if (typeof size === 'string') return no(size);
    if (size === undefined || have < size) return undefined;
    const whole = bytes.slice(at, at + size);
    if (end !== undefined && !end.every((byte, i) => whole[size - end.length + i] === byte)) return no('end');
    if (checksum !== undefined && !stands(whole, checksum)) return no('checksum');
    return { ok: true, size, frame: whole } satisfies Found<Uint8Array>;
  };

  /** Bytes of the frame at `at`, undefined while they cannot be known, or why there is none. */
  function sizeAt(bytes: Uint8Array, at: number): number | string | undefined {
    if (frame.length !== undefined) return frame.length;
    const have = bytes.length - at;
    if (frame.lengthField !== undefined) {
      const { offset, type, add } = frame.lengthField;
      const width = type === 'uint8' ? 1 : 2;
      if (have < offset + width) return undefined;
      const [first = 0, second = 0] = bytes.subarray(at + offset, at + offset + width);
      const value =
        width === 1 ? first : type === 'uint16-be' ? (first << 8) | second : (second << 8) | first;
      const size = value + add;
      return size < offset + width + (end?.length ?? 0) || size > longest ? `length ${size}` : size;
    }
    const mark = end ?? new Uint8Array(0);
    const last = Math.min(bytes.length, at + longest) - mark.length;
    for (let i = at + start.length; i <= last; i++) {
      if (mark.every((byte, j) => bytes[i + j] === byte)) return i + mark.length - at;
    }
    return have >= longest ? 'no end' : undefined;
  }
}

function stands(frame: Uint8Array, checksum: Checksum): boolean {
  const size = frame.length;
  const at = place(checksum.at, size);
  const from = place(checksum.from, size);
  const to = place(checksum.to ?? checksum.at, size);
  const width = checkSize(checksum);
  if (at < 0 || at + width > size || from < 0 || to > size || from >= to) return false;
  const covered = checksum.over === 'hex' ? hexAt(frame, from, to) : frame.subarray(from, to);
  const written = checksum.encoding === 'hex' ? hexAt(frame, at, at + width) : frame.subarray(at, at + width);
  if (covered === undefined || written === undefined) return false;
  const [first = 0, second] = written;
  const sent =
    second === undefined ? first : checksum.order === 'be' ? (first << 8) | second : (second << 8) | first;
  return checksumOf(checksum.kind, covered) === sent;
}

/** The bytes that hex digits stand for. */
function hexAt(frame: Uint8Array, from: number, to: number): Uint8Array | undefined {
  return fromHex(String.fromCharCode(...frame.subarray(from, to)));
}
