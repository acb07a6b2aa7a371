/** Outdoor temperature and sun over the simulated building, each quarter hour of the year. */
import { chance, drift, keyOf } from '../world/random.ts';
import { type Place, sunAltitude } from '../world/sun.ts';
import { DAY, DAYS, HOUR, QUARTER, QUARTERS, YEAR_START } from './calendar.ts';

export interface Climate {
  /** °C, by quarter hour of the year. */
  readonly temperature: Float64Array;
  /** Degrees above the horizon. */
  readonly sun: Float64Array;
  /** Part of the clear sky's light that comes through, 0…1. */
  readonly clear: Float64Array;
}

export const BUILDING_PLACE: Place = { lat: 36.8065, lon: 118.0479 };

export function climate(seed: number): Climate {
  const steps = DAYS * QUARTERS;
  const temperature = new Float64Array(steps);
  const sun = new Float64Array(steps);
  const clear = new Float64Array(steps);
  const fronts = keyOf('building-front');
  const wind = keyOf('building-air');
  const clouds = keyOf('building-cloud');
  // Mild and hard winters, cool and hot summers.
  const level = 1.2 * (2 * chance(seed, keyOf('building-year')) - 1);
  const offset = seed % 1000;
  for (let k = 0; k < steps; k++) {
    const time = YEAR_START + k * QUARTER;
    const day = k / QUARTERS;
    const hour = (k % QUARTERS) / 4;
    // Coldest about 18 January; mean of Zibo: -2 in January, 27 in July.
    const season = -Math.cos(((day - 17) / 365) * 2 * Math.PI);
    const daily = Math.cos(((hour - 14.5) / 24) * 2 * Math.PI);
    temperature[k] =
      12.8 +
      level +
      14.2 * season +
      4.5 * daily +
      5 * drift(seed, fronts, time + offset, 3.7 * DAY) +
      1.5 * drift(seed, wind, time, 9 * HOUR);
    sun[k] = sunAltitude(BUILDING_PLACE, time);
    const cover = 0.5 + 0.5 * drift(seed, clouds, time, 1.3 * DAY);
    clear[k] = 1 - 0.7 * cover ** 2;
  }
  return { temperature, sun, clear };
}
