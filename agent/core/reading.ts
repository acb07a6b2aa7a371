/**
 * A reading: one value of one point at one moment, or the statement that there is none.
 *
 * Quality follows OPC UA Part 8 §7 (good / uncertain / bad); the reasons are a closed list, so that a platform can
 * count them. A bad reading has no value, so that it can never be mistaken for 0.
 */
import type { Unit } from './unit.ts';

export type Value = number | boolean | string;
export type Quality = 'good' | 'uncertain' | 'bad';

export const REASONS = [
  'communication-failure',
  'timeout',
  'device-failure',
  'sensor-fault',
  'not-available',
  'over-range',
  'under-range',
  'warming-up',
  'frozen',
  'implausible',
  'maintenance',
  'calibration',
  'manual-entry',
  'substituted',
  'simulated',
  'clock-untrusted',
  'low-rate',
  'source-dark',
  'source-frozen',
  'configuration',
  'source-covered',
  'source-moved',
  'withheld',
  'outside-conditions',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * Milliseconds (with fraction) on the monotonic clock of this boot (CLOCK_MONOTONIC, the same for every process of one
 * boot). May be negative for readings imported from before the boot. True time comes from the clock table.
 */
export type Mono = number;

export interface Reading {
  readonly device: string;
  readonly point: string;
  /** `null` if and only if quality is `bad`. */
  readonly value: Value | null;
  readonly unit: Unit;
  readonly quality: Quality;
  /** Always present unless quality is `good`. */
  readonly reason?: Reason;
  /** When the value was true at the device: the moment its answer was complete. */
  readonly time: Mono;
}

/** Where a reading comes from, without its value. */
export interface Place {
  readonly device: string;
  readonly point: string;
  readonly unit: Unit;
}

/** A good reading; a number that is not finite becomes a bad one, for JSON has no NaN and neither has a meter. */
export function good(at: Place, value: Value, time: Mono): Reading {
  if (typeof value === 'number' && !Number.isFinite(value)) return bad(at, 'not-available', time);
  return { device: at.device, point: at.point, value, unit: at.unit, quality: 'good', time };
}

/** A value that may be used with care, and why. */
export function uncertain(at: Place, value: Value, reason: Reason, time: Mono): Reading {
  if (typeof value === 'number' && !Number.isFinite(value)) return bad(at, 'not-available', time);
  return { device: at.device, point: at.point, value, unit: at.unit, quality: 'uncertain', reason, time };
}

/** No value, and why. */
export function bad(at: Place, reason: Reason, time: Mono): Reading {
  return { device: at.device, point: at.point, value: null, unit: at.unit, quality: 'bad', reason, time };
}
