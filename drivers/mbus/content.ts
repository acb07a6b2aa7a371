/** The data of a record as numbers, texts and moments. EN 13757-3 Annex A */
import { hex } from '../../agent/core/bytes.ts';
import { type DataRecord, reversedText } from './record.ts';
import type { ValueInfo } from './vif.ts';

export type Content =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** `value`: `YYYY-MM-DD`, `YYYY-MM-DD hh:mm[:ss]` or `hh:mm:ss`; undefined where the meter says that it has none. */
  | { readonly kind: 'moment'; readonly value: string | undefined; readonly digits: string }
  | { readonly kind: 'bytes'; readonly value: string }
  /** BCD with what is no digit, NaN: the meter has no value. */
  | { readonly kind: 'invalid'; readonly raw: string }
  | { readonly kind: 'none' };

const REAL = 5;
const VARIABLE = 0x0d;

export function contentOf({ coding, data }: DataRecord, info: ValueInfo | undefined): Content {
  if (coding === 0 || coding === 8) return { kind: 'none' };
  if (info?.moment === true && coding <= 6 && coding !== 1 && coding !== REAL) return momentOf(data);
  if (coding === VARIABLE) return variable(data);
  if (coding === REAL) {
    const value = Buffer.from(data).readFloatLE(0);
    return Number.isFinite(value) ? { kind: 'number', value } : { kind: 'invalid', raw: hex(data) };
  }
  if (coding <= 7) return { kind: 'number', value: integer(data) };
  return bcd(data);
}

/** Two's complement, lowest byte first. Type B */
function integer(bytes: Uint8Array): number {
  const value = Buffer.from(bytes).reverse().toString('hex');
  return bytes.length === 0 ? 0 : Number(BigInt.asIntN(8 * bytes.length, BigInt(`0x${value}`)));
}

/** Lowest byte first; F in front is the sign. Type A */
function bcd(bytes: Uint8Array): Content {
  const digits = Buffer.from(bytes).reverse().toString('hex');
  const match = /^(f?)(\d+)$/.exec(digits);
  if (match?.[2] === undefined) return { kind: 'invalid', raw: hex(bytes) };
  const value = Number(match[2]);
  return { kind: 'number', value: match[1] === 'f' && value !== 0 ? -value : value };
}

/** By the length byte: text, BCD of either sign, or a binary number that may be too long for one. */
function variable(data: Uint8Array): Content {
  const [lvar = 0] = data;
  const bytes = data.subarray(1);
  if (lvar <= 0xbf) return { kind: 'text', value: reversedText(bytes) };
  if (lvar < 0xe0) {
    const content = bcd(bytes);
    return content.kind === 'number' && lvar >= 0xd0 ? { kind: 'number', value: 0 - content.value } : content;
  }
  return lvar <= 0xe8 && bytes.length > 0
    ? { kind: 'number', value: integer(bytes) }
    : { kind: 'bytes', value: hex(Uint8Array.from(bytes).reverse()) };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Types G (two bytes), J (three), F (four) and I (six). */
function momentOf(data: Uint8Array): Content {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = data;
  switch (data.length) {
    case 2:
      return told(2000 + year(a, b), b & 15, a & 31);
    case 3: {
      const [second, minute, hour] = [a & 63, b & 63, c & 31];
      const digits = `${two(hour)}:${two(minute)}:${two(second)}`;
      const real = hour < 24 && minute < 60 && second < 60;
      return { kind: 'moment', digits, value: real ? digits : undefined };
    }
    case 4: {
      if ((a & 0x80) !== 0) return UNSET;
      const short = year(c, d);
      // Old meters count two digits and say 0 for the century. EN 13757-3 Annex A, type F
      const century = (b >> 5) & 3;
      const full = 1900 + 100 * (century === 0 && short <= 80 ? 1 : century) + short;
      return told(full, d & 15, c & 31, [b & 31, a & 63]);
    }
    default:
      if ((b & 0x80) !== 0) return UNSET;
      return told(2000 + year(d, e), e & 15, d & 31, [c & 31, b & 63, a & 63]);
  }
}

/** Seven bits of the year in the upper bits of day and month. */
function year(day: number, month: number): number {
  return ((day & 0xe0) >> 5) | ((month & 0xf0) >> 1);
}

/** The meter's clock has never been set. Digits as libmbus prints them. */
const UNSET: Content = { kind: 'moment', value: undefined, digits: '1900-01-00T00:00:00Z' };

function told(full: number, month: number, day: number, time?: readonly number[]): Content {
  const date = `${full}-${two(month)}-${two(day)}`;
  const real = month >= 1 && month <= 12 && day >= 1;
  if (time === undefined) return { kind: 'moment', digits: date, value: real ? date : undefined };
  const [hour = 0, minute = 0, second] = time;
  const possible = real && hour < 24 && minute < 60 && (second ?? 0) < 60;
  const clock = `${two(hour)}:${two(minute)}`;
  const seconds = second === undefined ? '' : `:${two(second)}`;
  return {
    kind: 'moment',
    digits: `${date}T${clock}:${two(second ?? 0)}Z`,
    value: possible ? `${date} ${clock}${seconds}` : undefined,
  };
}
