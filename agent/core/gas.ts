/** Volume fractions of gases as mass concentrations, at the reference state of GB 3095 (298.15 K, 1013.25 hPa). */
import { AgentError } from './errors.ts';
import { convert, UNITS, type Unit } from './unit.ts';

/** g/mol */
const MOLAR_MASS = {
  SO2: 64.066,
  NO2: 46.006,
  NO: 30.006,
  CO: 28.01,
  O3: 47.998,
  NH3: 17.031,
  H2S: 34.08,
} as const;
export type Gas = keyof typeof MOLAR_MASS;

/** L/mol at the reference state. */
const MOLAR_VOLUME = 24.45;

export function isGas(name: string): name is Gas {
  return Object.hasOwn(MOLAR_MASS, name);
}

/**
 * `value` of unit `from` in unit `to`; between a volume fraction and a mass concentration as well, where `gas` says
 * what it is. Throws `AgentError` `config-invalid` where that cannot be.
 */
export function convertGas(value: number, from: Unit, to: Unit, gas: Gas | undefined): number {
  const [a, b] = [UNITS[from].dimension, UNITS[to].dimension];
  if (a === b) return convert(value, from, to);
  if (gas === undefined) return convert(value, from, to);
  const factor = MOLAR_MASS[gas] / MOLAR_VOLUME;
  // 1 ppb is M/24.45 µg/m³.
  if (a === 'volume fraction' && b === 'mass concentration')
    return convert(convert(value, from, '10*-9') * factor, 'ug/m3', to);
  if (a === 'mass concentration' && b === 'volume fraction')
    return convert(convert(value, from, 'ug/m3') / factor, '10*-9', to);
  throw new AgentError('config-invalid', `conversion of ${from} to ${to} failed: ${a} is not ${b}`);
}

/** Gases among the factor codes of HJ 212 Annex B. */
const BY_FACTOR: Readonly<Record<string, Gas>> = {
  a21026: 'SO2',
  a21004: 'NO2',
  a21003: 'NO',
  a21005: 'CO',
  a05024: 'O3',
  a21001: 'NH3',
  a21028: 'H2S',
};

/** The gas of a factor code, or of a text code such as O3; undefined for all others. */
export function gasOfFactor(code: string): Gas | undefined {
  return isGas(code) ? code : BY_FACTOR[code];
}
