/**
 * Factor codes by edition, as data: HJ 212-2017 Annex B (air B.2, water B.1, noise B.4) as far as read, HJ 212-2025
 * Annex B.2 for the nine gas codes read (unchanged), and the codes of HJ/T 212-2005 that deployed stations use.
 */
import type { Unit } from '../../core/unit.ts';

export interface Factor {
  readonly title: string;
  /** Unit on the wire by the table; a platform may want another (`unit` of a point). */
  readonly unit: Unit;
  /** Decimals sent unless the point says otherwise. */
  readonly decimals: number;
}

const f = (title: string, unit: Unit, decimals: number): Factor => ({ title, unit, decimals });

/** Since 2017. PM codes print ng/m3 as the table's unit; platforms expect µg/m³ or mg/m³, so the unit is a setting. */
export const FACTORS_2017: Readonly<Record<string, Factor>> = {
  a01001: f('air temperature', 'Cel', 1),
  a01002: f('relative humidity', '%', 1),
  a01006: f('air pressure', 'kPa', 3),
  a01007: f('wind speed', 'm/s', 1),
  a01008: f('wind direction', 'deg', 0),
  a01011: f('flue gas velocity', 'm/s', 2),
  a01012: f('flue gas temperature', 'Cel', 1),
  a01013: f('flue gas pressure', 'kPa', 3),
  a01014: f('flue gas humidity', '%', 2),
  a05024: f('ozone', 'mg/m3', 3),
  a19001: f('oxygen', '%', 2),
  a21001: f('ammonia', 'mg/m3', 3),
  a21002: f('nitrogen oxides', 'mg/m3', 3),
  a21003: f('nitrogen monoxide', 'mg/m3', 3),
  a21004: f('nitrogen dioxide', 'mg/m3', 3),
  a21005: f('carbon monoxide', 'mg/m3', 3),
  a21026: f('sulfur dioxide', 'mg/m3', 3),
  a34001: f('total suspended particles', 'ug/m3', 1),
  a34002: f('PM10', 'ug/m3', 1),
  a34004: f('PM2.5', 'ug/m3', 1),
  a34005: f('PM1', 'ug/m3', 1),
  a34013: f('soot', 'mg/m3', 1),
  w00000: f('sewage flow', 'm3/h', 2),
  w01001: f('pH', '[pH]', 2),
  w01003: f('turbidity', '[NTU]', 1),
  w01009: f('dissolved oxygen', 'mg/L', 2),
  w01010: f('water temperature', 'Cel', 1),
  w01014: f('conductivity', 'uS/cm', 1),
  w01018: f('chemical oxygen demand', 'mg/L', 1),
  w21003: f('ammonia nitrogen', 'mg/L', 3),
  LA: f('sound level', 'dB(A)', 1),
  Leq: f('equivalent sound level', 'dB(A)', 1),
  L5: f('level exceeded 5 % of the time', 'dB(A)', 1),
  L10: f('level exceeded 10 % of the time', 'dB(A)', 1),
  L50: f('level exceeded 50 % of the time', 'dB(A)', 1),
  L90: f('level exceeded 90 % of the time', 'dB(A)', 1),
  L95: f('level exceeded 95 % of the time', 'dB(A)', 1),
  LMx: f('greatest sound level', 'dB(A)', 1),
  LMn: f('least sound level', 'dB(A)', 1),
  Ld: f('day level', 'dB(A)', 1),
  Ln: f('night level', 'dB(A)', 1),
  Ldn: f('day-night level', 'dB(A)', 1),
};

/** HJ/T 212-2005 as deployed dust and noise stations use it. */
export const FACTORS_2005: Readonly<Record<string, Factor>> = {
  '107': f('total suspended particles', 'mg/m3', 3),
  '126': f('air temperature', 'Cel', 1),
  '127': f('air pressure', 'kPa', 3),
  '128': f('relative humidity', '%', 1),
  '129': f('wind speed', 'm/s', 1),
  '130': f('wind direction', 'deg', 0),
  '001': f('pH', '[pH]', 2),
  '011': f('chemical oxygen demand', 'mg/L', 1),
  '060': f('ammonia nitrogen', 'mg/L', 3),
  '02': f('sulfur dioxide', 'mg/m3', 3),
  '03': f('nitrogen oxides', 'mg/m3', 3),
  B01: f('sewage flow', 'm3/h', 2),
  B03: f('noise', 'dB(A)', 1),
};

/** Facts of a code in any edition; undefined for private ones. */
export function factorFacts(code: string): Factor | undefined {
  if (Object.hasOwn(FACTORS_2017, code)) return FACTORS_2017[code];
  return Object.hasOwn(FACTORS_2005, code) ? FACTORS_2005[code] : undefined;
}
