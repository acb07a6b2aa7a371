/** Registers to values and back. */
import { decodeGb2312, encodeGb2312 } from '../../agent/core/content/gb2312.ts';
import { bad, good, type Mono, type Place, type Reading, type Value } from '../../agent/core/reading.ts';
import type { Mapped } from './map.ts';
import type { Order, WireType } from './schema.ts';

/** Register contents starting at an address. */
export interface Block {
  readonly start: number;
  /** Registers: two bytes each, high byte first. Bits: eight a byte, lowest first. */
  readonly bytes: Uint8Array;
}

/** The bytes of a value brought into order ABCD (most significant first). */
export function inOrder(bytes: Uint8Array, order: Order): Uint8Array {
  const ordered = Uint8Array.from(bytes);
  if (order === 'DCBA' || order === 'CDAB') ordered.reverse();
  if (order === 'BADC' || order === 'CDAB') {
    for (let i = 0; i + 1 < ordered.length; i += 2) {
      const first = ordered[i] ?? 0;
      ordered[i] = ordered[i + 1] ?? 0;
      ordered[i + 1] = first;
    }
  }
  return ordered;
}

/** The number in bytes of order ABCD; 64-bit integers beyond 2^53 lose their last digits. */
export function numberOf(bytes: Uint8Array, type: WireType): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'int16':
      return view.getInt16(0);
    case 'uint16':
      return view.getUint16(0);
    case 'int32':
      return view.getInt32(0);
    case 'uint32':
      return view.getUint32(0);
    case 'int64':
      return Number(view.getBigInt64(0));
    case 'uint64':
      return Number(view.getBigUint64(0));
    case 'float32':
      return view.getFloat32(0);
    case 'float64':
      return view.getFloat64(0);
    case 'bit':
    case 'string':
      return Number.NaN;
  }
}

/** The reading of a point from a block that holds all of it. */
export function readingOf(device: string, mapped: Mapped, block: Block, time: Mono): Reading {
  const at: Place = { device, point: mapped.point.id, unit: mapped.point.unit };
  if (mapped.type === 'bit') {
    const bit = mapped.address - block.start;
    const set = (((block.bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
    return good(at, typed(mapped, set ? 1 : 0), time);
  }
  const offset = 2 * (mapped.address - block.start);
  const wire = block.bytes.subarray(offset, offset + 2 * mapped.words);
  if (mapped.type === 'string') return textReading(at, wire, mapped, time);
  const bytes = inOrder(wire, mapped.order);
  const raw = hexOf(bytes);
  if (mapped.fault.includes(raw)) return bad(at, 'sensor-fault', time);
  if (mapped.notAvailable.includes(raw)) return bad(at, 'not-available', time);
  const exponent = exponentOf(mapped, block);
  if (exponent === undefined) return bad(at, 'not-available', time);
  const contents = bitsOf(bytes, mapped) ?? numberOf(bytes, mapped.type);
  if (!Number.isFinite(contents)) return bad(at, 'not-available', time);
  if (mapped.point.type === 'boolean') return good(at, contents !== 0, time);
  const value = scaled(contents, mapped.wire.scale, exponent) + mapped.wire.offset;
  if (mapped.point.type === 'string') return good(at, String(value), time);
  return ranged(at, mapped, rounded(value, mapped.point.decimals), time);
}

function typed(mapped: Mapped, bit: number): Value {
  if (mapped.point.type === 'boolean') return bit === 1;
  return mapped.point.type === 'string' ? String(bit) : bit;
}

/**
 * Text: bytes in register order (BADC and DCBA swap within registers), up to the first 0. With a character set as it stands,
 * without one Latin-1 and no blanks around it.
 */
function textReading(at: Place, wire: Uint8Array, { order, wire: { charset } }: Mapped, time: Mono): Reading {
  const swapped = order === 'BADC' || order === 'DCBA' ? inOrder(wire, 'BADC') : wire;
  const end = swapped.indexOf(0);
  const bytes = end < 0 ? swapped : swapped.subarray(0, end);
  if (charset !== undefined) {
    const text = charset === 'gb2312' ? decodeGb2312(bytes) : decodeUtf8(bytes, charset);
    return text === undefined ? bad(at, 'device-failure', time) : good(at, text, time);
  }
  const text = Buffer.from(bytes).toString('latin1').trim();
  return text === '' ? bad(at, 'not-available', time) : good(at, text, time);
}

function decodeUtf8(bytes: Uint8Array, charset: 'ascii' | 'utf-8'): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  const right = charset === 'utf-8' ? !text.includes('\ufffd') : /^[\n\x20-\x7e]*$/.test(text);
  return right ? text : undefined;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** The decimal exponent in the point's scale register; 0 without one, undefined where it is none (SunSpec: 8000). */
function exponentOf(mapped: Mapped, block: Block): number | undefined {
  if (mapped.scaleRegister === undefined) return 0;
  const offset = 2 * (mapped.scaleRegister - block.start);
  const exponent = numberOf(block.bytes.subarray(offset, offset + 2), 'int16');
  if (mapped.wire.decimalsRegister !== undefined) {
    return exponent >= 0 && exponent <= 9 ? -exponent : undefined;
  }
  // SunSpec Information Model Specification §4.2.8: sunssf is −10..10, 8000 hex is not implemented.
  return exponent >= -10 && exponent <= 10 ? exponent : undefined;
}

function bitsOf(bytes: Uint8Array, mapped: Mapped): number | undefined {
  const { bit, bits } = mapped.wire;
  const range = bits ?? (bit === undefined ? undefined : ([bit, bit] as const));
  if (range === undefined) return undefined;
  let contents = 0n;
  for (const byte of bytes) contents = (contents << 8n) | BigInt(byte);
  const width = BigInt(range[1] - range[0] + 1);
  return Number((contents >> BigInt(range[0])) & ((1n << width) - 1n));
}

/** Multiplies so that decimal scales stay decimal: 451 × 0.1 is 45.1, not 45.1000…01. */
function scaled(contents: number, scale: number, exponent: number): number {
  const factor = scale * 10 ** exponent;
  const inverse = Math.round(1 / factor);
  return factor < 1 && Math.abs(inverse * factor - 1) < 1e-9 ? contents / inverse : contents * factor;
}

/** `value` with `decimals` decimals; as it is where none are given. */
export function rounded(value: number, decimals: number | undefined): number {
  if (decimals === undefined) return value;
  const factor = 10 ** decimals;
  // Halves go away from zero, so that import and export round alike; −0 is no value of a meter.
  const whole = Math.sign(value) * Math.round(Math.abs(value) * factor);
  return Number.isFinite(whole) ? whole / factor + 0 : value;
}

function ranged(at: Place, mapped: Mapped, value: number, time: Mono): Reading {
  const range = mapped.point.range;
  if (range !== undefined && value > range[1]) return bad(at, 'over-range', time);
  if (range !== undefined && value < range[0]) return bad(at, 'under-range', time);
  return good(at, value, time);
}

/** Register contents of a value to be written, or why it cannot be. */
export type Encoded =
  | { readonly ok: true; readonly words: readonly number[]; readonly contents: number }
  | { readonly ok: false; readonly why: string };

/** What a written value becomes in the registers of its point. */
export function encode(mapped: Mapped, value: Value): Encoded {
  if (typeof value === 'string') return encodeText(mapped, value);
  const number = typeof value === 'boolean' ? (value ? 1 : 0) : value;
  const range = mapped.point.range;
  if (range !== undefined && (number < range[0] || number > range[1])) {
    return { ok: false, why: `expected a value from ${range[0]} to ${range[1]}, got ${number}` };
  }
  if (mapped.type === 'bit')
    return { ok: true, words: [number === 0 ? 0 : 1], contents: number === 0 ? 0 : 1 };
  const contents = (number - mapped.wire.offset) / mapped.wire.scale;
  const float = mapped.type === 'float32' || mapped.type === 'float64';
  const whole = float ? contents : Math.round(contents);
  const bytes = new Uint8Array(2 * mapped.words);
  const view = new DataView(bytes.buffer);
  if (!float && !fits(whole, mapped.type)) {
    return { ok: false, why: `expected a value that fits ${mapped.type}, got ${number}` };
  }
  switch (mapped.type) {
    case 'int16':
    case 'uint16':
      view.setUint16(0, whole & 0xffff);
      break;
    case 'int32':
    case 'uint32':
      view.setUint32(0, whole >>> 0);
      break;
    case 'int64':
    case 'uint64':
      view.setBigInt64(0, BigInt.asIntN(64, BigInt(whole)));
      break;
    case 'float32':
      view.setFloat32(0, whole);
      break;
    case 'float64':
      view.setFloat64(0, whole);
      break;
    case 'string':
      return { ok: false, why: 'expected a text, got a number' };
  }
  return { ok: true, words: wordsOf(inOrder(bytes, mapped.order)), contents: whole };
}

function encodeText(mapped: Mapped, text: string): Encoded {
  if (mapped.type !== 'string') return { ok: false, why: `expected a number, got ${JSON.stringify(text)}` };
  const bytes = new Uint8Array(2 * mapped.words);
  const source = textBytes(text, mapped.wire.charset);
  if (source === undefined) {
    return { ok: false, why: `expected characters of ${mapped.wire.charset}, got ${JSON.stringify(text)}` };
  }
  if (source.length > bytes.length) {
    const what = mapped.wire.charset === undefined ? 'characters' : 'bytes';
    return { ok: false, why: `expected at most ${bytes.length} ${what}, got ${source.length}` };
  }
  bytes.set(source);
  const swap = mapped.order === 'BADC' || mapped.order === 'DCBA';
  return { ok: true, words: wordsOf(swap ? inOrder(bytes, 'BADC') : bytes), contents: 0 };
}

/** Undefined where the set has not all of its characters. */
function textBytes(text: string, charset: Mapped['wire']['charset']): Uint8Array | undefined {
  if (charset === undefined) return Buffer.from(text, 'latin1');
  // A 0 would end it, and other control characters are no text.
  if (/[^\n\P{Cc}]/u.test(text)) return undefined;
  if (charset === 'gb2312') return encodeGb2312(text);
  return charset === 'ascii' && !/^[\n\x20-\x7e]*$/.test(text) ? undefined : Buffer.from(text, 'utf8');
}

function wordsOf(bytes: Uint8Array): readonly number[] {
  return Array.from(
    { length: bytes.length / 2 },
    (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0),
  );
}

const LIMITS: Readonly<Partial<Record<WireType, readonly [number, number]>>> = {
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

function fits(contents: number, type: WireType): boolean {
  const limits = LIMITS[type];
  return (
    limits === undefined || (Number.isFinite(contents) && contents >= limits[0] && contents <= limits[1])
  );
}
