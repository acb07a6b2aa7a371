/**
 * What VIFE behind a value's own code change or add: corrections, directions, limits, errors of the record. EN 13757-3
 * Table 15 and 18
 */
import type { DataRecord } from './record.ts';
import { baseInfo, hasTable, type ValueInfo } from './vif.ts';

export interface Modified {
  readonly info: ValueInfo;
  /** What VIF says where VIFE make a date or a duration of it; the same as `info` otherwise. */
  readonly plain: ValueInfo;
  /** Added to the value, in its unit. */
  readonly offset: number;
  /** In words: `accumulation only if positive`. */
  readonly modifiers: readonly string[];
  /** VIFE that tell two values of one quantity apart, as hex, without extension bits. */
  readonly marks: readonly string[];
  /** Why the meter has no value. */
  readonly error?: RecordError;
}

export type RecordError = 'no data' | 'overflow' | 'underflow' | 'data error' | 'not implemented';

const ERRORS: Readonly<Record<number, RecordError>> = {
  1: 'not implemented',
  2: 'not implemented',
  3: 'not implemented',
  4: 'not implemented',
  5: 'not implemented',
  6: 'not implemented',
  7: 'not implemented',
  11: 'not implemented',
  12: 'not implemented',
  13: 'not implemented',
  14: 'not implemented',
  15: 'not implemented',
  21: 'no data',
  22: 'overflow',
  23: 'underflow',
  24: 'data error',
  28: 'data error',
};

const WORDS: Readonly<Record<number, string>> = {
  32: 'per second',
  33: 'per minute',
  34: 'per hour',
  35: 'per day',
  36: 'per week',
  37: 'per month',
  38: 'per year',
  39: 'per revolution or measurement',
  40: 'per input pulse of channel 0',
  41: 'per input pulse of channel 1',
  42: 'per output pulse of channel 0',
  43: 'per output pulse of channel 1',
  44: 'per litre',
  45: 'per m³',
  46: 'per kg',
  47: 'per K',
  48: 'per kWh',
  49: 'per GJ',
  50: 'per kW',
  51: 'per K·l',
  52: 'per V',
  53: 'per A',
  54: 'multiplied by s',
  55: 'multiplied by s/V',
  56: 'multiplied by s/A',
  57: 'start of',
  58: 'uncorrected',
  59: 'accumulation only if positive',
  60: 'accumulation of absolute value only if negative',
  64: 'lower limit',
  65: 'times below the lower limit',
  72: 'upper limit',
  73: 'times above the upper limit',
  126: 'future value',
};
/** Units of the modifiers that make the data a duration, by their two lowest bits. */
const SECONDS = [1, 60, 3600, 86_400] as const;

/** The record's meaning with all its VIFE; undefined where its VIF means nothing. */
export function meaningOf(record: DataRecord): Modified | undefined {
  const base = baseInfo(record);
  if (base === undefined) return undefined;
  let plain = base;
  let other: ValueInfo | undefined;
  let offset = 0;
  let error: RecordError | undefined;
  const modifiers: string[] = [];
  const marks: string[] = [];
  const rest = record.vifes.slice(hasTable(record.vif) ? 1 : 0);
  // Behind FF and 7F all is the maker's own.
  if ((record.vif & 0x7f) === 0x7f) return { info: plain, plain, offset, modifiers, marks: rest.map(mark) };
  for (let i = 0; i < rest.length; i++) {
    const code = (rest[i] ?? 0) & 0x7f;
    if (code >= 0x70 && code <= 0x77) plain = { ...plain, exponent: plain.exponent + (code & 7) - 6 };
    else if (code >= 0x78 && code <= 0x7b) offset += 10 ** ((code & 3) - 3);
    else if (code === 0x7d) plain = { ...plain, exponent: plain.exponent + 3 };
    else if (code === 0x7f || code === 0x7c) {
      // The maker's own follow, or codes of a further table: told apart, not read.
      marks.push(...rest.slice(i).map(mark));
      break;
    } else {
      error ??= ERRORS[code];
      if (code < 0x20) continue;
      const changed = otherKind(code, base.quantity);
      other ??= changed;
      modifiers.push(WORDS[code] ?? changed?.quantity ?? `VIFE ${mark(code)}`);
      marks.push(mark(code));
    }
  }
  return { info: other ?? plain, plain, offset, modifiers, marks, ...(error === undefined ? {} : { error }) };
}

/** Modifiers that make dates or durations of limit events of the data. */
function otherKind(code: number, of: string): ValueInfo | undefined {
  const limit = (code & 8) === 0 ? 'lower' : 'upper';
  if (code === 0x39) return { quantity: `Start of ${of}`, unit: '-', exponent: 0, times: 1, moment: true };
  const isDate =
    (code >= 0x42 && code <= 0x4f && (code & 7) >= 2) || (code >= 0x68 && code <= 0x6f && (code & 2) !== 0);
  if (isDate)
    return { quantity: `Time of ${limit} limit of ${of}`, unit: '-', exponent: 0, times: 1, moment: true };
  if (code < 0x50 || code > 0x67) return undefined;
  const times = SECONDS[code & 3] ?? 1;
  return { quantity: `Duration beyond limit of ${of}`, unit: 's', exponent: 0, times, ucum: 's' };
}

function mark(code: number): string {
  return (code & 0x7f).toString(16).padStart(2, '0').toUpperCase();
}
