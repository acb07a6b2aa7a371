/**
 * When true time of a boot becomes better known, its readings move to other minutes. The minutes they leave and the
 * minutes they come to are made again from the log, with a higher revision.
 */
import { LANES, type Lane } from '../../core/point.ts';
import type { BatchHead } from '../batches.ts';
import { decodeBatch } from '../codec/batch.ts';
import { type Accumulator, emptyAccumulator } from './accumulator.ts';
import { MINUTE } from './minutes.ts';
import type { RollupParts, Rollups } from './rollups.ts';
import { encodeRow } from './row.ts';
import { timesOf } from './times.ts';

/** Readings that move less than this stay where they are, ms. */
const TOLERANCE = 1000;

interface Span {
  readonly lane: Lane;
  readonly boot: number;
  readonly first: number;
  readonly from: number;
  readonly to: number;
}

function spans({ batches, clock }: RollupParts, only?: number): Span[] {
  const found: Span[] = [];
  for (const lane of LANES)
    for (const { first, boot, mono_min, mono_max } of batches.heads(lane, 0) as Iterable<BatchHead>) {
      if (only !== undefined && boot !== only) continue;
      const from = clock.wall(boot, mono_min);
      if (from.rank !== 'none')
        found.push({ lane, boot, first, from: from.time, to: clock.wall(boot, mono_max).time });
    }
  return found;
}

/** Runs `remap`, which adds rows for boot number `boot` to the clock table, and mends the rollups; in a transaction. */
export function remapped(parts: RollupParts, rollups: Rollups, boot: number, remap: () => void): void {
  const before = spans(parts, boot);
  remap();
  const after = spans(parts, boot);
  const places = new Map(before.map((span) => [`${span.lane}/${span.first}`, span]));
  const minutes = new Set<number>();
  for (const span of after) {
    const old = places.get(`${span.lane}/${span.first}`);
    if (
      old !== undefined &&
      Math.abs(old.from - span.from) < TOLERANCE &&
      Math.abs(old.to - span.to) < TOLERANCE
    )
      continue;
    if (old !== undefined) cover(minutes, old);
    cover(minutes, span);
  }
  if (minutes.size > 0) rebuild(parts, rollups, minutes, before);
}

function cover(minutes: Set<number>, { from, to }: Span): void {
  for (let minute = Math.floor(from / MINUTE) * MINUTE; minute <= to; minute += MINUTE) minutes.add(minute);
}

function rebuild(parts: RollupParts, rollups: Rollups, affected: Set<number>, moved: readonly Span[]): void {
  const all = spans(parts);
  // What retention has dropped cannot be made again: those minutes stay as they are.
  const oldest = [...all, ...moved].reduce(
    (least, { from }) => Math.min(least, from),
    Number.POSITIVE_INFINITY,
  );
  const minutes = new Set([...affected].filter((minute) => minute + MINUTE > oldest));
  const before = new Map<number, Map<number, Accumulator>>();
  for (const minute of minutes) {
    const row = rollups.minutes.row(minute);
    before.set(minute, new Map(row.points));
    row.points.clear();
    row.dirty = true;
  }
  const wanted = (minute: number) => minutes.has(minute);
  const touches = ({ from, to }: Span) => {
    for (let minute = Math.floor(from / MINUTE) * MINUTE; minute <= to; minute += MINUTE)
      if (minutes.has(minute)) return true;
    return false;
  };
  for (const span of all) {
    if (!touches(span)) continue;
    const row = parts.batches.from(span.lane, span.first);
    const readings = row === undefined ? undefined : decodeBatch(row.body).readings;
    if (readings !== undefined)
      rollups.minutes.feed(readings, timesOf(parts.clock, span.boot, readings), wanted);
  }
  for (const [minute, old] of before) {
    revise(minute, old, rollups.minutes.row(minute).points);
    rollups.markPending(minute);
  }
}

function revise(
  minute: number,
  old: ReadonlyMap<number, Accumulator>,
  points: Map<number, Accumulator>,
): void {
  for (const [id, acc] of points) {
    const was = old.get(id);
    acc.revision = was?.revision ?? 0;
    if (was === undefined) continue;
    const same = Buffer.compare(
      encodeRow(minute, new Map([[id, was]])),
      encodeRow(minute, new Map([[id, acc]])),
    );
    if (same !== 0) acc.revision++;
  }
  // A bucket that lost all its readings says so, rather than to vanish from under whoever has seen it.
  for (const [id, was] of old) {
    if (points.has(id)) continue;
    points.set(id, { ...emptyAccumulator(was.kind), expected: was.expected, revision: was.revision + 1 });
  }
}
