/** A line of stops one kilometre apart along a meridian, and a bus that drives it as it is told. */
import { Pattern, type TimedStop } from '../../../agent/sign/arrivals/pattern.ts';

export const METRE = 1 / 111_320;
/** Scheduled, s from stop to stop. */
export const LEG = 120;
export const START = 7 * 3600;

export function stops(count: number, start = START): TimedStop[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    lat: 36.8 + i * 1000 * METRE,
    lon: 118.05,
    time: start + i * LEG,
  }));
}

export const line = (count = 11, start = START) => new Pattern(stops(count, start));

/** Where a bus is that drives `metres` from the first stop, `off` metres east of the road. */
export function place(metres: number, off = 0) {
  return { lat: 36.8 + metres * METRE, lon: 118.05 + (off * METRE) / Math.cos((36.8 * Math.PI) / 180) };
}
