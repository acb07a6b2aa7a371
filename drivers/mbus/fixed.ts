/** The fixed data structure (CI 73) of old meters: number, status, two counters. EN 1434-3:1997 §6.4.2, since withdrawn */
import type { Unit } from '../../agent/core/unit.ts';
import { digitsOf, fromBcd } from '../bcd.ts';

export interface FixedCounter {
  /** As printed: `10 kWh`. */
  readonly label: string;
  /** Undefined where the unit says none. */
  readonly quantity?: string;
  /** The count × factor is in `ucum`. */
  readonly factor: number;
  readonly ucum?: Unit;
  /** Undefined where it is no number. */
  readonly count: number | undefined;
}

export interface Fixed {
  readonly id: string;
  readonly access: number;
  readonly status: number;
  readonly medium: string;
  /** Of a fixed date, not of now. */
  readonly stored: boolean;
  readonly counters: readonly [FixedCounter, FixedCounter];
}

const LENGTH = 16;
const BINARY = 0x80;
const STORED = 0x40;
/** "Of the same unit as the first counter, historic." */
const HISTORIC = 0x3e;

const MEDIA = [
  'Other',
  'Oil',
  'Electricity',
  'Gas',
  'Heat',
  'Steam',
  'Hot Water',
  'Water',
  'H.C.A.',
  'Reserved',
  'Gas Mode 2',
  'Heat Mode 2',
  'Hot Water Mode 2',
  'Water Mode 2',
  'H.C.A. Mode 2',
  'Reserved',
] as const;

/** Nine codes each from the first one: 1, 10, 100 of three units that are a thousand apart. */
const GROUPS: readonly (readonly [
  first: number,
  quantity: string,
  units: readonly [string, string, string],
  ucum: Unit,
  exponent: number,
  scale: number,
])[] = [
  [0x02, 'energy', ['Wh', 'kWh', 'MWh'], 'W.h', 0, 1],
  [0x0b, 'energy', ['kJ', 'MJ', 'GJ'], 'J', 3, 1],
  [0x14, 'power', ['W', 'kW', 'MW'], 'W', 0, 1],
  [0x1d, 'power', ['kJ/h', 'MJ/h', 'GJ/h'], 'W', 3, 1 / 3600],
  [0x26, 'volume', ['ml', 'l', 'm^3'], 'm3', -6, 1],
  [0x2f, 'volume-flow', ['ml/h', 'l/h', 'm^3/h'], 'm3/h', -6, 1],
];
const SINGLE: Readonly<Record<number, Omit<FixedCounter, 'count'>>> = {
  0: { label: 'h,m,s', factor: 1 },
  1: { label: 'D,M,Y', factor: 1 },
  56: { label: '1e-3 °C', quantity: 'temperature', factor: 1e-3, ucum: 'Cel' },
  57: { label: 'units for HCA', quantity: 'h-c-a', factor: 1, ucum: '1' },
  62: { label: 'reserved but historic', factor: 1 },
  63: { label: 'without units', quantity: 'dimensionless', factor: 1, ucum: '1' },
};

/** Reads it; undefined where the length is another. */
export function fixedOf(data: Uint8Array): Fixed | undefined {
  if (data.length !== LENGTH) return undefined;
  const [status = 0, first = 0, second = 0] = data.subarray(5);
  const count = (at: number): number | undefined => {
    const bytes = data.subarray(at, at + 4);
    return (status & BINARY) === 0 ? fromBcd(bytes) : Buffer.from(bytes).readUInt32LE(0);
  };
  return {
    id: digitsOf(data.subarray(0, 4)),
    access: data[4] ?? 0,
    status,
    medium: MEDIA[(first >> 6) | ((second >> 6) << 2)] ?? 'Reserved',
    stored: (status & STORED) !== 0,
    counters: [
      { ...unitOf(first & 63), count: count(8) },
      { ...unitOf(second & 63), count: count(12) },
    ],
  };
}

/** The unit that a counter has in fact: a historic one shares the other's. */
export function effective([first, second]: Fixed['counters']): Fixed['counters'] {
  return second.label === SINGLE[HISTORIC]?.label
    ? [first, { ...first, count: second.count }]
    : [first, second];
}

function unitOf(code: number): Omit<FixedCounter, 'count'> {
  const single = SINGLE[code];
  if (single !== undefined) return single;
  const group = GROUPS.find(([first]) => code >= first && code < first + 9);
  if (group === undefined) return { label: 'reserved', factor: 1 };
  const [first, quantity, units, ucum, exponent, scale] = group;
  const step = code - first;
  const prefix = ['', '10 ', '100 '][step % 3];
  const factor = Number(`1e${exponent + step}`) * scale;
  return { label: `${prefix}${units[Math.floor(step / 3)]}`, quantity, factor, ucum };
}
