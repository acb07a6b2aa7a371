import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { LoggedEvent } from '../../../agent/core/record.ts';
import { checkEvidence } from '../../../agent/store/evidence/check.ts';
import { devicePublicKey, KEY_NAME } from '../../../agent/store/evidence/device-key.ts';
import { type Evidence, exportEvidence } from '../../../agent/store/evidence/export.ts';
import { parseStatement } from '../../../agent/store/evidence/parse.ts';
import { statementsIn } from '../../../agent/store/evidence/received.ts';
import { isSigned } from '../../../agent/store/evidence/statement.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { seeded } from '../../support/seeded.ts';
import { FACTS, folder, type Opened, open, reading } from './site.ts';

const CHECKER = fileURLToPath(new URL('../../../docs/evidence/check.mjs', import.meta.url));

async function fill({ store, clock }: Opened, windows: number): Promise<void> {
  for (let i = 0; i < windows; i++) {
    await clock.advance(5000);
    const now = clock.mono();
    await store.append(
      [
        reading('voltage', Math.round(2300 + Math.sin(i) * 20) / 10, now),
        reading('text', i % 2 === 0 ? 'Hauptbahnhof' : 'Südkreuz', now),
        reading('third', i / 3, now),
        reading('energy', i, now),
        { ...reading('door', true, now), value: null, quality: 'bad', reason: 'timeout' },
        { ...reading('door', i % 2 === 0, now), quality: 'uncertain', reason: 'frozen' },
      ],
      i % 50 === 0 ? [{ event: 'agent', severity: 'info', time: now, body: { note: i, text: 'ö' } }] : [],
    );
  }
}

function auditEvents(file: string): LoggedEvent[] {
  using source = openLogSource(file);
  const records = source.read('event', source.tails().event, 100_000)?.records ?? [];
  return records.filter((record) => record.kind === 'event' && record.event === 'audit') as LoggedEvent[];
}

test('signed every ten minutes, with an alarm, after silence and at the stop, by a key only the agent may read', async () => {
  using at = folder();
  const opened = await open(at.dir);
  const { store, clock } = opened;
  await fill(opened, 241);
  const alarm = { event: 'alarm', severity: 'alarm', time: clock.mono(), body: { what: 'door' } } as const;
  await store.append([], [alarm]);
  await store.append([reading('voltage', 1, clock.mono())], []);
  // Nothing comes any more: after five minutes what there is gets its signature.
  const before = store.heads().event;
  await clock.advance(300_000);
  for (let i = 0; store.heads().event === before && i < 500; i++) await clock.advance(10);
  await store.append([reading('voltage', 2, clock.mono())], []);
  await store[Symbol.asyncDispose]();
  const statements = auditEvents(store.file).map(({ body }) => parseStatement(body));
  expect(statements.map((one) => [one?.number, one?.cause])).toEqual([
    [1, 'period'],
    [2, 'period'],
    [3, 'alarm'],
    [4, 'period'],
    [5, 'stop'],
  ]);
  expect(statements.every((one) => one !== undefined && isSigned(one))).toBe(true);
  expect(statSync(join(at.dir, KEY_NAME)).mode & 0o777).toBe(0o600);
  expect(readFileSync(store.file).includes('PRIVATE KEY')).toBe(false);
  const key = devicePublicKey(at.dir);
  const report = checkEvidence(store.file, { ...(key === undefined ? {} : { key }) });
  expect(report).toMatchObject({ key, keyGiven: true, statements: 5, findings: [] });
  expect(report.lanes.telemetry).toEqual({ first: 1, last: 1207, chainFrom: 1, proved: 1207 });
  // Another key has signed nothing here.
  expect(checkEvidence(store.file, { key: 'A'.repeat(43) })).toMatchObject({ statements: 0 });
});

test('an alarm point is signed when it changes, not whenever it says that nothing has', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir, {
    describe: () => ({
      id: 'door',
      title: { en: 'Door' },
      type: 'boolean',
      unit: '1',
      access: 'read',
      aggregation: 'state',
      lane: 'alarm',
      every: 10_000,
    }),
  });
  for (const value of [false, false, false, true, true, false]) {
    await store.append([{ ...reading('door', 0, clock.mono()), value, unit: '1' }], []);
    await clock.advance(10_000);
  }
  await store[Symbol.asyncDispose]();
  expect(auditEvents(store.file).map(({ body }) => body.cause)).toEqual(['alarm', 'alarm', 'alarm']);
});

test('an unclean stop: what waited is signed at the next start, and an edit of it that forgets the chain is told', async () => {
  using at = folder();
  const opened = await open(at.dir);
  await fill(opened, 130);
  const file = opened.store.file;
  const copy = join(at.dir, 'copy');
  for (const suffix of ['', '-wal']) writeFileSync(copy + suffix, readFileSync(file + suffix));
  await opened.store[Symbol.asyncDispose]();
  // Back to what a power cut would have left, in the same inode.
  for (const suffix of ['', '-wal']) writeFileSync(file + suffix, readFileSync(copy + suffix));
  const again = await open(at.dir, { clock: opened.clock });
  expect(again.events.map(({ event }) => event)).toEqual(['gap']);
  await again.store[Symbol.asyncDispose]();
  expect(auditEvents(file).map(({ body }) => body.cause)).toEqual(['period', 'start']);
  expect(checkEvidence(file).findings).toEqual([]);

  for (const suffix of ['', '-wal']) writeFileSync(file + suffix, readFileSync(copy + suffix));
  const db = new Database(file);
  const row = db.prepare('SELECT max(first) AS first FROM batch_telemetry').get() as { first: number };
  db.prepare('UPDATE batch_telemetry SET mono_min = mono_min - 1 WHERE first = ?').run(row.first);
  db.close();
  const edited = await open(at.dir, { clock: opened.clock });
  expect(edited.events).toMatchObject([
    { event: 'audit', severity: 'alarm', body: { what: 'altered', lane: 'telemetry', to: row.first + 4 } },
    { event: 'gap' },
  ]);
  await edited.store[Symbol.asyncDispose]();
  expect(checkEvidence(file).findings[0]).toMatchObject({ what: 'altered', lane: 'telemetry' });
});

test('a log that lacks signed records at its end is not gone on with: its numbers would be used again', async () => {
  using at = folder();
  const opened = await open(at.dir);
  await fill(opened, 10);
  await opened.store[Symbol.asyncDispose]();
  const db = new Database(opened.store.file);
  db.exec('DELETE FROM batch_telemetry WHERE first > 20');
  db.close();
  const again = await open(at.dir, { clock: opened.clock });
  expect(again.store.epoch).not.toBe(opened.store.epoch);
  expect(again.events[0]).toMatchObject({
    event: 'epoch',
    body: { reason: 'damaged', previous: opened.store.epoch },
  });
  await again.store[Symbol.asyncDispose]();
});

test('a point that changes its range, scale or unit is told in the audit trail, and the rest is not', async () => {
  using at = folder();
  const facts = { ...FACTS };
  const { store, clock } = await open(at.dir, { describe: (_, point) => facts[point] });
  const append = () =>
    store.append([reading('voltage', 230, clock.mono()), reading('noise', 50, clock.mono())], []);
  await append();
  const voltage = FACTS.voltage;
  if (voltage === undefined) throw new Error('no such point');
  facts.voltage = { ...voltage, range: [0, 300], wire: { address: 7, scale: 0.1 } };
  store.pointsChanged();
  await append();
  await append();
  facts.voltage = { ...voltage, range: [0, 300], wire: { address: 7, scale: 0.1 }, decimals: 2 };
  store.pointsChanged();
  await append();
  await store[Symbol.asyncDispose]();
  const changes = auditEvents(store.file).filter(({ body }) => body.what === 'point-changed');
  const base = { type: 'number', unit: 'V', aggregation: 'mean', every: 1000 };
  const wire = { range: [0, 300], wire: { address: 7, scale: 0.1 } };
  expect(changes.map(({ device, body }) => ({ device, ...body }))).toEqual([
    {
      device: 'meter-1',
      what: 'point-changed',
      point: 'voltage',
      was: { ...base, decimals: 1 },
      now: { ...base, decimals: 1, ...wire },
    },
    {
      device: 'meter-1',
      what: 'point-changed',
      point: 'voltage',
      was: { ...base, decimals: 1, ...wire },
      now: { ...base, decimals: 2, ...wire },
    },
  ]);
  expect(checkEvidence(store.file).findings).toEqual([]);
});

async function runChecker(file: string, ...args: string[]): Promise<{ code: number; out: string }> {
  return promisify(execFile)(process.execPath, [CHECKER, file, ...args]).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout }),
  );
}

test('evidence of a stretch stands alone: the independent checker proves it, and finds whatever is changed in it', async () => {
  using at = folder();
  const opened = await open(at.dir);
  const begin = Date.UTC(2027, 0, 1);
  await fill(opened, 400);
  opened.clock.remap({
    mono: opened.clock.mono(),
    wall: begin + 2_000_500,
    rate: 1,
    rank: 'ntp',
    uncertaintyMs: 1,
  });
  await fill(opened, 400);
  await opened.store[Symbol.asyncDispose]();
  const evidence = exportEvidence(opened.store.file, begin + 900_000, begin + 2_500_000);
  const bodies = evidence.lanes.telemetry?.batches.filter(({ body }) => body !== undefined) ?? [];
  expect(bodies.length).toBeGreaterThan(318);
  expect(bodies.length).toBeLessThan(325);
  expect(evidence.lanes.telemetry?.batches.length).toBeGreaterThan(bodies.length + 50);
  const file = join(at.dir, 'evidence.json');
  const verdict = async (changed: unknown, ...args: string[]) => {
    writeFileSync(file, JSON.stringify(changed));
    return runChecker(file, ...args);
  };
  const key = devicePublicKey(at.dir) ?? '';
  const good = await verdict(evidence, key);
  expect(good.out).toMatch(/^\d+ records are as/);
  expect(good.code).toBe(0);
  const edits: readonly [string, (evidence: Evidence) => void][] = [
    ['a shown value', (e) => Object.assign(firstShown(e)?.records?.[0] ?? {}, { value: 1 })],
    ['a shown time', (e) => Object.assign(firstShown(e)?.records?.[0] ?? {}, { time: 1 })],
    ['a batch', (e) => void ((e.lanes.telemetry?.batches ?? []) as unknown[]).splice(100, 1)],
    ['a digest', (e) => Object.assign(e.lanes.telemetry?.batches[0] ?? {}, { first: 2 })],
    ['a point', (e) => Object.assign(e.points[0] ?? {}, { unit: 'kV' })],
    ['the clock', (e) => Object.assign(e.clock[0] ?? {}, { wall: 5 })],
    ['a head', (e) => Object.assign(e.statements[1] ?? {}, { time: 5 })],
    ['a statement', (e) => void (e.statements as unknown[]).splice(1, 1)],
  ];
  for (const [what, edit] of edits) {
    const changed = structuredClone(evidence);
    edit(changed);
    expect([what, (await verdict(changed)).code]).toEqual([what, 1]);
  }
  expect((await verdict(evidence, 'A'.repeat(43))).code).toBe(1);
  expect((await verdict({})).code).toBe(1);
});

function firstShown(evidence: Evidence) {
  return evidence.lanes.telemetry?.batches.find(({ body }) => body !== undefined);
}

test('statements are found in whatever a receiver keeps, and nothing else is taken for one', async () => {
  using at = folder();
  const opened = await open(at.dir);
  await fill(opened, 5);
  await opened.store[Symbol.asyncDispose]();
  const [statement] = auditEvents(opened.store.file).map(({ body }) => body);
  const message = { v: 1, records: [{ seq: 2, event: 'audit', body: statement }] };
  const lines = [{ topic: 'kerbside/v1/s/a/data/event', payload: JSON.stringify(message) }, message, 7];
  expect(statementsIn(lines.map((line) => JSON.stringify(line)).join('\n'))).toEqual([statement]);
  expect(statementsIn(JSON.stringify(lines))).toEqual([statement]);
  // Seeded damage: never an error, and never a good signature over something else.
  const text = JSON.stringify(message);
  const random = seeded(5);
  for (let i = 0; i < 3000; i++) {
    const at = Math.floor(random() * text.length);
    const changed =
      text.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 90)) + text.slice(at + 1);
    for (const one of statementsIn(changed))
      expect(isSigned(one)).toBe(JSON.stringify(one) === JSON.stringify(statement));
  }
});
