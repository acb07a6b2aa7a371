/**
 * Statistics of a sound level beyond its energy mean: how long it was how loud, and how much of the energy fell into the
 * night. Kept so that buckets merge exactly: a histogram in tenths of a dB, and the energy and number of night values.
 */
import type { ByteReader, ByteWriter } from '../codec/bytes.ts';

/** Steps of the histogram per dB: the resolution of a class 1 meter's display. */
const STEPS = 10;
/** Different steps in one bucket at most: a level beyond −100…300 dB is none. */
const MOST = 4000;

export interface Levels {
  /** Values by level in tenths of a dB. */
  readonly counts: Map<number, number>;
  /** Σ 10^(L/10) and number of values between 22:00 and 06:00 local time. */
  nightSum: number;
  nightCount: number;
}

export function emptyLevels(): Levels {
  return { counts: new Map(), nightSum: 0, nightCount: 0 };
}

/** Adds one value, dB. */
export function addLevel(levels: Levels, value: number, night: boolean): void {
  const step = Math.round(value * STEPS);
  if (Math.abs(step) <= MOST / 2) levels.counts.set(step, (levels.counts.get(step) ?? 0) + 1);
  if (!night) return;
  levels.nightSum += 10 ** (value / 10);
  levels.nightCount++;
}

export function mergeLevels(into: Levels, next: Levels): void {
  for (const [step, count] of next.counts) into.counts.set(step, (into.counts.get(step) ?? 0) + count);
  into.nightSum += next.nightSum;
  into.nightCount += next.nightCount;
}

/**
 * L_N: the level that was exceeded `share` (0…1) of the time, dB: of the values in descending order the one of rank
 * ceil(N % × n). Null where the histogram does not hold all `count` values (a part of the bucket is of an older agent).
 */
export function exceeded(levels: Levels, count: number, share: number): number | null {
  const rank = Math.ceil(share * count - 1e-9);
  let seen = 0;
  let level: number | null = null;
  for (const step of [...levels.counts.keys()].sort((a, b) => b - a)) {
    const before = seen;
    seen += levels.counts.get(step) ?? 0;
    if (before < rank && seen >= rank) level = step / STEPS;
  }
  return seen === count ? level : null;
}

/** How much louder a sound counts at night, dB (GB 3096-2008 §3; ISO 1996-1). */
const NIGHT_PENALTY = 10;
const NIGHT_HOURS = 8;

export interface DayLevels {
  /** Energy means of day (06:00 to 22:00) and night, and of both with the night counted 10 dB louder; null where there is none. */
  readonly ld: number | null;
  readonly ln: number | null;
  readonly ldn: number | null;
}

/** Ld, Ln and Ldn of a local day whose values have the energy `sum` and the number `count`. */
export function dayLevels({ nightSum, nightCount }: Levels, sum: number, count: number): DayLevels {
  const mean = (energy: number, values: number) => (values === 0 ? null : 10 * Math.log10(energy / values));
  const ld = mean(Math.max(0, sum - nightSum), count - nightCount);
  const ln = mean(nightSum, nightCount);
  if (ld === null || ln === null || !Number.isFinite(ld))
    return { ld: Number.isFinite(ld) ? ld : null, ln, ldn: null };
  const day = (24 - NIGHT_HOURS) * 10 ** (ld / 10);
  const night = NIGHT_HOURS * 10 ** ((ln + NIGHT_PENALTY) / 10);
  return { ld, ln, ldn: 10 * Math.log10((day + night) / 24) };
}

export function writeLevels(writer: ByteWriter, { counts, nightSum, nightCount }: Levels): void {
  writer.varint(nightCount);
  if (nightCount > 0) writer.float64(nightSum);
  writer.varint(counts.size);
  let before = 0;
  for (const step of [...counts.keys()].sort((a, b) => a - b)) {
    writer.signed(step - before);
    before = step;
    writer.varint(counts.get(step) ?? 0);
  }
}

export function readLevels(reader: ByteReader): Levels {
  const levels = emptyLevels();
  levels.nightCount = reader.varint();
  if (levels.nightCount > 0) levels.nightSum = reader.float64();
  for (let left = reader.count(MOST + 1, 'levels'), step = 0; left > 0; left--) {
    step += reader.signed();
    levels.counts.set(step, reader.varint());
  }
  return levels;
}
