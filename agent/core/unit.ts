/**
 * Units as UCUM codes (https://ucum.org/ucum), one table: what they measure and how they convert.
 * A code that is not here is refused by config and profile checks, with the nearest one named.
 */
import { AgentError } from './errors.ts';

interface UnitFacts {
  readonly dimension: string;
  /** value in base unit = value × factor + offset */
  readonly factor: number;
  readonly offset?: number;
  /** What a person reads on a screen. */
  readonly symbol: string;
}

export const UNITS = {
  '1': { dimension: 'number', factor: 1, symbol: '' },
  '%': { dimension: 'number', factor: 0.01, symbol: '%' },
  V: { dimension: 'voltage', factor: 1, symbol: 'V' },
  mV: { dimension: 'voltage', factor: 1e-3, symbol: 'mV' },
  kV: { dimension: 'voltage', factor: 1e3, symbol: 'kV' },
  A: { dimension: 'current', factor: 1, symbol: 'A' },
  mA: { dimension: 'current', factor: 1e-3, symbol: 'mA' },
  W: { dimension: 'power', factor: 1, symbol: 'W' },
  kW: { dimension: 'power', factor: 1e3, symbol: 'kW' },
  'V.A': { dimension: 'apparent power', factor: 1, symbol: 'VA' },
  'kV.A': { dimension: 'apparent power', factor: 1e3, symbol: 'kVA' },
  var: { dimension: 'reactive power', factor: 1, symbol: 'var' },
  kvar: { dimension: 'reactive power', factor: 1e3, symbol: 'kvar' },
  'W.h': { dimension: 'energy', factor: 3600, symbol: 'Wh' },
  'kW.h': { dimension: 'energy', factor: 3.6e6, symbol: 'kWh' },
  'MW.h': { dimension: 'energy', factor: 3.6e9, symbol: 'MWh' },
  J: { dimension: 'energy', factor: 1, symbol: 'J' },
  kJ: { dimension: 'energy', factor: 1e3, symbol: 'kJ' },
  MJ: { dimension: 'energy', factor: 1e6, symbol: 'MJ' },
  GJ: { dimension: 'energy', factor: 1e9, symbol: 'GJ' },
  'var.h': { dimension: 'reactive energy', factor: 1, symbol: 'varh' },
  'kvar.h': { dimension: 'reactive energy', factor: 1e3, symbol: 'kvarh' },
  'kV.A.h': { dimension: 'apparent energy', factor: 1e3, symbol: 'kVAh' },
  'A.h': { dimension: 'charge', factor: 3600, symbol: 'Ah' },
  Hz: { dimension: 'frequency', factor: 1, symbol: 'Hz' },
  Ohm: { dimension: 'resistance', factor: 1, symbol: 'Ω' },
  Cel: { dimension: 'temperature', factor: 1, offset: 273.15, symbol: '°C' },
  '[degF]': { dimension: 'temperature', factor: 5 / 9, offset: 459.67 * (5 / 9), symbol: '°F' },
  K: { dimension: 'temperature', factor: 1, symbol: 'K' },
  Pa: { dimension: 'pressure', factor: 1, symbol: 'Pa' },
  hPa: { dimension: 'pressure', factor: 100, symbol: 'hPa' },
  kPa: { dimension: 'pressure', factor: 1e3, symbol: 'kPa' },
  MPa: { dimension: 'pressure', factor: 1e6, symbol: 'MPa' },
  'm/s': { dimension: 'speed', factor: 1, symbol: 'm/s' },
  'km/h': { dimension: 'speed', factor: 1 / 3.6, symbol: 'km/h' },
  deg: { dimension: 'angle', factor: Math.PI / 180, symbol: '°' },
  m: { dimension: 'length', factor: 1, symbol: 'm' },
  cm: { dimension: 'length', factor: 0.01, symbol: 'cm' },
  mm: { dimension: 'length', factor: 1e-3, symbol: 'mm' },
  'mm/h': { dimension: 'rain rate', factor: 1, symbol: 'mm/h' },
  m3: { dimension: 'volume', factor: 1, symbol: 'm³' },
  L: { dimension: 'volume', factor: 1e-3, symbol: 'L' },
  'm3/h': { dimension: 'flow', factor: 1, symbol: 'm³/h' },
  'L/h': { dimension: 'flow', factor: 1e-3, symbol: 'L/h' },
  'L/min': { dimension: 'flow', factor: 0.06, symbol: 'L/min' },
  kg: { dimension: 'mass', factor: 1, symbol: 'kg' },
  'kg/h': { dimension: 'mass flow', factor: 1, symbol: 'kg/h' },
  'ug/m3': { dimension: 'mass concentration', factor: 1, symbol: 'µg/m³' },
  'mg/m3': { dimension: 'mass concentration', factor: 1e3, symbol: 'mg/m³' },
  'mg/L': { dimension: 'dissolved concentration', factor: 1, symbol: 'mg/L' },
  'ug/L': { dimension: 'dissolved concentration', factor: 1e-3, symbol: 'µg/L' },
  'mg/kg': { dimension: 'mass fraction', factor: 1, symbol: 'mg/kg' },
  '10*-6': { dimension: 'volume fraction', factor: 1e-6, symbol: 'ppm' },
  '10*-9': { dimension: 'volume fraction', factor: 1e-9, symbol: 'ppb' },
  '/m2': { dimension: 'area density', factor: 1, symbol: '/m²' },
  '/dL': { dimension: 'number concentration', factor: 1e4, symbol: '/0.1 L' },
  'dB(A)': { dimension: 'sound level', factor: 1, symbol: 'dB(A)' },
  'dB(Z)': { dimension: 'sound level unweighted', factor: 1, symbol: 'dB' },
  'dB[mW]': { dimension: 'radio level', factor: 1, symbol: 'dBm' },
  dB: { dimension: 'level difference', factor: 1, symbol: 'dB' },
  lx: { dimension: 'illuminance', factor: 1, symbol: 'lx' },
  'W/m2': { dimension: 'irradiance', factor: 1, symbol: 'W/m²' },
  '[pH]': { dimension: 'acidity', factor: 1, symbol: 'pH' },
  '[NTU]': { dimension: 'turbidity', factor: 1, symbol: 'NTU' },
  'uS/cm': { dimension: 'conductivity', factor: 1, symbol: 'µS/cm' },
  s: { dimension: 'time', factor: 1, symbol: 's' },
  ms: { dimension: 'time', factor: 1e-3, symbol: 'ms' },
  min: { dimension: 'time', factor: 60, symbol: 'min' },
  h: { dimension: 'time', factor: 3600, symbol: 'h' },
  d: { dimension: 'time', factor: 86400, symbol: 'd' },
  '/min': { dimension: 'rate', factor: 1 / 60, symbol: '/min' },
  '/h': { dimension: 'rate', factor: 1 / 3600, symbol: '/h' },
  By: { dimension: 'data', factor: 1, symbol: 'B' },
  kBy: { dimension: 'data', factor: 1e3, symbol: 'kB' },
  MBy: { dimension: 'data', factor: 1e6, symbol: 'MB' },
} as const satisfies Record<string, UnitFacts>;

export type Unit = keyof typeof UNITS;

/** True for a code of the table. */
export function isUnit(code: string): code is Unit {
  return Object.hasOwn(UNITS, code);
}

/** Whether values of `from` can be told in `to`. */
export function convertible(from: Unit, to: Unit): boolean {
  return UNITS[from].dimension === UNITS[to].dimension;
}

/** `value` of unit `from` in unit `to`. Throws `AgentError` `config-invalid` where the dimensions differ. */
export function convert(value: number, from: Unit, to: Unit): number {
  const a: UnitFacts = UNITS[from];
  const b: UnitFacts = UNITS[to];
  if (a.dimension !== b.dimension) {
    throw new AgentError(
      'config-invalid',
      `conversion of ${from} to ${to} failed: ${a.dimension} is not ${b.dimension}`,
    );
  }
  return from === to ? value : (value * a.factor + (a.offset ?? 0) - (b.offset ?? 0)) / b.factor;
}
