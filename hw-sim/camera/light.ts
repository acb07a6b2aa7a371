/** How much of the day's brightness a camera's picture has: its exposure follows the light only so far. */

/** Moonless street without lamps: the camera still shows shapes. */
const NIGHT = 0.25;
/** What a lamp at full level adds. */
const LAMP = 0.3;
/** Sun altitudes, degrees, between which exposure falls from day to night. */
const [DUSK_FROM, DUSK_TO] = [3, -8];

/** `altitude`: degrees; `lamp`: 0…1. Gives 0…1. */
export function lightAt(altitude: number, lamp: number): number {
  const day = Math.min(1, Math.max(0, (altitude - DUSK_TO) / (DUSK_FROM - DUSK_TO)));
  return Math.min(1, NIGHT + (1 - NIGHT) * day + LAMP * lamp * (1 - day));
}
