/** Unit codes of CJ/T 188 and meter types. CJ/T 188-2004 Table 4, Annex A */
import type { Unit } from '../../agent/core/unit.ts';

export interface WireUnit {
  /** As people write it. */
  readonly text: string;
  readonly ucum: Unit;
  /** Value × factor is in `ucum`. */
  readonly factor: number;
}

const unit = (text: string, ucum: Unit, factor = 1): WireUnit => ({ text, ucum, factor });

const UNITS: Readonly<Record<number, WireUnit>> = {
  2: unit('Wh', 'W.h'),
  5: unit('kWh', 'kW.h'),
  8: unit('MWh', 'MW.h'),
  10: unit('MWhx100', 'MW.h', 100),
  1: unit('J', 'J'),
  11: unit('kJ', 'kJ'),
  14: unit('MJ', 'MJ'),
  17: unit('GJ', 'GJ'),
  19: unit('GJx100', 'GJ', 100),
  20: unit('W', 'W'),
  23: unit('kW', 'kW'),
  26: unit('MW', 'kW', 1000),
  41: unit('L', 'L'),
  44: unit('m3', 'm3'),
  50: unit('L/h', 'L/h'),
  53: unit('m3/h', 'm3/h'),
};

/** The unit behind a code; undefined for one that is not in the standard. */
export function unitOf(code: number): WireUnit | undefined {
  return UNITS[code];
}

const TYPES: Readonly<Record<number, string>> = {
  16: 'cold water',
  17: 'hot water',
  18: 'drinking water',
  19: 'reclaimed water',
  32: 'heat (heating)',
  33: 'heat (cooling)',
  37: 'heat (heating+cooling, vendor/2018)',
  39: 'heat (vendor)',
  48: 'gas',
  64: 'electricity',
  170: 'wildcard',
};

export function typeName(type: number): string {
  return TYPES[type] ?? 'unknown';
}
