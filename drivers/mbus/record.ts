/**
 * The records of an answer, cut apart: data information (DIF, DIFE), value information (VIF, VIFE, plain text), data.
 * What they mean is read elsewhere. EN 13757-3 §6
 */
import { hex2 } from '../meter-frame.ts';

export const FUNCTIONS = ['instantaneous', 'maximum', 'minimum', 'error'] as const;
/** Kind of value. */
export type FunctionKind = (typeof FUNCTIONS)[number];

export interface DataRecord {
  readonly kind: 'data';
  readonly dif: number;
  /** Low four bits of DIF: how the data is coded. */
  readonly coding: number;
  readonly function: FunctionKind;
  /** 0 the value of now, others are kept ones. */
  readonly storage: number;
  readonly tariff: number;
  /** Which of several meters in one housing. */
  readonly subunit: number;
  /** Whether there are DIFE: tariff and subunit are then said. */
  readonly extended: boolean;
  readonly vif: number;
  /** All of them, with their extension bits. */
  readonly vifes: readonly number[];
  /** VIF in plain text. */
  readonly text?: string;
  /** Of variable length: with the length byte in front. */
  readonly data: Uint8Array;
}

/** What the maker has put behind the records; `more`: another telegram follows. */
export interface OpaqueRecord {
  readonly kind: 'manufacturer' | 'more';
  readonly data: Uint8Array;
}

export type MbusRecord = DataRecord | OpaqueRecord;

export interface Records {
  readonly records: readonly MbusRecord[];
  /** Another telegram is to be asked for. */
  readonly more: boolean;
  /** Why reading stopped before the end; absent where everything was read. */
  readonly error?: string;
}

const EXTENSION = 0x80;
const FILLER = 0x2f;
const MANUFACTURER = 0x0f;
const MORE = 0x1f;
/** DIFE and VIFE at most. EN 13757-3 §6.2, §6.3 */
const MOST = 10;
/** Bytes by coding; variable length is read from the data. */
const SIZES = [0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, -1, 6, 0] as const;
const VARIABLE = 0x0d;
const PLAIN_TEXT = 0x7c;
/** Longest plain text of a VIF. */
const LONGEST_TEXT = 128;

/** Cuts `data` from `at` on. Never throws: what stands before an error is given with it. */
export function recordsOf(data: Uint8Array, at: number): Records {
  const records: MbusRecord[] = [];
  let more = false;
  for (let i = at; i < data.length; ) {
    const dif = data[i] ?? 0;
    if (dif === FILLER) {
      i++;
    } else if (dif === MANUFACTURER || dif === MORE) {
      more = dif === MORE;
      records.push({ kind: more ? 'more' : 'manufacturer', data: data.slice(i + 1) });
      break;
    } else {
      const found = recordAt(data, i);
      if (typeof found === 'string')
        return { records, more, error: `${found} (record ${records.length} at byte ${i})` };
      records.push(found.record);
      i = found.end;
    }
  }
  return { records, more };
}

type Cut = { readonly record: DataRecord; readonly end: number };

function recordAt(data: Uint8Array, start: number): Cut | string {
  const dif = data[start] ?? 0;
  const coding = dif & 15;
  if (coding === 0x0f) return `special DIF ${hex2(dif)} is reserved`;
  const difes = extensionsAt(data, start);
  if (typeof difes === 'string') return `${difes} DIFE`;
  let at = start + 1 + difes.length;
  const vif = data[at];
  if (vif === undefined) return 'premature end of record at DIF';
  const text = (vif & 0x7f) === PLAIN_TEXT ? textAt(data, at + 1) : undefined;
  if (text?.error !== undefined) return text.error;
  // Plain text stands between VIF and VIFE.
  const vifes = extensionsAt(data, at, text?.length ?? 0);
  if (typeof vifes === 'string') return `${vifes} VIFE`;
  at += 1 + (text?.length ?? 0) + vifes.length;
  const size = coding === VARIABLE ? variableSize(data[at]) : SIZES[coding];
  if (size === undefined) return `length byte ${hex2(data[at] ?? 0)} is reserved`;
  if (at + size > data.length) return 'premature end of record at data';
  const record: DataRecord = {
    kind: 'data',
    dif,
    coding,
    function: FUNCTIONS[(dif >> 4) & 3] ?? 'instantaneous',
    ...numbers(dif, difes),
    extended: difes.length > 0,
    vif,
    vifes,
    ...(text === undefined ? {} : { text: text.value }),
    data: data.slice(at, at + size),
  };
  return { record, end: at + size };
}

/** The bytes that follow the one at `at`, `skip` bytes further on, as long as each announces the next. */
function extensionsAt(data: Uint8Array, at: number, skip = 0): readonly number[] | string {
  const found: number[] = [];
  let last = data[at] ?? 0;
  while ((last & EXTENSION) !== 0) {
    if (found.length === MOST) return `more than ${MOST}`;
    const next = data[at + 1 + skip + found.length];
    if (next === undefined) return 'premature end of record at';
    found.push(next);
    last = next;
  }
  return found;
}

/** Storage from bit 6 of DIF and four bits of each DIFE, tariff from two, subunit from one. EN 13757-3 §6.2.2 */
function numbers(dif: number, difes: readonly number[]): Pick<DataRecord, 'storage' | 'tariff' | 'subunit'> {
  let [storage, tariff, subunit] = [(dif >> 6) & 1, 0, 0];
  difes.forEach((dife, i) => {
    storage += (dife & 15) * 2 ** (1 + 4 * i);
    tariff += ((dife >> 4) & 3) * 4 ** i;
    subunit += ((dife >> 6) & 1) * 2 ** i;
  });
  return { storage, tariff, subunit };
}

interface PlainText {
  readonly value: string;
  /** With the length byte. */
  readonly length: number;
  readonly error?: string;
}

/** Length, then the characters, the last one first. */
function textAt(data: Uint8Array, at: number): PlainText {
  const size = data[at] ?? 0;
  if (size > LONGEST_TEXT) return { value: '', length: 0, error: 'too long variable length VIF' };
  if (at + 1 + size > data.length) {
    return { value: '', length: 0, error: 'premature end of record at variable length VIF' };
  }
  return { value: reversedText(data.subarray(at + 1, at + 1 + size)), length: 1 + size };
}

/** Characters of ISO 8859-1, the last one first. */
export function reversedText(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('latin1');
}

/** Bytes of data of variable length, with the length byte; undefined for a reserved one. EN 13757-3 Table 5 */
function variableSize(lvar: number | undefined): number | undefined {
  if (lvar === undefined) return 1;
  if (lvar <= 0xbf) return 1 + lvar;
  if (lvar <= 0xc9) return 1 + (lvar - 0xc0);
  if (lvar >= 0xd0 && lvar <= 0xd9) return 1 + (lvar - 0xd0);
  if (lvar >= 0xe0 && lvar <= 0xef) return 1 + (lvar - 0xe0);
  if (lvar >= 0xf0 && lvar <= 0xf4) return 1 + 4 * (lvar - 0xec);
  if (lvar === 0xf5) return 1 + 48;
  return lvar === 0xf6 ? 1 + 64 : undefined;
}
