/**
 * What VIF and VIFE say a value is: quantity, unit and power of ten. Names of quantities are those that libmbus prints, so
 * that both can be compared. EN 13757-3 Table 10 (VIF), Table 12 (FB), Table 14 (FD)
 */
import type { Unit } from '../../agent/core/unit.ts';
import type { DataRecord } from './record.ts';

export interface ValueInfo {
  readonly quantity: string;
  /** As people write it; null where there is none. */
  readonly unit: string | null;
  /** The raw number × 10^exponent × times is in `unit`. */
  readonly exponent: number;
  readonly times: number;
  readonly ucum?: Unit;
  /** A value in `unit` × scale is in `ucum`. Default 1. */
  readonly scale?: number;
  /** A date, or date and time, whichever the length of the data says. */
  readonly moment?: true;
}

type Decade = readonly [
  first: number,
  last: number,
  quantity: string,
  unit: string | null,
  exponent: number,
  ucum?: Unit,
  scale?: number,
];
type Single = readonly [quantity: string, unit?: string | undefined, ucum?: Unit];

/** Codes in a row, each ten times the one before. */
const PRIMARY: readonly Decade[] = [
  [0x00, 0x07, 'Energy', 'Wh', -3, 'W.h'],
  [0x08, 0x0f, 'Energy', 'J', 0, 'J'],
  [0x10, 0x17, 'Volume', 'm^3', -6, 'm3'],
  [0x18, 0x1f, 'Mass', 'kg', -3, 'kg'],
  [0x28, 0x2f, 'Power', 'W', -3, 'W'],
  [0x30, 0x37, 'Power', 'J/h', 0, 'W', 1 / 3600],
  [0x38, 0x3f, 'Volume flow', 'm^3/h', -6, 'm3/h'],
  [0x40, 0x47, 'Volume flow', 'm^3/min', -7, 'm3/h', 60],
  [0x48, 0x4f, 'Volume flow', 'm^3/s', -9, 'm3/h', 3600],
  [0x50, 0x57, 'Mass flow', 'kg/h', -3, 'kg/h'],
  [0x58, 0x5b, 'Flow temperature', '°C', -3, 'Cel'],
  [0x5c, 0x5f, 'Return temperature', '°C', -3, 'Cel'],
  [0x60, 0x63, 'Temperature difference', 'K', -3, 'K'],
  [0x64, 0x67, 'External temperature', '°C', -3, 'Cel'],
  [0x68, 0x6b, 'Pressure', 'bar', -3, 'kPa', 100],
];
const PRIMARY_TIMES: Readonly<Record<number, string>> = {
  32: 'On time',
  36: 'Operating time',
  112: 'Averaging Duration',
  116: 'Actuality Duration',
};
const PRIMARY_SINGLE: Readonly<Record<number, Single>> = {
  110: ['H.C.A.', 'Units for H.C.A.', '1'],
  111: ['Reserved', 'Reserved'],
  120: ['Fabrication No'],
  121: ['(Enhanced) Identification'],
  122: ['Bus Address'],
  126: ['Any VIF'],
  127: ['Manufacturer specific'],
};

/** Behind FB. */
const SECOND: readonly Decade[] = [
  [0x00, 0x01, 'Energy', 'Wh', 5, 'W.h'],
  [0x02, 0x03, 'Reactive energy', 'kvarh', 0, 'kvar.h'],
  [0x04, 0x05, 'Apparent energy', 'kVAh', 0, 'kV.A.h'],
  [0x08, 0x09, 'Energy', 'J', 8, 'J'],
  [0x0c, 0x0f, 'Energy', 'cal', 5, 'J', 4.1868],
  [0x10, 0x11, 'Volume', 'm^3', 2, 'm3'],
  [0x14, 0x17, 'Reactive power', 'kvar', -3, 'kvar'],
  [0x18, 0x19, 'Mass', 'kg', 5, 'kg'],
  [0x1a, 0x1b, 'Relative humidity', '%', -1, '%'],
  [0x20, 0x20, 'Volume', 'feet^3', 0, 'm3', 0.028_316_846_592],
  [0x21, 0x21, 'Volume', 'feet^3', -1, 'm3', 0.028_316_846_592],
  [0x22, 0x23, 'Volume', 'American gallon', -1, 'm3', 0.003_785_411_784],
  [0x24, 0x24, 'Volume flow', 'American gallon/min', -3, 'm3/h', 0.227_124_707_04],
  [0x25, 0x25, 'Volume flow', 'American gallon/min', 0, 'm3/h', 0.227_124_707_04],
  [0x26, 0x26, 'Volume flow', 'American gallon/h', 0, 'm3/h', 0.003_785_411_784],
  [0x28, 0x29, 'Power', 'W', 5, 'W'],
  [0x2a, 0x2a, 'Phase angle between voltages', '°', -1, 'deg'],
  [0x2b, 0x2b, 'Phase angle between voltage and current', '°', -1, 'deg'],
  [0x2c, 0x2f, 'Frequency', 'Hz', -3, 'Hz'],
  [0x30, 0x31, 'Power', 'J/h', 8, 'W', 1 / 3600],
  [0x34, 0x37, 'Apparent power', 'kVA', -3, 'kV.A'],
  [0x58, 0x5b, 'Flow temperature', '°F', -3, '[degF]'],
  [0x5c, 0x5f, 'Return temperature', '°F', -3, '[degF]'],
  [0x60, 0x63, 'Temperature difference', '°F', -3, 'K', 5 / 9],
  [0x64, 0x67, 'External temperature', '°F', -3, '[degF]'],
  [0x70, 0x73, 'Cold / Warm Temperature Limit', '°F', -3, '[degF]'],
  [0x74, 0x77, 'Cold / Warm Temperature Limit', '°C', -3, 'Cel'],
  [0x78, 0x7f, 'Cumul count max power', 'W', -3, 'W'],
];

/** Behind FD. */
const FIRST: readonly Decade[] = [
  [0x00, 0x03, 'Credit', 'Currency units', -3],
  [0x04, 0x07, 'Debit', 'Currency units', -3],
  [0x40, 0x4f, 'Voltage', 'V', -9, 'V'],
  [0x50, 0x5f, 'Current', 'A', -12, 'A'],
];
/** By the first code: seconds, minutes, hours, days, and for some months and years. */
const FIRST_TIMES: Readonly<Record<number, readonly [quantity: string, codes: number]>> = {
  36: ['Storage interval', 6],
  44: ['Duration since last readout', 4],
  52: ['Period of tariff', 6],
};
/** By the first code: hours, days, months, years. */
const FIRST_LONG_TIMES: Readonly<Record<number, string>> = {
  104: 'Duration since last cumulation',
  108: 'Operating time battery',
};
const FIRST_SINGLE: Readonly<Record<number, Single>> = {
  8: ['Access Number (transmission count)'],
  9: ['Medium'],
  10: ['Manufacturer'],
  11: ['Parameter set identification'],
  12: ['Model / Version'],
  13: ['Hardware version'],
  14: ['Firmware version'],
  15: ['Software version'],
  16: ['Customer location'],
  17: ['Customer'],
  18: ['Access Code User'],
  19: ['Access Code Operator'],
  20: ['Access Code System Operator'],
  21: ['Access Code Developer'],
  22: ['Password'],
  23: ['Error flags', undefined, '1'],
  24: ['Error mask'],
  26: ['Digital Output', undefined, '1'],
  27: ['Digital Input', undefined, '1'],
  28: ['Baudrate', 'Baud'],
  29: ['Response delay time', 'Bittimes'],
  30: ['Retry'],
  32: ['First storage # for cyclic storage'],
  33: ['Last storage # for cyclic storage'],
  34: ['Size of storage block'],
  58: ['Dimensionless', undefined, '1'],
  96: ['Reset counter', undefined, '1'],
  97: ['Cumulation counter', undefined, '1'],
  98: ['Control signal'],
  99: ['Day of week'],
  100: ['Week number'],
  101: ['Time point of day change'],
  102: ['State of parameter activation'],
  103: ['Special supplier information'],
  113: ['Reception level', 'dBm', 'dB[mW]'],
  116: ['Remaining battery life', 'd', 'd'],
  117: ['Times the meter was stopped', undefined, '1'],
};

const SECONDS = [1, 60, 3600, 86_400, 2_629_743.83, 31_556_926] as const;

const decade = (code: number, rows: readonly Decade[]): ValueInfo | undefined => {
  const row = rows.find(([first, last]) => code >= first && code <= last);
  if (row === undefined) return undefined;
  const [first, , quantity, unit, exponent, ucum, scale] = row;
  return {
    quantity,
    unit,
    exponent: exponent + code - first,
    times: 1,
    ...(ucum === undefined ? {} : { ucum }),
    ...(scale === undefined ? {} : { scale }),
  };
};
const single = (row: Single | undefined): ValueInfo | undefined => {
  if (row === undefined) return undefined;
  const [quantity, unit, ucum] = row;
  return { quantity, unit: unit ?? null, exponent: 0, times: 1, ...(ucum === undefined ? {} : { ucum }) };
};
const span = (quantity: string, seconds: number | undefined): ValueInfo | undefined =>
  seconds === undefined ? undefined : { quantity, unit: 's', exponent: 0, times: seconds, ucum: 's' };
const moment = (quantity: string): ValueInfo => ({
  quantity,
  unit: '-',
  exponent: 0,
  times: 1,
  moment: true,
});

function primary(code: number): ValueInfo | undefined {
  if (code === 0x6c) return moment('Time point (date)');
  if (code === 0x6d) return moment('Time point (date & time)');
  const times = PRIMARY_TIMES[code & ~3];
  if (times !== undefined) return span(times, SECONDS[code & 3]);
  return decade(code, PRIMARY) ?? single(PRIMARY_SINGLE[code]);
}

function first(code: number): ValueInfo {
  if (code === 0x30) return moment('Start of tariff');
  if (code === 0x70) return moment('Date and time of battery change');
  // Minutes, hours and days: what would be seconds is the start.
  if (code >= 0x31 && code <= 0x33) return span('Duration of tariff', SECONDS[code & 3]) ?? RESERVED;
  for (const [from, [quantity, codes]] of Object.entries(FIRST_TIMES)) {
    const at = code - Number(from);
    if (at >= 0 && at < codes) return span(quantity, SECONDS[at]) ?? RESERVED;
  }
  const long = FIRST_LONG_TIMES[code & ~3];
  if (long !== undefined) return span(long, SECONDS[2 + (code & 3)]) ?? RESERVED;
  return decade(code, FIRST) ?? single(FIRST_SINGLE[code]) ?? RESERVED;
}

const RESERVED: ValueInfo = { quantity: 'Reserved', unit: 'Reserved', exponent: 0, times: 1 };

/** What VIF and its table say, without what further VIFE change; undefined for a VIF that means nothing. */
export function baseInfo({ vif, vifes, text }: DataRecord): ValueInfo | undefined {
  if (text !== undefined) return { quantity: text, unit: '-', exponent: 0, times: 1 };
  const [vife = 0] = vifes;
  if (vif === 0xfd) return first(vife & 0x7f);
  if (vif === 0xfb) return decade(vife & 0x7f, SECOND) ?? RESERVED;
  return primary(vif & 0x7f);
}

/** Whether the first VIFE chooses from a table and is no modifier. */
export function hasTable(vif: number): boolean {
  return vif === 0xfd || vif === 0xfb;
}

/** A quantity's name as profiles write it: `flow-temperature`. */
export function slugOf(quantity: string): string {
  return quantity
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Names of all quantities there are, as profiles write them. */
export function allQuantities(): readonly string[] {
  const all = [
    ...[...PRIMARY, ...SECOND, ...FIRST].map(([, , quantity]) => quantity),
    ...Object.values(PRIMARY_TIMES),
    ...Object.values(FIRST_TIMES).map(([quantity]) => quantity),
    ...Object.values(FIRST_LONG_TIMES),
    ...[...Object.values(PRIMARY_SINGLE), ...Object.values(FIRST_SINGLE)].map(([quantity]) => quantity),
    'Time point (date)',
    'Time point (date & time)',
    'Start of tariff',
    'Duration of tariff',
    'Date and time of battery change',
  ];
  return [...new Set(all.map(slugOf))].filter((name) => name !== 'reserved');
}
