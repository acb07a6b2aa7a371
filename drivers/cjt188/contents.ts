/**
 * What follows identifier and SER in the answer to 901F: of water and gas meters two totals, clock and status; of heat
 * meters energies, power, flow, volume, temperatures, hours. CJ/T 188-2004 Table 9 to 11
 */
import { digitsOf, fromBcd, scaled } from '../bcd.ts';
import { unitOf, type WireUnit } from './units.ts';

/** Four BCD bytes and a unit code. */
export interface Amount {
  /** Highest byte first. */
  readonly raw: string;
  /** Digits without a point; undefined where the meter has none (FF). */
  readonly digits: number | undefined;
  readonly code: number;
  /** Undefined for a code that is not in the standard. */
  readonly unit: WireUnit | undefined;
}

export const AMOUNTS = [
  'current-total',
  'settlement-total',
  'cold-energy',
  'energy',
  'power',
  'flow',
  'volume',
] as const;
export type AmountName = (typeof AMOUNTS)[number];

export interface Contents {
  readonly layout: 'totals' | 'short' | 'heat';
  readonly amounts: Readonly<Partial<Record<AmountName, Amount>>>;
  /** Hundredths of a degree; undefined where the meter has none. */
  readonly supply?: number | undefined;
  readonly return?: number | undefined;
  readonly hours?: number | undefined;
  /** ss mm hh DD MM YY YY, as they came. */
  readonly clock?: Uint8Array;
  /** Two bytes, or one in the short answer. */
  readonly status: Uint8Array;
  /** Bytes behind it: one is known of real meters. */
  readonly trailing: number;
}

const AMOUNT = 5;
const HEAT = ['cold-energy', 'energy', 'power', 'flow', 'volume'] as const;
/** Bytes behind identifier and SER: L is 3 more. */
const SIZES = { heat: 43, totals: 19, short: 6 } as const;

/** Bytes behind identifier and SER that a layout has. */
export function sizeOf(layout: Contents['layout']): number {
  return SIZES[layout];
}

/** Reads them; undefined where they are too short for any of the layouts. */
export function contentsOf(bytes: Uint8Array): Contents | undefined {
  for (const layout of ['heat', 'totals', 'short'] as const) {
    if (bytes.length < SIZES[layout]) continue;
    const trailing = bytes.length - SIZES[layout];
    if (layout === 'heat') return { ...heat(bytes), trailing };
    return { ...totals(bytes, layout), trailing };
  }
  return undefined;
}

function totals(bytes: Uint8Array, layout: 'totals' | 'short'): Omit<Contents, 'trailing'> {
  const current = amountAt(bytes, 0);
  if (layout === 'short') return { layout, amounts: { 'current-total': current }, status: bytes.slice(5, 6) };
  return {
    layout,
    amounts: { 'current-total': current, 'settlement-total': amountAt(bytes, AMOUNT) },
    clock: bytes.slice(10, 17),
    status: bytes.slice(17, 19),
  };
}

function heat(bytes: Uint8Array): Omit<Contents, 'trailing'> {
  return {
    layout: 'heat',
    amounts: Object.fromEntries(HEAT.map((name, i) => [name, amountAt(bytes, i * AMOUNT)])),
    supply: fromBcd(bytes.subarray(25, 28)),
    return: fromBcd(bytes.subarray(28, 31)),
    hours: fromBcd(bytes.subarray(31, 34)),
    clock: bytes.slice(34, 41),
    status: bytes.slice(41, 43),
  };
}

/** Four BCD bytes and their unit at a place. */
export function amountAt(bytes: Uint8Array, at: number): Amount {
  const digits = bytes.subarray(at, at + 4);
  const code = bytes[at + 4] ?? 0;
  return { raw: digitsOf(digits), digits: fromBcd(digits), code, unit: unitOf(code) };
}

/** An amount with its point, in the unit of its code; null where the meter has none. */
export function amountValue({ digits }: Amount, decimals: number): number | null {
  return digits === undefined ? null : scaled(digits, decimals);
}

/** `YYYY-MM-DD hh:mm:ss` as the digits stand there, whatever they are. */
export function clockDigits(clock: Uint8Array): string {
  const [second, minute, hour, day, month, low, high] = Array.from(clock, (byte) =>
    byte.toString(16).padStart(2, '0').toUpperCase(),
  );
  return `${high}${low}-${month}-${day} ${hour}:${minute}:${second}`;
}

/** The meter's clock; undefined where it is not set (zeros, ones) or says no time there is. */
export function clockOf(clock: Uint8Array): string | undefined {
  const text = clockDigits(clock);
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const real = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return real && hour < 24 && minute < 60 && second < 60 ? text : undefined;
}

export type Valve = 'open' | 'closed' | 'abnormal' | 'reserved';
const VALVES: readonly Valve[] = ['open', 'closed', 'reserved', 'abnormal'];

/** D1 D0 of the first status byte. CJ/T 188-2004 Table 12 */
export function valveOf(status: Uint8Array): Valve {
  return VALVES[(status[0] ?? 0) & 3] ?? 'reserved';
}

/** D2 of the first status byte. */
export function batteryLow(status: Uint8Array): boolean {
  return ((status[0] ?? 0) & 4) !== 0;
}

/** Decimals of each amount. CJ/T 188-2004 §5.4: flow XXXX.XXXX, all else XXXXXX.XX */
export const DECIMALS: Readonly<Record<AmountName, number>> = {
  'current-total': 2,
  'settlement-total': 2,
  'cold-energy': 2,
  energy: 2,
  power: 2,
  flow: 4,
  volume: 2,
};
