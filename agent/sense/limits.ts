/** What a counter can run at most, where neither profile nor site says so. */
import { UNITS, type Unit } from '../core/unit.ts';

/**
 * Per hour, in the base unit of the dimension: 5 MWh of energy (a building on its own transformer), 1,000 m³ of volume
 * (a main of DN 250). Nothing is known of other dimensions.
 */
const PER_HOUR: Readonly<Record<string, number>> = {
  energy: 5 * 3.6e9,
  'reactive energy': 5e6,
  'apparent energy': 5e6,
  volume: 1000,
};

/** In the unit of the counter; `Infinity` where nothing is known. */
export function mostPerHour(unit: Unit): number {
  const { dimension, factor } = UNITS[unit];
  const base = PER_HOUR[dimension];
  return base === undefined ? Number.POSITIVE_INFINITY : base / factor;
}

/** One step of the last digit. */
export function resolutionOf(decimals: number | undefined): number {
  return 10 ** -(decimals ?? 3);
}
