/**
 * When true time of a boot becomes better known, its readings move to other minutes. The minutes they leave and the
 * minutes they come to are made again from the log, with a higher revision.
 */

import { LANES, type Lane } from '../../core/point.ts';
import { type ClockMapping, wallAt } from '../../core/time/clock.ts';
import { mappingOf } from '../clock-table.ts';
import { decodeBatch } from '../codec/batch.ts';
import { type Accumulator, emptyAccumulator } from './accumulator.ts';
import type { PointName } from './breaks.ts';
import { MINUTE } from './minutes.ts';
import type { RollupParts, Rollups } from './rollups.ts';
import { encodeRow } from './row.ts';
import { timesOf } from './times.ts';

/** Readings that move less than this stay where they are, ms. */
const TOLERANCE = 1000;
/** A break lies at most this far before the reading behind it, ms. */
const BREAK_BEFORE = 50;

interface Span {
  readonly lane: Lane;
  readonly boot: number;
  readonly first: number;
  readonly from: number;
  readonly to: number;
}

/** So many batches in a row that lie before what is looked for end a search: time runs with the numbers, but for clocks that were wrong. */
const PATIENCE = 5000;

/**
 * Places in time of batches, newest first, without their bodies, as far back as `more` wants: a log is long, and what
 * moves is at its end.
 */
function spans({ batches, clock }: RollupParts, more: (span: Span) => boolean): Span[] {
  const found: Span[] = [];
  for (const lane of LANES) {
    let patience = PATIENCE;
    for (const { first, boot, mono_min, mono_max } of batches.headsBack(lane)) {
      const from = clock.wall(boot, mono_min);
      const span = { lane, boot, first, from: from.time, to: clock.wall(boot, mono_max).time };
      if (from.rank !== 'none' && more(span)) {
        found.push(span);
        patience = PATIENCE;
      } else if (--patience === 0) break;
    }
  }
  return found;
}

/** True where the new rows move any moment of the boot by as much as matters. */
function moves(before: readonly ClockMapping[], after: readonly ClockMapping[]): boolean {
  // Between two rows both are straight lines: their ends tell.
  const ends = [...before, ...after].flatMap(({ mono }) => [mono - 1, mono]);
  const reach = [Math.min(...ends) - 30 * 86_400_000, ...ends, Math.max(...ends) + 30 * 86_400_000];
  return reach.some((mono) => {
    const [was, is] = [mappingOf(before, mono), mappingOf(after, mono)];
    if (was === undefined || is === undefined || was.rank === 'none') return was !== is;
    return Math.abs(wallAt(was, mono).time - wallAt(is, mono).time) >= TOLERANCE;
  });
}

/** Runs `remap`, which adds rows for boot number `boot` to the clock table, and mends the rollups; in a transaction. */
export function remapped(parts: RollupParts, rollups: Rollups, boot: number, remap: () => void): void {
  const { clock } = parts;
  const rows = clock.rows(boot);
  remap();
  if (rows.length === 0 || !moves(rows, clock.rows(boot))) return;
  const minutes = new Set<number>();
  let left = Number.POSITIVE_INFINITY;
  for (const span of spans(parts, (one) => one.boot === boot)) {
    const row = parts.batches.from(span.lane, span.first);
    if (row === undefined) continue;
    const old = { ...span, from: timeBy(rows, row.mono_min), to: timeBy(rows, row.mono_max) };
    if (Math.abs(old.from - span.from) < TOLERANCE && Math.abs(old.to - span.to) < TOLERANCE) continue;
    cover(minutes, old);
    cover(minutes, span);
    left = Math.min(left, old.from);
  }
  if (minutes.size > 0) rebuild(parts, rollups, minutes, left);
}

/**
 * A break of a point, at `time`, is new or adds something else than before: the steps over it are made again, from the
 * log as far as it reaches. True where that changed what was made already, so that it has to be written.
 */
export function mended(parts: RollupParts, rollups: Rollups, point: PointName, time: number): boolean {
  const minute = Math.floor(time / MINUTE) * MINUTE;
  const { points } = rollups.minutes.row(minute);
  const inside = parts.points.named(point.device, point.point).some(({ id }) => {
    const acc = points.get(id);
    return acc !== undefined && acc.count > 0 && acc.firstTime <= time && acc.lastTime > time;
  });
  if (inside) rebuild(parts, rollups, new Set([minute]), Number.POSITIVE_INFINITY);
  // The first reading behind a break is a few ms away, but may lie in the next minute.
  const made = [minute, Math.floor((time + BREAK_BEFORE) / MINUTE) * MINUTE].filter((one) =>
    rollups.isMade(one),
  );
  for (const one of made) rollups.markPending(one);
  return inside || made.length > 0;
}

function timeBy(rows: readonly ClockMapping[], mono: number): number {
  const mapping = mappingOf(rows, mono);
  return mapping === undefined ? 0 : wallAt(mapping, mono).time;
}

function touches({ from, to }: Span, minutes: ReadonlySet<number>): boolean {
  for (let minute = Math.floor(from / MINUTE) * MINUTE; minute <= to; minute += MINUTE)
    if (minutes.has(minute)) return true;
  return false;
}

function cover(minutes: Set<number>, { from, to }: Span): void {
  for (let minute = Math.floor(from / MINUTE) * MINUTE; minute <= to; minute += MINUTE) minutes.add(minute);
}

/** `left`: the earliest time that readings left, ms. */
function rebuild(parts: RollupParts, rollups: Rollups, affected: Set<number>, left: number): void {
  // Counters and states want their readings in the order of time.
  const all = spans(parts, (span) => touches(span, affected)).sort((a, b) => a.from - b.from);
  // What retention has dropped cannot be made again: those minutes stay as they are.
  const oldest = all.reduce((least, { from }) => Math.min(least, from), left);
  const minutes = new Set([...affected].filter((minute) => minute + MINUTE > oldest));
  const before = new Map<number, Map<number, Accumulator>>();
  for (const minute of minutes) {
    const row = rollups.minutes.row(minute);
    before.set(minute, new Map(row.points));
    row.points.clear();
    row.dirty = true;
  }
  const wanted = (minute: number) => minutes.has(minute);
  for (const span of all) {
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
