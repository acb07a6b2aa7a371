/** The last value of points, from the rollups: what the agent knew of a register before it was stopped. */
import { LocalDays } from '../core/time/local-days.ts';
import { ClockTable } from './clock-table.ts';
import type { LatestValue, Peak, PointId } from './contract.ts';
import { Marks } from './marks.ts';
import { OpenBuckets } from './open-buckets.ts';
import { type LoggedPoint, PointTable } from './points.ts';
import type { Accumulator } from './rollup/accumulator.ts';
import { Breaks } from './rollup/breaks.ts';
import { decodeRow } from './rollup/row.ts';
import { LEVELS } from './schema.ts';
import { type Db, openForReading } from './sqlite.ts';

/** Rows of each level that are looked at, newest first: some hours of minutes, days of quarters, years of days. */
const REACH = [180, 200, 200, 800] as const;

/** `open`: minutes that are not written yet. Points of which nothing is known are left out. */
export function latestValues(
  db: Db,
  points: PointTable,
  open: Iterable<ReadonlyMap<number, Accumulator>>,
  wanted: readonly PointId[],
): LatestValue[] {
  const ids = new Map<number, LoggedPoint>();
  for (const { device, point } of wanted) for (const one of points.named(device, point)) ids.set(one.id, one);
  const found = new Map<string, LatestValue>();
  const missing = new Set([...ids.values()].map(keyOf));
  const take = (row: ReadonlyMap<number, Accumulator>, again: boolean) => {
    for (const [id, known] of ids) {
      const acc = row.get(id);
      const key = keyOf(known);
      if (acc === undefined || acc.count === 0) continue;
      const before = found.get(key);
      if (before !== undefined && (!again || before.time >= acc.lastTime)) continue;
      const { device, point, unit } = known;
      found.set(key, { device, point, unit, value: acc.last, time: acc.lastTime });
    }
  };
  for (const row of open) take(row, true);
  for (const [level, { table }] of LEVELS.entries()) {
    for (const key of found.keys()) missing.delete(key);
    if (missing.size === 0) break;
    const rows = db
      .prepare<[number], { start: number; body: Uint8Array }>(
        `SELECT start, body FROM ${table} ORDER BY start DESC LIMIT ?`,
      )
      .all(REACH[level] ?? 0);
    for (const { start, body } of rows) take(decodeRow(start, body), false);
  }
  return [...found.values()];
}

/** The same of a log of an earlier epoch of `agent`; nothing where it cannot be read. Never throws. */
export function latestOfEarlier(
  file: string,
  { agent, timezone }: { readonly agent: string; readonly timezone: string },
  wanted: readonly PointId[],
): LatestValue[] {
  try {
    const db = openForReading(file);
    try {
      const row = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'agent'`).get();
      if (row?.value !== agent) return [];
      const points = new PointTable(db);
      const clock = new ClockTable(db);
      const breaks = new Breaks(new Marks(db), clock);
      // Its last minutes were not rolled up any more.
      const { minutes } = new OpenBuckets({ db, points, clock, breaks, days: new LocalDays(timezone) }).of(
        0,
        0,
        0,
      );
      const open = Array.from(minutes.rows.values(), (one) => one.points);
      return latestValues(db, points, open, wanted);
    } finally {
      db.close();
    }
  } catch {
    return [];
  }
}

/** Hours of history that a busiest one is looked for in. */
const MONTH = 30 * 24;

/** The most that counters ran within one hour, of the last 30 days. */
export function busiestHours(db: Db, points: PointTable, wanted: readonly PointId[]): Peak[] {
  const ids = new Map<number, LoggedPoint>();
  for (const { device, point } of wanted) for (const one of points.named(device, point)) ids.set(one.id, one);
  const found = new Map<string, Peak>();
  const rows = db
    .prepare<[number], { start: number; body: Uint8Array }>(
      `SELECT start, body FROM ${LEVELS[2].table} ORDER BY start DESC LIMIT ?`,
    )
    .all(MONTH);
  for (const { start, body } of rows)
    for (const [id, acc] of decodeRow(start, body)) {
      const known = ids.get(id);
      if (known === undefined || acc.kind !== 'counter' || acc.count < 2) continue;
      const { device, point } = known;
      const { most, hours } = found.get(keyOf(known)) ?? { most: 0, hours: 0 };
      found.set(keyOf(known), { device, point, most: Math.max(most, acc.steps), hours: hours + 1 });
    }
  return [...found.values()];
}

function keyOf({ device, point }: PointId): string {
  return `${device}/${point}`;
}
