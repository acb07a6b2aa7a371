import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lane } from '../../../agent/core/point.ts';
import type { LoggedEvent } from '../../../agent/core/record.ts';
import { Batches } from '../../../agent/store/batches.ts';
import { ClockTable } from '../../../agent/store/clock-table.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { Retention } from '../../../agent/store/retention.ts';
import { openForWriting } from '../../../agent/store/sqlite.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { CONFIG, folder, open, reading } from './site.ts';

function gapsOf(file: string): LoggedEvent['body'][] {
  using source = openLogSource(file);
  const records = source.read('event', source.tails().event, 100_000)?.records ?? [];
  return records.flatMap((record) =>
    record.kind === 'event' && record.event === 'gap' ? [record.body] : [],
  );
}

/** Readings that do not compress, so that little work fills the budget. */
function filling(point: string, count: number, time: number) {
  return Array.from({ length: count }, (_, i) => reading(point, Math.sin(time * 31 + i), time));
}

test('over budget, bulk goes before telemetry before meter; every number that is gone is told once', async () => {
  using at = folder();
  const budget = 600_000;
  const { store, clock } = await open(at.dir, { config: { ...CONFIG, budget } });
  for (let i = 0; i < 30; i++) {
    await clock.advance(5000);
    await store.append([...filling('cars', 100, clock.mono()), ...filling('energy', 60, clock.mono())], []);
  }
  const all: Lane[] = [];
  let used = 0;
  for (let i = 0; i < 160; i++) {
    await clock.advance(5000);
    await store.append(filling('voltage', 500, clock.mono()), []);
    used = Math.max(used, Number(store.health().facts.used_bytes));
  }
  expect(used).toBeLessThan(budget * 1.05);
  const heads = store.heads();
  await store[Symbol.asyncDispose]();
  using source = openLogSource(store.file);
  const tails = source.tails();
  const gaps = gapsOf(store.file);
  for (const { lane } of gaps) if (!all.includes(lane as Lane)) all.push(lane as Lane);
  expect(all).toEqual(['bulk', 'telemetry']);
  expect(tails.meter).toBe(1);
  // The newest batch of a lane holds its last number and stays.
  expect(tails.bulk).toBe(heads.bulk - 99);
  for (const lane of ['bulk', 'telemetry'] as const) {
    let next = 1;
    for (const gap of gaps.filter((one) => one.lane === lane)) {
      expect(gap).toMatchObject({ from: next, reason: 'retention', keptAs: 'rollups' });
      expect(gap.count).toBe(Number(gap.to) - next + 1);
      expect(Number(gap.since)).toBeLessThanOrEqual(Number(gap.until));
      next = Number(gap.to) + 1;
    }
    expect(tails[lane]).toBe(next);
  }
  // One record for many commits, not one for each.
  expect(gaps.length).toBeLessThan(120);
  expect(statSync(store.file).size).toBeLessThan(budget * 1.2);
}, 60_000);

test('what is too old goes, in every lane, but for the newest batch', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir, { config: { ...CONFIG, maxAge: 3_600_000 } });
  for (let i = 0; i < 8; i++) {
    await store.append([reading('voltage', i, clock.mono()), reading('energy', i, clock.mono())], []);
    await clock.advance(1_200_000);
  }
  await store.append([reading('voltage', 8, clock.mono())], []);
  using source = openLogSource(store.file);
  // 160 min after the start: what is older than 60 min is gone.
  expect(source.tails()).toMatchObject({ telemetry: 6, meter: 6 });
  await store[Symbol.asyncDispose]();
});

test('a disk with less than 5 % free counts as full: the log goes on in the pages it has', () => {
  using at = folder();
  const db = openForWriting(join(at.dir, 'log.db'));
  try {
    db.exec(
      'CREATE TABLE boots (id INTEGER PRIMARY KEY, boot TEXT); CREATE TABLE clock (id INTEGER PRIMARY KEY, boot, mono, wall, rate, rank, uncertainty)',
    );
    for (const lane of ['alarm', 'event', 'meter', 'telemetry', 'bulk'])
      db.exec(
        `CREATE TABLE batch_${lane} (first INTEGER PRIMARY KEY, count, boot, mono_min, mono_max, body)`,
      );
    for (const table of ['minute', 'quarter', 'hour', 'day'])
      db.exec(`CREATE TABLE rollup_${table} (start INTEGER PRIMARY KEY, state, body)`);
    const batches = new Batches(db);
    for (let i = 0; i < 500; i++)
      batches.insert('telemetry', {
        first: 1 + i * 10,
        count: 10,
        boot: 1,
        mono_min: i,
        mono_max: i,
        body: Buffer.alloc(800),
      });
    const options = { db, dir: at.dir, batches, clock: new ClockTable(db), budget: 2 ** 30, maxAge: 1e15 };
    let free = 0.2;
    const retention = new Retention(options, () => free);
    expect(retention.run(0, 0, 1)).toEqual([]);
    free = 0.04;
    expect(retention.run(60_000, 0, 1)).toEqual([]);
    const full = retention.used();
    for (let i = 500; i < 600; i++)
      batches.insert('telemetry', {
        first: 1 + i * 10,
        count: 10,
        boot: 1,
        mono_min: i,
        mono_max: i,
        body: Buffer.alloc(800),
      });
    expect(retention.run(61_000, 0, 1)).toMatchObject([{ lane: 'telemetry', from: 1, reason: 'retention' }]);
    expect(retention.used()).toBeLessThanOrEqual(full);
    free = 0.2;
    retention.run(200_000, 0, 1);
    for (let i = 600; i < 900; i++)
      batches.insert('telemetry', {
        first: 1 + i * 10,
        count: 10,
        boot: 1,
        mono_min: i,
        mono_max: i,
        body: Buffer.alloc(800),
      });
    expect(retention.run(201_000, 0, 1)).toEqual([]);
  } finally {
    db.close();
  }
});

test('the WAL stays small while a reader comes and goes', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  using source = openLogSource(store.file);
  for (let i = 0; i < 250; i++) {
    await store.append(filling('voltage', 4000, i), []);
    if (i % 10 === 0) source.read('telemetry', 1 + i * 4000, 4000);
  }
  await clock.advance(1000);
  expect(Number(store.health().facts.wal_bytes)).toBeLessThan(16 * 2 ** 20);
  await store[Symbol.asyncDispose]();
}, 60_000);

test('a clock that jumps a year ahead makes nothing old: not this boot, and earlier ones only once it has stayed', async () => {
  using at = folder();
  const config = { ...CONFIG, maxAge: 86_400_000 };
  {
    const { store, clock } = await open(at.dir, { config });
    await store.append([reading('voltage', 1, clock.mono())], []);
    await clock.advance(60_000);
    await store.append([reading('voltage', 2, clock.mono())], []);
    await store[Symbol.asyncDispose]();
  }
  const clock = new VirtualClock(Date.UTC(2027, 0, 1, 1), 1, 'another-boot');
  const { store } = await open(at.dir, { config, clock });
  const step = async (ms: number) => {
    await clock.advance(ms);
    await store.append([reading('voltage', 3, clock.mono())], []);
  };
  await step(120_000);
  const mapping = clock.mapping();
  clock.remap({ ...mapping, wall: mapping.wall + 365 * 86_400_000 });
  await step(120_000);
  await step(1_800_000);
  expect(gapsOf(store.file)).toEqual([]);
  clock.remap(mapping);
  for (let i = 0; i < 12; i++) await step(600_000);
  expect(gapsOf(store.file)).toEqual([]);
  clock.remap({ ...mapping, wall: mapping.wall + 365 * 86_400_000 });
  for (let i = 0; i < 12; i++) await step(600_000);
  // A year that has stayed for an hour is true: what the boot before wrote is old, what this one wrote is not.
  const gone = gapsOf(store.file).filter(({ lane }) => lane === 'telemetry');
  expect(gone).toMatchObject([{ from: 1, to: 2, reason: 'retention' }]);
  await store[Symbol.asyncDispose]();
});
