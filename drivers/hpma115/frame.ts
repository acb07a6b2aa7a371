/** Frames of Honeywell HPM particle sensors. HPMA115S0/C0 data sheet, tables of commands and of auto send. */
import { byteText, type Found, sum8 } from '../scanner.ts';

/** Auto send: 42 4D, length, 13 words, 16-bit sum. */
export const LONGEST = 32;

export type Frame =
  /** 13 words, sent by itself every second. */
  | { readonly kind: 'auto'; readonly words: readonly number[] }
  /** What a question was answered with; `code` 4: measurement, 16: adjustment coefficient. */
  | { readonly kind: 'answer'; readonly code: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly ok: boolean };

/** The check byte of commands and answers: two's complement of the sum of all before. */
function check8(bytes: Uint8Array, at: number, size: number): string | undefined {
  const want = (0x100 - sum8(bytes, at, at + size - 1)) & 0xff;
  const sent = bytes[at + size - 1] ?? 0;
  return want === sent ? undefined : `checksum ${byteText(sent)} should be ${byteText(want)}`;
}

export function frameAt(bytes: Uint8Array, at = 0): Found<Frame> | undefined {
  const have = bytes.length - at;
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined) return undefined;
  if (first !== 0x42 && first !== 0x40 && first !== 0xa5 && first !== 0x96) {
    return { ok: false, error: `header ${byteText(first)} is not 42, 40, A5 or 96` };
  }
  if (second === undefined) return undefined;
  if (first === 0x42) return autoAt(bytes, at, have);
  if (first !== 0x40) {
    if (second !== first) return { ok: false, error: `header ${byteText(first)} is not sent twice` };
    return { ok: true, size: 2, frame: { kind: 'ack', ok: first === 0xa5 } };
  }
  // Head, length, that many bytes (command and data), check.
  if (second < 2 || second > 16) return { ok: false, error: `length ${second} is not known` };
  const size = second + 3;
  if (have < size) return undefined;
  const wrong = check8(bytes, at, size);
  if (wrong !== undefined) return { ok: false, error: wrong };
  const frame = {
    kind: 'answer',
    code: bytes[at + 2] ?? 0,
    data: bytes.slice(at + 3, at + size - 1),
  } as const;
  return { ok: true, size, frame };
}

function autoAt(bytes: Uint8Array, at: number, have: number): Found<Frame> | undefined {
  const word = (offset: number) => ((bytes[at + offset] ?? 0) << 8) | (bytes[at + offset + 1] ?? 0);
  if (bytes[at + 1] !== 0x4d) return { ok: false, error: 'header is not 42 4D' };
  if (have < 4) return undefined;
  if (word(2) !== 28) return { ok: false, error: `header length ${word(2)} is not known` };
  if (have < LONGEST) return undefined;
  let sum = 0;
  for (let i = 0; i < 30; i++) sum += bytes[at + i] ?? 0;
  if (sum !== word(30)) return { ok: false, error: `checksum ${word(30)} != ${sum}` };
  const words = Array.from({ length: 13 }, (_, i) => word(4 + 2 * i));
  return { ok: true, size: LONGEST, frame: { kind: 'auto', words } };
}

export type Model = 's0' | 'c0';

/** Values in µg/m³ of what the sensor sent by itself or was asked for; empty where it is neither. */
export function valuesOf(frame: Frame, model: Model): Readonly<Record<string, number>> {
  const named = (words: readonly (number | undefined)[], names: readonly string[]) =>
    Object.fromEntries(names.map((name, i) => [name, words[i] ?? 0]));
  const compact = ['pm1', 'pm25', 'pm4', 'pm10'];
  if (frame.kind === 'auto') {
    return model === 'c0' ? named(frame.words, compact) : named(frame.words.slice(1), ['pm25', 'pm10']);
  }
  if (frame.kind !== 'answer' || frame.code !== 4) return {};
  const { data } = frame;
  const words = Array.from(
    { length: data.length >> 1 },
    (_, i) => ((data[2 * i] ?? 0) << 8) | (data[2 * i + 1] ?? 0),
  );
  return words.length === 2 ? named(words, ['pm25', 'pm10']) : words.length < 4 ? {} : named(words, compact);
}

/** A command: head 68, length of what follows but the check. */
export function command(...data: readonly number[]): Uint8Array {
  const bytes = Uint8Array.of(0x68, data.length, ...data, 0);
  bytes[bytes.length - 1] = (0x100 - sum8(bytes, 0, bytes.length - 1)) & 0xff;
  return bytes;
}

/** Why `bytes` are no command, or undefined. */
export function commandError(bytes: Uint8Array): string | undefined {
  const size = (bytes[1] ?? 2) + 3;
  if (bytes[0] !== 0x68) return `header ${byteText(bytes[0] ?? 0)} is not 68`;
  if (bytes.length < size) return `short: ${bytes.length} of ${size} bytes`;
  if (bytes.length > size) return `length: ${size} bytes and ${bytes.length - size} more`;
  return check8(bytes, 0, size);
}
