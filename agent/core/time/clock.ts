/**
 * Time is injected. Scheduling, timeouts and line timing use the monotonic clock; wall time is a mapping of it that may
 * become known late (NTP, GNSS, broker) and that runs `rate` times as fast in a demonstration (1 in the field).
 */
import type { Mono } from '../reading.ts';

/** Where wall time comes from, worst first. `floor` is the last known time or the build date: it can only be too early. */
export const CLOCK_RANKS = ['none', 'floor', 'server', 'gnss', 'ntp'] as const;
export type ClockRank = (typeof CLOCK_RANKS)[number];

/** One row of the clock table: at `mono` of boot `boot` it was `wall`, and wall time ran `rate` times as fast as mono. */
export interface ClockMapping {
  readonly boot: string;
  readonly mono: Mono;
  /** Unix epoch, ms. */
  readonly wall: number;
  readonly rate: number;
  readonly rank: ClockRank;
  readonly uncertaintyMs: number;
}

/** A moment of true time, and how much to trust it. */
export interface WallTime {
  /** Unix epoch, ms. */
  readonly time: number;
  readonly rank: ClockRank;
  readonly uncertaintyMs: number;
}

export interface Clock {
  /** Id of this boot of the machine. */
  readonly boot: string;
  /** Monotonic ms of this boot; never goes back. */
  mono(): Mono;
  /** The mapping in force. */
  mapping(): ClockMapping;
  /** Tells of every better mapping. */
  onMapping(listener: (mapping: ClockMapping) => void): Disposable;
  /** Resolves after `ms` of monotonic time; rejects with the signal's reason when aborted, leaving no timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `ms` of monotonic time. */
  after(ms: number, run: () => void): Disposable;
}

/** True time of `mono` under `mapping`. */
export function wallAt(mapping: ClockMapping, mono: Mono): WallTime {
  return {
    time: mapping.wall + (mono - mapping.mono) * mapping.rate,
    rank: mapping.rank,
    uncertaintyMs: mapping.uncertaintyMs,
  };
}

/** True for ranks at which telemetry may leave without a remark. */
export function trusted(rank: ClockRank): boolean {
  return CLOCK_RANKS.indexOf(rank) >= CLOCK_RANKS.indexOf('server');
}
