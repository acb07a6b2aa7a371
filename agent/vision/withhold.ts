/** Holds back small counts of people: one person at a stop at night is somebody, twelve are a number. */
import type { CameraConfig } from '../core/camera.ts';
import { bad, type Reading } from '../core/reading.ts';
import { cameraPoints } from './description.ts';

/**
 * Counts of people and faces from 1 to below `camera.holdBelow` become bad with reason `withheld`. Zero leaves: that
 * nobody is there is about nobody. A density is held back where the count it was made of is.
 */
export function withhold(camera: CameraConfig, readings: readonly Reading[]): readonly Reading[] {
  const { holdBelow = 0 } = camera;
  if (holdBelow === 0) return readings;
  const personal = new Set(cameraPoints(camera).flatMap(({ id, personal }) => (personal ? [id] : [])));
  const areas = new Map((camera.zones ?? []).map(({ id, area = 1 }) => [`${id}-density`, area]));
  return readings.map((reading) => {
    const { device, point, unit, value, time } = reading;
    if (!personal.has(point) || typeof value !== 'number') return reading;
    const count = Math.round(value * (areas.get(point) ?? 1));
    return count >= 1 && count < holdBelow ? bad({ device, point, unit }, 'withheld', time) : reading;
  });
}
