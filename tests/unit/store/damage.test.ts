import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openLogSource } from '../../../agent/store/reader.ts';
import { folder, open, reading, until } from './site.ts';

test('a file that is no database is set aside, the store runs on and says so', async () => {
  using at = folder();
  writeFileSync(join(at.dir, 'log.db'), 'This was a log once. '.repeat(500));
  const { store, events } = await open(at.dir);
  expect((await store.append([reading('voltage', 1, 1)], [])).ranges.telemetry).toEqual({
    first: 1,
    last: 1,
  });
  await until('the attempt at a rescue', () => events.some(({ body }) => body.state === 'unreadable'));
  expect(events).toMatchObject([
    { event: 'epoch', body: { reason: 'damaged', previous: null } },
    { event: 'store', severity: 'alarm', body: { state: 'damaged' } },
    { event: 'store', severity: 'alarm', body: { state: 'unreadable' } },
  ]);
  await store[Symbol.asyncDispose]();
  const names = readdirSync(at.dir);
  expect(names.filter((name) => /^log\.db\.damaged-.*\.unreadable$/.test(name)).length).toBe(1);
  // The next start finds nothing wrong and tries nothing again.
  const next = await open(at.dir);
  expect(next.events).toEqual([]);
  expect(next.store.heads().alarm).toBe(2);
  await next.store[Symbol.asyncDispose]();
});

test('a batch whose CRC is wrong: the file is set aside, the rest of it is rescued under its old epoch', async () => {
  using at = folder();
  const first = await open(at.dir);
  const epoch = first.store.epoch;
  for (let i = 0; i < 300; i++) {
    const readings = Array.from({ length: 40 }, (_, n) => reading('voltage', 200 + i / 10, i * 100 + n));
    await first.store.append(readings, []);
  }
  first.store.settle('city', 'telemetry', { low: 77, above: [] });
  await first.store[Symbol.asyncDispose]();
  const db = new Database(first.store.file);
  const bend = db.prepare('UPDATE batch_telemetry SET body = ? WHERE first = ?');
  for (const at of [401, 11_961]) {
    const row = db
      .prepare<[number], { body: Buffer }>('SELECT body FROM batch_telemetry WHERE first = ?')
      .get(at);
    const body = Buffer.from(row?.body ?? []);
    body[10] = (body[10] ?? 0) ^ 0x40;
    bend.run(body, at);
  }
  const { rootpage } = db
    .prepare<[], { rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'batch_meter'`)
    .get() ?? { rootpage: 0 };
  const page = Number(db.pragma('page_size', { simple: true }));
  db.close();
  // And a whole page of noise, in a table that nobody has used.
  const handle = openSync(first.store.file, 'r+');
  writeSync(handle, Buffer.alloc(page, 0x5a), 0, page, (rootpage - 1) * page);
  closeSync(handle);

  const { store, events } = await open(at.dir);
  expect(store.epoch).not.toBe(epoch);
  await until('the rescue', () => events.some(({ body }) => body.state === 'rescued'));
  expect(events[0]).toMatchObject({ body: { reason: 'damaged', previous: epoch } });
  expect(events.at(-1)).toMatchObject({
    body: { epoch, rescued: { telemetry: 12_000 - 80, event: 2 }, lost: { telemetry: 40 } },
  });
  const [earlier = ''] = await store.earlier();
  using source = openLogSource(earlier);
  expect(source.epoch).toBe(epoch);
  expect(source.cursor('city', 'telemetry').low).toBe(77);
  expect(source.read('telemetry', 1, 40)?.records[39]).toMatchObject({
    seq: 40,
    value: 200,
    device: 'meter-1',
  });
  // The hole is jumped over.
  expect(source.read('telemetry', 401, 40)?.first).toBe(441);
  await store[Symbol.asyncDispose]();
});

test('a reader that finds damage has the file set aside while the store runs', async () => {
  using at = folder();
  const { store, events } = await open(at.dir);
  await store.append([reading('voltage', 1, 1)], []);
  using before = openLogSource(store.file);
  const epoch = store.epoch;
  const told = Promise.withResolvers<string>();
  store.onEpoch((next) => told.resolve(next));
  await store.condemn();
  expect(await told.promise).not.toBe(epoch);
  expect(() => before.read('telemetry', 1, 10)).toThrow(/replaced by a new epoch/);
  expect((await store.append([reading('voltage', 2, 2)], [])).ranges.telemetry).toEqual({
    first: 1,
    last: 1,
  });
  await until('the rescue', () => events.some(({ body }) => body.state === 'rescued'));
  const [earlier = ''] = await store.earlier();
  using source = openLogSource(earlier);
  expect(source.read('telemetry', 1, 10)?.records).toMatchObject([{ value: 1, seq: 1 }]);
  await store[Symbol.asyncDispose]();
});

test('a log of a newer agent is not touched', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  await store[Symbol.asyncDispose]();
  const db = new Database(store.file);
  db.pragma('user_version = 99');
  db.prepare("UPDATE meta SET value = '98' WHERE key = 'oldest_reader'").run();
  db.close();
  await expect(open(at.dir)).rejects.toMatchObject({ code: 'store-failed', retryable: false });
  expect(readdirSync(at.dir).filter((name) => name.includes('damaged'))).toEqual([]);
});

test('a log of a newer agent that only has more in it is gone on with, and stays its', async () => {
  using at = folder();
  const { store } = await open(at.dir);
  const { epoch } = store;
  await store[Symbol.asyncDispose]();
  const db = new Database(store.file);
  db.exec('CREATE TABLE of_the_future (id INTEGER PRIMARY KEY)');
  db.pragma('user_version = 99');
  db.close();
  const again = await open(at.dir);
  expect(again.store.epoch).toBe(epoch);
  await again.store[Symbol.asyncDispose]();
  const after = new Database(store.file, { readonly: true });
  expect(after.pragma('user_version', { simple: true })).toBe(99);
  expect(after.prepare('SELECT count(*) AS rows FROM of_the_future').get()).toEqual({ rows: 0 });
  after.close();
});
