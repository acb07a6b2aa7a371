/** One answer of a meter as values: what records and counters say, whichever structure they came in. */
import type { Unit } from '../../agent/core/unit.ts';
import { type Content, contentOf } from './content.ts';
import { effective, fixedOf } from './fixed.ts';
import { CI_ERROR, CI_FIXED, type LongFrame } from './frame.ts';
import { type Header, headerOf, hiddenBy } from './header.ts';
import { type Modified, meaningOf, type RecordError } from './modifier.ts';
import { type DataRecord, type FunctionKind, type Records, recordsOf } from './record.ts';
import { slugOf, type ValueInfo } from './vif.ts';

/** One value that a meter tells. */
export interface MeterValue {
  /** As profiles write it: `flow-temperature`. Empty where the maker names it in plain text. */
  readonly quantity: string;
  /** Plain text of the VIF. */
  readonly name?: string;
  readonly function: FunctionKind;
  readonly storage: number;
  readonly tariff: number;
  readonly subunit: number;
  /** VIFE that make it another value than the plain one. */
  readonly marks: readonly string[];
  /** Null where the meter has none; `reason` then says why. */
  readonly value: number | string | null;
  readonly ucum?: Unit;
  readonly reason?: RecordError;
}

export interface Telegram {
  /** Absent with an error, and in an answer without one (CI 78 has an empty one). */
  readonly header?: Header;
  readonly values: readonly MeterValue[];
  /** Another telegram is to be asked for. */
  readonly more: boolean;
  /** What the meter reports instead of data: its code. EN 13757-3 Table 24 */
  readonly refusal?: number;
  /** Why it cannot be read, in whole or from a place on. */
  readonly error?: string;
}

export function telegramOf({ ci, data }: LongFrame): Telegram {
  const none = { values: [], more: false };
  if (ci === CI_ERROR) return { ...none, refusal: data[0] ?? 0 };
  if (ci === CI_FIXED) {
    const fixed = fixedOf(data);
    if (fixed === undefined)
      return { ...none, error: `fixed structure: expected 16 bytes, got ${data.length}` };
    const { id, access, status } = fixed;
    const header: Header = { id, access, status, signature: 0, length: data.length };
    const values = effective(fixed.counters).flatMap(({ quantity, count, factor, ucum }, i) => {
      if (quantity === undefined) return [];
      const of = { function: 'instantaneous', tariff: 0, subunit: 0, marks: [] } as const;
      // The second counter of the same quantity is the historic one.
      const storage = fixed.stored || (i === 1 && fixed.counters[1].quantity === undefined) ? 1 : 0;
      const value = count === undefined ? null : clean(count * factor);
      return [{ ...of, quantity, storage, value, ...(ucum === undefined ? {} : { ucum }) }];
    });
    return { ...none, header, values };
  }
  const header = headerOf(ci, data);
  if (header === undefined) return { ...none, error: headerError(ci) };
  const hidden = hiddenBy(header);
  if (hidden !== undefined) return { ...none, header, error: `records are encrypted (mode ${hidden})` };
  const { records, more, error }: Records = recordsOf(data, header.length);
  const values = records.flatMap((record) => (record.kind === 'data' ? meterValue(record) : []));
  return { header, values, more, ...(error === undefined ? {} : { error }) };
}

export function headerError(ci: number): string {
  const known = ci === 0x72 || ci === 0x7a;
  const text = ci.toString(16).padStart(2, '0').toUpperCase();
  return known ? 'variable header too short' : `CI ${text}: expected 72, 73, 78, 7A or 70`;
}

function meterValue(record: DataRecord): readonly MeterValue[] {
  const meaning = meaningOf(record);
  if (meaning === undefined) return [];
  const { info, marks, error } = meaning;
  const value = error === undefined ? valueIn(contentOf(record, info), meaning) : null;
  const { function: kind, storage, tariff, subunit } = record;
  return [
    {
      ...(record.text === undefined
        ? { quantity: slugOf(info.quantity) }
        : { quantity: '', name: record.text.trim() }),
      function: kind,
      storage,
      tariff,
      subunit,
      marks,
      value: typeof value === 'number' && info.scale !== undefined ? clean(value * info.scale) : value,
      ...(info.ucum === undefined ? {} : { ucum: info.ucum }),
      ...(error === undefined ? {} : { reason: error }),
    },
  ];
}

/** The content in the unit of its `info`; null where the meter has no value. */
export function valueIn(
  content: Content,
  { info, offset }: Pick<Modified, 'info' | 'offset'>,
): number | string | null {
  switch (content.kind) {
    case 'number':
      return offset === 0 ? scaled(content.value, info) : clean(scaled(content.value, info) + offset);
    case 'moment':
      return content.value ?? null;
    case 'text':
    case 'bytes':
      return content.value;
    default:
      return null;
  }
}

/** Whole numbers keep their digits: 225.7, not 225.70000000000002. */
function scaled(value: number, { exponent, times }: ValueInfo): number {
  const decimal = Number.isSafeInteger(value) ? Number(`${value}e${exponent}`) : value * 10 ** exponent;
  return times === 1 ? decimal : decimal * times;
}

/** Without what binary fractions add. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/** Code of an application error. EN 13757-3 Table 24 */
const REFUSALS = [
  'unspecified error',
  'unimplemented CI field',
  'buffer too long, truncated',
  'too many records',
  'premature end of record',
  'more than 10 DIFE',
  'more than 10 VIFE',
  'reserved',
  'application busy',
  'too many readouts',
] as const;
export const BUSY = 8;

export function refusalName(code: number): string {
  return REFUSALS[code] ?? `unknown error ${code}`;
}
