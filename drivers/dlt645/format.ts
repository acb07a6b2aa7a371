/** How the contents behind a data identifier are written, and reading them. DL/T 645-2007 Annex A, DL/T 645-1997 Annex A */
import { hex } from '../../agent/core/bytes.ts';
import type { Unit } from '../../agent/core/unit.ts';
import { digitsOf, fromBcd, fromSignedBcd, scaled } from '../bcd.ts';

/** One value on the wire. */
export type Layout =
  | { readonly kind: 'number'; readonly bytes: number; readonly decimals: number; readonly signed: boolean }
  /** A number and when it was: XX.XXXX, then mm hh DD MM YY. */
  | { readonly kind: 'demand'; readonly bytes: 8; readonly decimals: 4 }
  /** Characters, the last one first, padded with 00. */
  | { readonly kind: 'text'; readonly bytes: number }
  /** Digits that are no number: addresses, meter numbers. */
  | { readonly kind: 'digits'; readonly bytes: number }
  /** WW DD MM YY, or ss mm hh, or mm hh DD MM YY, or ss mm hh DD MM YY, or mm hh DD MM */
  | { readonly kind: 'date' | 'time' | 'moment' | 'instant' | 'month-moment'; readonly bytes: number }
  /** A status word. */
  | { readonly kind: 'bits'; readonly bytes: number };

export interface Format {
  readonly name: string;
  readonly layout: Layout;
  /** As people write it, and as UCUM code where it has one. */
  readonly unit?: string;
  readonly ucum?: Unit;
  /** A block: the same value several times. Names of the places, in their order; further ones have none. */
  readonly slots?: readonly string[];
  /** More of another kind stands behind the places and is not read. */
  readonly open?: true;
}

/** What a value says; `invalid` where the meter filled it with what is no digit: it has none. */
export type Content =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'date'; readonly weekday: number; readonly value: string }
  | { readonly kind: 'demand'; readonly value: number; readonly time: string | undefined }
  | { readonly kind: 'invalid'; readonly raw: string };

export const number = (bytes: number, decimals: number, signed = false): Layout => ({
  kind: 'number',
  bytes,
  decimals,
  signed,
});

/** Reads one value; `bytes` are as many as its layout has. */
export function contentOf(layout: Layout, bytes: Uint8Array): Content {
  const invalid = { kind: 'invalid', raw: hex(bytes) } as const;
  switch (layout.kind) {
    case 'number': {
      const digits = layout.signed ? fromSignedBcd(bytes) : fromBcd(bytes);
      return digits === undefined ? invalid : { kind: 'number', value: scaled(digits, layout.decimals) };
    }
    case 'demand': {
      const digits = fromSignedBcd(bytes.subarray(0, 3));
      const time = moment(bytes.subarray(3));
      return digits === undefined
        ? invalid
        : { kind: 'demand', value: scaled(digits, layout.decimals), time };
    }
    case 'text':
      return { kind: 'text', value: textOf(bytes) };
    case 'digits':
      return { kind: 'text', value: digitsOf(bytes) };
    case 'bits':
      return { kind: 'number', value: bytes.reduceRight((all, byte) => all * 256 + byte, 0) };
    case 'date': {
      const [weekday, day, month, year] = Array.from(bytes, two);
      if (weekday === undefined || !isDay(month, day) || year === undefined) return invalid;
      return { kind: 'date', weekday: Number(weekday), value: `20${year}-${month}-${day}` };
    }
    case 'time': {
      const [second, minute, hour] = Array.from(bytes, two);
      if (!below(hour, 24) || !below(minute, 60) || !below(second, 60)) return invalid;
      return { kind: 'text', value: `${hour}:${minute}:${second}` };
    }
    case 'moment': {
      const text = moment(bytes);
      return text === undefined ? invalid : { kind: 'text', value: text };
    }
    case 'instant': {
      const text = moment(bytes.subarray(1));
      const second = two(bytes[0] ?? 0xff);
      return text === undefined || !below(second, 60)
        ? invalid
        : { kind: 'text', value: `${text}:${second}` };
    }
    case 'month-moment': {
      const [minute, hour, day, month] = Array.from(bytes, two);
      if (!below(hour, 24) || !below(minute, 60) || !isDay(month, day)) return invalid;
      return { kind: 'text', value: `${month}-${day} ${hour}:${minute}` };
    }
  }
}

/** `YYYY-MM-DD hh:mm` of mm hh DD MM YY; undefined where it is none: zeros, ones, no digits. */
function moment(bytes: Uint8Array): string | undefined {
  const [minute, hour, day, month, year] = Array.from(bytes, two);
  if (!below(hour, 24) || !below(minute, 60) || !isDay(month, day) || year === undefined) return undefined;
  return `20${year}-${month}-${day} ${hour}:${minute}`;
}

/** Two digits; undefined where a nibble is none. */
function two(byte: number): string | undefined {
  return byte >> 4 > 9 || (byte & 15) > 9 ? undefined : byte.toString(16).padStart(2, '0');
}

function below(digits: string | undefined, limit: number): boolean {
  return digits !== undefined && Number(digits) < limit;
}

function isDay(month: string | undefined, day: string | undefined): boolean {
  return below(month, 13) && below(day, 32) && month !== '00' && day !== '00';
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes)
    .reverse()
    .map((byte) => (byte < 0x20 || byte > 0x7e ? ' ' : String.fromCharCode(byte)))
    .join('')
    .trim();
}
