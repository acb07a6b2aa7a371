/** The sun over the site, and the light on the street. */
import { getPosition } from 'suncalc';

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** Degrees above the horizon, refraction included. */
export function sunAltitude(place: Place, time: number): number {
  return getPosition(new Date(time), place.lat, place.lon).altitude;
}

/**
 * Illuminance of clear daylight on the ground, lux, without lamps: about 100,000 at the zenith, 400 at sunrise,
 * 3.4 at the end of civil twilight (−6°), 0.001 at night (order of magnitude after Schlyter's table of twilight).
 */
export function clearSkyLux(altitude: number): number {
  if (altitude > 0) {
    const sine = Math.sin((altitude * Math.PI) / 180);
    return 400 + 105_000 * sine ** 1.15;
  }
  // Log-linear down the twilight: 400 at 0°, 3.4 at −6°, 0.008 at −12°, then starlight.
  return Math.max(0.001, 400 * 10 ** (altitude * 0.345));
}
