import { copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Command } from '../../../agent/core/command.ts';
import type { LoggedEvent, LoggedRecord } from '../../../agent/core/record.ts';
import { importReadings, monoOf } from '../../../agent/store/import.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { CONFIG, FACTS, folder, open, reading } from './site.ts';

function eventsOf(file: string): LoggedEvent[] {
  using source = openLogSource(file);
  const records: readonly LoggedRecord[] = source.read('event', 1, 10_000)?.records ?? [];
  return records.filter((record) => record.kind === 'event');
}

const COMMAND: Command = {
  id: 'c-1',
  device: 'lamp-1',
  point: 'level',
  value: 40,
  issuer: 'console:anna',
  issued: 1,
  expires: 2,
};

test('numbers run without holes, per lane, over a restart', async () => {
  using at = folder();
  const first = await open(at.dir);
  const epoch = first.store.epoch;
  const alarm = { event: 'alarm', severity: 'alarm', time: 1000, body: { what: 'door' } } as const;
  const one = await first.store.append(
    [reading('voltage', 230.1, 1000), reading('energy', 12.34, 1000), reading('voltage', 230.2, 1001)],
    [alarm],
  );
  expect(one).toEqual({
    ranges: { alarm: { first: 1, last: 1 }, meter: { first: 1, last: 1 }, telemetry: { first: 1, last: 2 } },
    dropped: 0,
  });
  await first.store[Symbol.asyncDispose]();
  const second = await open(at.dir);
  expect(second.store.epoch).toBe(epoch);
  const two = await second.store.append([reading('voltage', 230.3, 2000)], []);
  expect(two.ranges).toEqual({ telemetry: { first: 3, last: 3 } });
  // Events: the epoch, and the signature that the alarm called for.
  expect(second.store.heads()).toEqual({ alarm: 1, event: 2, meter: 1, telemetry: 3, bulk: 0 });
  await second.store[Symbol.asyncDispose]();
  using source = openLogSource(second.store.file);
  const slice = source.read('telemetry', 1, 100);
  expect([slice?.first, slice?.last, slice?.epoch]).toEqual([1, 3, epoch]);
  expect(slice?.records[1]).toEqual({
    kind: 'reading',
    seq: 2,
    device: 'meter-1',
    point: 'voltage',
    value: 230.2,
    unit: 'V',
    quality: 'good',
    time: Date.UTC(2027, 0, 1) + 1,
    rank: 'ntp',
  });
  // A clean stop leaves no gap, but a signature.
  expect(eventsOf(second.store.file).map(({ event, body }) => [event, body.cause])).toEqual([
    ['epoch', undefined],
    ['audit', 'alarm'],
    ['audit', 'stop'],
  ]);
});

test('bad readings have no value, a value that is no number becomes a bad one, other values stay exact', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  const odd = { device: 'd', unit: '1', quality: 'good', time: 1 } as const;
  await store.append(
    [
      { ...odd, point: 'text', value: '12 → Hauptbahnhof' },
      { ...odd, point: 'nan', value: Number.NaN },
      { ...odd, point: 'bad', value: 7, quality: 'bad', reason: 'timeout' },
      { ...odd, point: 'third', value: 1 / 3, quality: 'uncertain', reason: 'frozen' },
    ],
    [],
  );
  await store[Symbol.asyncDispose]();
  using source = openLogSource(store.file);
  const records = source.read('telemetry', 1, 10)?.records ?? [];
  expect(records.map((one) => (one.kind === 'reading' ? [one.value, one.quality, one.reason] : []))).toEqual([
    ['12 → Hauptbahnhof', 'good', undefined],
    [null, 'bad', 'not-available'],
    [null, 'bad', 'timeout'],
    [1 / 3, 'uncertain', 'frozen'],
  ]);
});

test('slices are whole batches within the limit, and a long batch is cut at fixed places', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  const many = (count: number) => Array.from({ length: count }, (_, i) => reading('voltage', i, i));
  for (const count of [10, 10, 25, 5]) await store.append(many(count), []);
  await store[Symbol.asyncDispose]();
  using source = openLogSource(store.file);
  const range = (from: number, limit: number) => {
    const slice = source.read('telemetry', from, limit);
    return slice === undefined ? undefined : [slice.first, slice.last];
  };
  expect(range(1, 20)).toEqual([1, 20]);
  expect(range(1, 19)).toEqual([1, 10]);
  expect(range(5, 20)).toEqual([5, 20]);
  expect(range(21, 10)).toEqual([21, 30]);
  expect(range(24, 10)).toEqual([24, 30]);
  expect(range(41, 10)).toEqual([41, 45]);
  expect(range(46, 10)).toEqual([46, 50]);
  expect(range(51, 10)).toBeUndefined();
});

test('cursors ride in the next commit, or with the clean stop; they never go back', async () => {
  using at = folder();
  const first = await open(at.dir);
  await first.store.append([reading('voltage', 1, 1)], []);
  using source = openLogSource(first.store.file);
  first.store.settle('city', 'telemetry', { low: 5, above: [[8, 9]] });
  expect(source.cursor('city', 'telemetry')).toEqual({ low: 0, above: [] });
  await first.store.append([reading('voltage', 1, 1)], []);
  expect(source.cursor('city', 'telemetry')).toEqual({ low: 5, above: [[8, 9]] });
  first.store.settle('city', 'telemetry', { low: 3, above: [] });
  await first.store[Symbol.asyncDispose]();
  const second = await open(at.dir);
  second.store.settle('city', 'telemetry', { low: 10, above: [] });
  second.store.refuse('city', 'telemetry', [{ seq: 7, reason: 'unit unknown' }]);
  expect(source.cursor('city', 'telemetry').low).toBe(5);
  // Nothing is appended: after five minutes it goes alone.
  await second.clock.advance(300_000);
  await second.store[Symbol.asyncDispose]();
  expect(source.cursor('city', 'telemetry').low).toBe(10);
  const third = await open(at.dir);
  expect(await third.store.refusals(10)).toMatchObject([{ uplink: 'city', seq: 7, reason: 'unit unknown' }]);
  await third.store[Symbol.asyncDispose]();
});

test('a number that is kept is durable when the call returns, without a commit to ride in', async () => {
  using at = folder();
  const first = await open(at.dir);
  await first.store.keep('scada:bdseq', 'event', { low: 3, above: [] });
  using source = openLogSource(first.store.file);
  expect(source.cursor('scada:bdseq', 'event').low).toBe(3);
  await first.store.keep('scada:bdseq', 'event', { low: 2, above: [] });
  expect(source.cursor('scada:bdseq', 'event').low).toBe(3);
  await first.store[Symbol.asyncDispose]();
});

test('the journal knows a command again, with its result, and lists open ones', async () => {
  using at = folder();
  const first = await open(at.dir);
  expect(await first.store.journal.accept(COMMAND)).toEqual({ fresh: true });
  await first.store[Symbol.asyncDispose]();
  const { store } = await open(at.dir);
  expect(await store.journal.open()).toEqual([COMMAND]);
  expect(await store.journal.accept({ ...COMMAND, value: 50 })).toMatchObject({ fresh: false, same: false });
  const result = { id: 'c-1', state: 'done', readback: 40, at: 3 } as const;
  await store.journal.finish(result);
  expect(await store.journal.accept(COMMAND)).toEqual({ fresh: false, same: true, result });
  expect(await store.journal.open()).toEqual([]);
  expect(await store.journal.recent(5)).toEqual([{ command: COMMAND, result }]);
  await store[Symbol.asyncDispose]();
});

test('another machine, another agent or a copy of the file begins a new epoch and names the one before', async () => {
  using at = folder();
  const first = await open(at.dir);
  await first.store.append([reading('voltage', 1, 1)], []);
  await first.store[Symbol.asyncDispose]();
  const file = first.store.file;
  const cases: readonly [reason: string, prepare: () => void, options: object][] = [
    ['other-machine', () => {}, { hardware: 'test:2' }],
    ['other-agent', () => {}, { hardware: 'test:2', agent: 'agent-2' }],
    [
      'other-file',
      () => {
        copyFileSync(file, join(at.dir, 'backup'));
        renameSync(join(at.dir, 'backup'), file);
      },
      { hardware: 'test:2', agent: 'agent-2' },
    ],
  ];
  let before = first.store.epoch;
  let heads: object = { alarm: 0, event: 2, meter: 0, telemetry: 1, bulk: 0 };
  for (const [reason, prepare, options] of cases) {
    prepare();
    const { store, events } = await open(at.dir, options);
    expect(store.epoch).not.toBe(before);
    expect(events).toMatchObject([
      { event: 'epoch', body: { reason, previous: before, heads, epoch: store.epoch } },
    ]);
    // What was logged before can still be read under its own epoch.
    using earlier = openLogSource(join(at.dir, `log-${before}.db`));
    expect(earlier.epoch).toBe(before);
    expect(await store.earlier()).toContain(join(at.dir, `log-${before}.db`));
    before = store.epoch;
    // The stop adds its signature.
    heads = { ...store.heads(), event: store.heads().event + 1 };
    await store[Symbol.asyncDispose]();
  }
});

test('a better clock gives earlier readings of the boot their true time, and says so', async () => {
  using at = folder();
  const clock = new VirtualClock();
  clock.remap({ mono: 1000, wall: 1_000_000, rate: 1, rank: 'floor', uncertaintyMs: 1e12 });
  const { store, events } = await open(at.dir, { clock });
  await store.append([reading('voltage', 1, 1500)], []);
  using source = openLogSource(store.file);
  expect(source.read('telemetry', 1, 1)?.records[0]).toMatchObject({ time: 1_000_500, rank: 'floor' });
  clock.remap({ mono: 2000, wall: 1_800_000_000_000, rate: 1, rank: 'ntp', uncertaintyMs: 5 });
  await store.append([reading('voltage', 2, 2500)], []);
  expect(source.read('telemetry', 1, 9)?.records).toMatchObject([
    { time: 1_799_999_999_500, rank: 'ntp' },
    { time: 1_800_000_000_500, rank: 'ntp' },
  ]);
  expect(events.at(-1)).toMatchObject({ event: 'clock', body: { rank: 'ntp', wall: 1_800_000_000_000 } });
  await store[Symbol.asyncDispose]();
  expect(eventsOf(store.file).filter(({ event }) => event === 'clock').length).toBe(1);
});

test('a point that changes its unit gets a new number; what was logged keeps the old unit', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  await store.append([reading('voltage', 230.1, 1)], []);
  await store.append([{ ...reading('voltage', 0.2301, 2), unit: 'kV' }], []);
  await store[Symbol.asyncDispose]();
  using source = openLogSource(store.file);
  expect(source.read('telemetry', 1, 5)?.records).toMatchObject([
    { value: 230.1, unit: 'V' },
    { value: 0.2301, unit: 'kV' },
  ]);
});

test('imported readings lie before the boot and have their true time', async () => {
  using at = folder();
  const clock = new VirtualClock();
  const { mapping } = { mapping: clock.mapping() };
  const begin = mapping.wall - 3_600_000;
  const pieces = [0, 1, 2].map((piece) =>
    Array.from({ length: 20 }, (_, i) =>
      reading('voltage', 230 + i, monoOf(mapping, begin + (piece * 20 + i) * 60_000)),
    ),
  );
  const options = {
    dir: at.dir,
    agent: 'agent-1',
    timezone: 'UTC',
    config: CONFIG,
    clock,
    hardware: 'test:1',
  };
  const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
  expect(await importReadings({ ...options, log, describe: (_, point) => FACTS[point] }, pieces)).toBe(60);
  using source = openLogSource(join(at.dir, 'log.db'));
  expect(source.read('telemetry', 1, 1)?.records[0]).toMatchObject({ time: begin, value: 230 });
  const { store } = await open(at.dir, { clock });
  expect(store.heads().telemetry).toBe(60);
  await store[Symbol.asyncDispose]();
});

test('nothing is left behind: WAL emptied, no shared memory, appends after the end are refused', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  const waiting = store.append([reading('voltage', 1, 1)], []);
  const closed = store[Symbol.asyncDispose]();
  expect((await waiting).ranges.telemetry).toEqual({ first: 1, last: 1 });
  await closed;
  await expect(store.append([reading('voltage', 1, 1)], [])).rejects.toMatchObject({ code: 'store-failed' });
  expect(readdirSync(at.dir)).toEqual(['device-key.pem', 'log.db']);
  expect(existsSync(store.file)).toBe(true);
  expect(store.health()).toMatchObject({ part: 'store', state: 'off' });
});
