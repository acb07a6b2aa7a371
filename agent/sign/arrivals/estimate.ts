/** When a vehicle will be at the stops ahead of it, from where it is, its timetable, and what the links take now. */
import { type Links, linkKey } from './links.ts';
import type { Matched } from './match.ts';
import type { Pattern } from './pattern.ts';

export interface Estimate {
  readonly stop: string;
  /** Place of the stop in the pattern. */
  readonly index: number;
  /** s, the same clock as the fix. */
  readonly time: number;
}

export interface EstimateSettings {
  /** A late bus makes up its delay in this time, s. One that is early stays early: where it waits is not known. */
  readonly recovery: number;
  /** A late bus drives no piece in less than this share of its time. */
  readonly fastest: number;
  /** Metres from the first stop within which a bus waits for its departure. */
  readonly terminal: number;
}

export const ESTIMATE: EstimateSettings = { recovery: 2400, fastest: 0.75, terminal: 250 };

/**
 * Estimates for all stops ahead within `horizon` s. `dayStart`: the moment of second 0 of the service day, on the clock of
 * the fix. A bus at its first stop before its time leaves at its time.
 */
export function estimate(
  pattern: Pattern,
  at: Matched,
  links: Links,
  dayStart: number,
  horizon: number,
  settings: EstimateSettings = ESTIMATE,
): Estimate[] {
  const { stops } = pattern;
  const first = stops[0];
  const waits = first !== undefined && at.distance - first.distance < settings.terminal;
  const departure = dayStart + (first?.time ?? 0);
  let time = waits ? Math.max(at.time, departure) : at.time;
  const found: Estimate[] = [];
  for (let i = 1; i < stops.length; i++) {
    const a = stops[i - 1];
    const b = stops[i];
    if (a === undefined || b === undefined || b.distance <= at.distance) continue;
    const from = Math.max(a.distance, at.distance);
    const length = b.distance - a.distance;
    const scheduled = length === 0 ? 0 : ((b.time - a.time) * (b.distance - from)) / length;
    let driven = scheduled * links.ratio(linkKey(a.id, b.id), at.time);
    const delay = time + driven - (dayStart + b.time);
    if (delay > 0) {
      const made = delay * (1 - Math.exp(-scheduled / settings.recovery));
      driven = Math.max(driven * settings.fastest, driven - made);
    }
    time += driven;
    if (time - at.time > horizon) break;
    found.push({ stop: b.id, index: i, time });
  }
  return found;
}
