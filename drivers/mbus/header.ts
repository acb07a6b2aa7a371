/** What stands before the records of an answer: who the meter is and how it feels. EN 13757-3 §5.3 to 5.5 */
import { digitsOf } from '../bcd.ts';
import { hex2 } from '../meter-frame.ts';
import { CI_LONG, CI_NONE, CI_SHORT } from './frame.ts';

export interface Header {
  /** Eight digits; F where the maker left one open. Absent in the short header. */
  readonly id?: string;
  /** Three letters. */
  readonly manufacturer?: string;
  readonly version?: number;
  readonly medium?: number;
  readonly access: number;
  readonly status: number;
  /** Configuration word (signature). */
  readonly signature: number;
  /** Bytes it takes. */
  readonly length: number;
}

const LONG = 12;
const SHORT = 4;

/** Reads the header that a CI announces; undefined where the data is too short for it, or the CI has none of them. */
export function headerOf(ci: number, data: Uint8Array): Header | undefined {
  if (ci === CI_NONE) return { access: 0, status: 0, signature: 0, length: 0 };
  if (ci === CI_SHORT && data.length >= SHORT) return { ...tail(data, 0), length: SHORT };
  if (ci !== CI_LONG || data.length < LONG) return undefined;
  return {
    id: digitsOf(data.subarray(0, 4)),
    manufacturer: letters((data[4] ?? 0) | ((data[5] ?? 0) << 8)),
    version: data[6] ?? 0,
    medium: data[7] ?? 0,
    ...tail(data, 8),
    length: LONG,
  };
}

function tail(data: Uint8Array, at: number): Pick<Header, 'access' | 'status' | 'signature'> {
  return {
    access: data[at] ?? 0,
    status: data[at + 1] ?? 0,
    signature: (data[at + 2] ?? 0) | ((data[at + 3] ?? 0) << 8),
  };
}

/** Three letters of five bits each. EN 13757-3 §5.6 */
function letters(code: number): string {
  return String.fromCharCode(...[10, 5, 0].map((shift) => ((code >> shift) & 31) + 64));
}

/** Security mode of the configuration word where it hides the records: 5, 7 and 13 are AES. EN 13757-3 Table 19 */
export function hiddenBy({ signature }: Header): number | undefined {
  const mode = (signature >> 8) & 31;
  // Meters older than the word send anything there: only with a count of blocks it is one.
  return (mode === 5 || mode === 7 || mode === 13) && ((signature >> 4) & 15) > 0 ? mode : undefined;
}

export const STATUS_BITS = {
  'power-low': 4,
  'permanent-error': 8,
  'temporary-error': 16,
} as const;

/** EN 13757-3 Table 6 */
const MEDIA: Readonly<Record<number, string>> = {
  0: 'Other',
  1: 'Oil',
  2: 'Electricity',
  3: 'Gas',
  4: 'Heat: Outlet',
  5: 'Steam',
  6: 'Warm water (30-90°C)',
  7: 'Water',
  8: 'Heat Cost Allocator',
  9: 'Compressed Air',
  10: 'Cooling load meter: Outlet',
  11: 'Cooling load meter: Inlet',
  12: 'Heat: Inlet',
  13: 'Heat / Cooling load meter',
  14: 'Bus/System',
  15: 'Unknown Medium',
  16: 'Irrigation Water',
  17: 'Water Logger',
  18: 'Gas Logger',
  19: 'Gas Converter',
  20: 'Calorific value',
  21: 'Hot water (>90°C)',
  22: 'Cold water',
  23: 'Dual water',
  24: 'Pressure',
  25: 'A/D Converter',
  26: 'Smoke Detector',
  27: 'Ambient Sensor',
  28: 'Gas Detector',
  32: 'Breaker: Electricity',
  33: 'Valve: Gas or Water',
  37: 'Customer Unit: Display Device',
  40: 'Waste Water',
  41: 'Garbage',
  48: 'Service Unit',
  54: 'Radio Converter: System',
  55: 'Radio Converter: Meter',
};

export function mediumName(medium: number): string {
  const name = MEDIA[medium];
  if (name !== undefined) return name;
  return medium >= 0x22 && medium <= 0x3f ? 'Reserved' : `Unknown medium (0x${hex2(medium).toLowerCase()})`;
}
