import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { checkEvidence } from '../../../agent/store/evidence/check.ts';
import { openHistory } from '../../../agent/store/history.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { SCHEMA_VERSION } from '../../../agent/store/schema-version.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading } from './site.ts';

/** A log of every schema version that was ever shipped, as that version wrote it. */
const GOLDEN = [
  { version: 1, epoch: '0364cf8d04241e4a', event: 1, signed: 0 },
  // Its last two events: the change of key, see below, and the signature of the new one.
  { version: 2, epoch: 'e0cee7f22b9f2d9c', event: 6, signed: 280 },
  { version: 3, epoch: '7098d12aca18b1f8', event: 8, signed: 280, marks: ['break', 'maintenance'] },
];
const START = Date.UTC(2027, 0, 1);

test('there is a golden log of every schema version', () => {
  expect(GOLDEN.map(({ version }) => version)).toEqual(
    Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1),
  );
});

test.each(GOLDEN)('a log of schema $version opens, goes on and can be read', async ({ version, ...was }) => {
  using at = folder();
  const file = join(at.dir, 'log.db');
  copyFileSync(fileURLToPath(new URL(`../../vectors/store/log-v${version}.db`, import.meta.url)), file);
  const db = new Database(file);
  // The copy has another inode, which would rightly begin a new epoch.
  db.prepare(`UPDATE meta SET value = ? WHERE key = 'file'`).run(String(statSync(file).ino));
  db.close();
  const clock = new VirtualClock();
  await clock.advance(30 * 60_000);
  const { store, events } = await open(at.dir, { clock });
  expect(store.epoch).toBe(was.epoch);
  // The key of the folder that the golden log was made in is not there any more, and the agent says so.
  expect(events.map(({ body }) => body.what)).toEqual(was.signed > 0 ? ['key-changed'] : []);
  expect(store.heads()).toEqual({ alarm: 1, event: was.event, meter: 40, telemetry: 280, bulk: 40 });
  const next = await store.append([reading('voltage', 229.9, clock.mono())], []);
  expect(next.ranges.telemetry?.first).toBe(281);
  expect(await store.journal.recent(1)).toMatchObject([{ command: { id: 'c-1' }, result: { readback: 40 } }]);
  expect((await store.marks()).map(({ mark }) => mark)).toEqual(was.marks ?? []);
  expect(await store.refusals(1)).toMatchObject([{ seq: 41, reason: 'unit unknown' }]);

  using source = openLogSource(file);
  expect(source.cursor('city', 'telemetry')).toEqual({ low: 33, above: [[40, 44]] });
  const records = source.read('telemetry', 8, 7)?.records ?? [];
  expect(
    records.map((one) => (one.kind === 'reading' ? [one.point, one.value, one.unit, one.reason] : [])),
  ).toEqual([
    ['voltage', 230.1, 'V', undefined],
    ['noise', 56, 'dB(A)', undefined],
    ['direction', 351, 'deg', undefined],
    ['wind', 2.5, 'm/s', undefined],
    ['door', false, '1', undefined],
    ['voltage', null, 'V', 'timeout'],
    ['text', '12 → Hauptbahnhof', '1', undefined],
  ]);
  expect(source.read('alarm', 1, 1)?.records).toMatchObject([
    { device: 'lamp-1', body: { what: 'door open' } },
  ]);
  await using history = openHistory({ file, timezone: 'Europe/Berlin', clock, log: silent });
  const quarters = await history.query(
    'meter-1',
    'voltage',
    START,
    START + 1_200_000,
    900_000,
    AbortSignal.timeout(20_000),
  );
  expect(quarters).toMatchObject([
    { count: 29, min: 230, max: 232.8, last: 232.8 },
    { count: 11, min: 232.9, max: 233.9 },
  ]);
  const energy = (ms: number) =>
    history.query('meter-1', 'energy', START, START + 3_600_000, ms, AbortSignal.timeout(20_000));
  // The third: 1000 … 1019, exchanged at 1020, the new meter from 4 on: 5 … 24. The others: 40 steps of 0.01.
  for (const ms of [60_000, 900_000, 3_600_000]) {
    const sum = (await energy(ms)).reduce((all, { mean }) => all + (mean ?? 0), 0);
    expect(sum).toBeCloseTo(was.marks === undefined ? 0.39 : 40, 6);
  }
  await store[Symbol.asyncDispose]();
  // What an older agent wrote was never signed; what comes after is.
  const { lanes, findings } = checkEvidence(file);
  const { chainFrom, proved, last } = lanes.telemetry;
  expect({ chainFrom, proved, last }).toEqual({
    chainFrom: 281 - was.signed,
    proved: was.signed || 1,
    last: 281,
  });
  // What another key has signed proves nothing to whoever trusts the first.
  expect(findings.map(({ what }) => what)).toEqual(was.signed > 0 ? ['signature', 'signature'] : []);
});
