import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openLogSource } from '../../../agent/store/reader.ts';
import { folder, open, reading } from '../store/site.ts';
import { kerbside } from './kerbside.ts';

test('evidence check and export as a process: exit code, first finding, the key, a log that was set back', async () => {
  using at = folder();
  const { store, clock } = await open(at.dir);
  for (let i = 0; i < 150; i++) {
    await clock.advance(5000);
    await store.append([reading('voltage', i, clock.mono())], []);
  }
  await store[Symbol.asyncDispose]();
  const key = (await kerbside(['evidence', 'key', at.dir])).out.trim();
  expect(key).toMatch(/^[\w-]{43}$/);
  const good = await kerbside(['evidence', 'check', store.file, '--key', key]);
  expect([good.code, good.err]).toEqual([0, '']);
  expect(good.out).toContain('what is signed is as it was signed');
  expect(good.out).toMatch(/telemetry +1 to 150 +150 proved/);

  const out = join(at.dir, 'evidence.json');
  const span = ['--from', '2027-01-01T00:01:00Z', '--to', '2027-01-01T00:02:00Z'];
  const exported = await kerbside(['evidence', 'export', store.file, ...span, '--out', out]);
  expect([exported.code, exported.err]).toEqual([0, expect.stringMatching(/^1[123] records written to/)]);

  const received = join(at.dir, 'received.jsonl');
  writeFileSync(received, '');
  {
    using source = openLogSource(store.file);
    for (const record of source.read('event', 1, 1000)?.records ?? [])
      appendFileSync(received, `${JSON.stringify({ topic: 't', payload: JSON.stringify(record) })}\n`);
  }
  const db = new Database(store.file);
  db.exec('DELETE FROM batch_event WHERE first > 2');
  db.exec('DELETE FROM batch_telemetry WHERE first > 119');
  db.close();
  const json = await kerbside([
    'evidence',
    'check',
    store.file,
    '--key',
    key,
    '--received',
    received,
    '--json',
  ]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out).findings).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ what: 'set-back' }),
      expect.objectContaining({ what: 'removed', lane: 'telemetry', from: 120, to: 120 }),
    ]),
  );
  // The same by the command that also follows messages.
  const chain = await kerbside(['verify', '--chain', store.file, '--file', received, '--json']);
  expect([chain.code, JSON.parse(chain.out).findings]).toEqual([1, JSON.parse(json.out).findings]);
  expect((await kerbside(['verify', '--chain', store.file, '--http', '0'])).code).toBe(2);
  const text = await kerbside(['evidence', 'check', store.file, '--received', received]);
  expect(text.out).toContain('FIRST: ');
  expect((await kerbside(['evidence', 'check', store.file, '--key', 'short'])).code).toBe(2);
  expect((await kerbside(['evidence', 'check', join(at.dir, 'nothing.db')])).code).toBe(3);
});
