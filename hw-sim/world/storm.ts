/**
 * A thunderstorm that passes over the street: a pure function of time beside the weather that the seed gives. It comes up, has
 * its height, and goes; water stands in the underpass later and longer than it rains.
 */
import type { Weather } from './weather.ts';

const HOUR = 3_600_000;

export interface Storm {
  /** World time, epoch ms: its first gust, its height, its end. */
  readonly begin: number;
  readonly peak: number;
  readonly end: number;
  /** Mean wind at its height, m/s. */
  readonly wind: number;
  /** Rain at its height, mm/h. */
  readonly rain: number;
  /** Highest water in the underpass, mm. */
  readonly water: number;
}

/** How much of it there is, 0…1. */
export function strength({ begin, peak, end }: Pick<Storm, 'begin' | 'peak' | 'end'>, time: number): number {
  if (time <= begin || time >= end) return 0;
  const part = time < peak ? (time - begin) / (peak - begin) : (end - time) / (end - peak);
  return (1 - Math.cos(Math.PI * part)) / 2;
}

/** Hours of its height that have passed at `time`: the integral of `strength`. */
function spent({ begin, peak, end }: Storm, time: number): number {
  /** Integral of a rise over `length` ms, `passed` after its foot. */
  const rise = (passed: number, length: number): number =>
    passed / 2 - (length / (2 * Math.PI)) * Math.sin((Math.PI * passed) / length);
  if (time <= begin) return 0;
  const up = rise(Math.min(time, peak) - begin, peak - begin);
  const down = end - peak;
  const fallen = time <= peak ? 0 : down / 2 - rise(Math.max(0, end - time), down);
  return (up + fallen) / HOUR;
}

/** Rain since `from`, mm. */
export function rained(storm: Storm, from: number, time: number): number {
  return storm.rain * Math.max(0, spent(storm, time) - spent(storm, Math.max(from, storm.begin)));
}

/** Depth of the water that stands in the underpass, mm. */
export function waterAt(storm: Storm, time: number): number {
  const { begin, peak, end, water } = storm;
  const later = {
    begin: begin + (peak - begin) / 2,
    peak: peak + (end - peak) / 4,
    end: end + (end - peak) / 2,
  };
  return water * strength(later, time);
}

/** The weather with the storm in it. `midnight`: local, when the gauge was emptied. */
export function stormy(calm: Weather, storm: Storm, time: number, midnight: number): Weather {
  const much = strength(storm, time);
  const rain = calm.rain + rained(storm, midnight, time);
  if (much === 0) return { ...calm, rain };
  // Gusts are what the calm wind does, larger.
  const windSpeed =
    calm.windSpeed + much * (storm.wind * (0.85 + 0.06 * calm.windSpeed) - calm.windSpeed / 2);
  return {
    ...calm,
    rain,
    windSpeed,
    lux: calm.lux * (1 - 0.9 * much),
    cloud: Math.max(calm.cloud, much),
    temperature: calm.temperature - 6 * much,
    humidity: calm.humidity + (97 - calm.humidity) * much,
    pressure: calm.pressure - 1.8 * much,
    noise: calm.noise + 22 * much,
    // Rain washes the air.
    pm1: calm.pm1 * (1 - 0.7 * much),
    pm25: calm.pm25 * (1 - 0.7 * much),
    pm10: calm.pm10 * (1 - 0.7 * much),
  };
}
