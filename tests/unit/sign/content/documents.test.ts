/** What is taken into force and what is refused, over restarts too. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTENT_REFUSALS } from '../../../../agent/core/content/content.ts';
import { cosign } from '../../../../agent/core/envelope.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { readDocument } from '../../../../agent/sign/content/document.ts';
import { Documents } from '../../../../agent/sign/content/documents.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { CITY, iso, NEXT, pack, START, STRANGER, seal, signed, TEMPLATES, takeover } from './pack.ts';

let dir: string;
let clock: VirtualClock;
let events: AgentEvent[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-content-'));
  clock = new VirtualClock(START);
  events = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (keys = [CITY.key]) =>
  Documents.open({
    dir,
    site: 'street',
    agent: 'pole-1',
    keys,
    clock,
    log: silent,
    hub: { event: (event) => void events.push(event) },
  });

const version = (documents: Documents) => documents.current('pack')?.document.version;

describe('signed documents', () => {
  test('a newer version takes the place of an older one, and is told', async () => {
    const documents = await open();
    expect(documents.take(signed(pack(1)), 'test')).toMatchObject({ kind: 'accepted' });
    expect(documents.take(signed(pack(2)), 'test')).toMatchObject({ kind: 'accepted' });
    expect(version(documents)).toBe(2);
    expect(events).toMatchObject([
      { event: 'content', severity: 'info', body: { what: 'accepted', version: 1, key: 'city-2026' } },
      { body: { what: 'accepted', version: 2, before: 1 } },
    ]);
    await documents.saved();
  });

  const ill: readonly (readonly [string, () => Uint8Array, string])[] = [
    ['no JSON', () => Buffer.from('hello'), 'malformed'],
    ['a payload that fits no schema', () => seal(Buffer.from('{}')), 'malformed'],
    ['one too large', () => new Uint8Array(2 * 1024 ** 2), 'too-large'],
    ['no signature', () => unsigned(signed(pack(9))), 'unsigned'],
    ['a key nobody knows', () => signed(pack(9), STRANGER), 'unknown-key'],
    ['a forged signature', () => signed(pack(9), { ...STRANGER, key: CITY.key }), 'bad-signature'],
    ['another site', () => signed(pack(9, { scope: { sites: ['avenue'] } })), 'wrong-scope'],
    ['another agent', () => signed(pack(9, { scope: { sites: ['*'], agents: ['pole-2'] } })), 'wrong-scope'],
    ['an expired one', () => signed(pack(9, { expires: iso(START - 1) })), 'expired'],
    ['one from tomorrow', () => signed(pack(9, { issued: iso(START + 86_400_000) })), 'not-yet-issued'],
    ['the same version with other words', () => signed(pack(5, { templates: [] })), 'replayed'],
    ['an older version', () => signed(pack(4)), 'rolled-back'],
  ];

  test.each(ill)('%s is refused, counted and told, and changes nothing', async (_, make, code) => {
    const documents = await open();
    documents.take(signed(pack(5)), 'test');
    const before = events.length;
    expect(documents.take(make(), 'broker')).toMatchObject({ kind: 'refused', code });
    expect(version(documents)).toBe(5);
    expect(documents.refusals.counts).toEqual({ [code]: 1 });
    expect(events.slice(before)).toMatchObject([
      { event: 'content', severity: 'warning', body: { what: 'refused', code, from: 'broker' } },
    ]);
    await documents.saved();
  });

  test('every reason for a document to be refused has a test', () => {
    const ofMedia = ['bad-hash', 'wrong-type', 'wrong-size', 'no-room'];
    const tested = new Set(ill.map(([, , code]) => code));
    expect(CONTENT_REFUSALS.filter((code) => !ofMedia.includes(code) && !tested.has(code))).toEqual([]);
  });

  test('what comes again is no news: a broker sends it at every connect', async () => {
    const documents = await open();
    documents.take(signed(pack(1)), 'test');
    expect(documents.take(signed(pack(1)), 'test')).toMatchObject({ kind: 'same' });
    expect(events).toHaveLength(1);
    expect(documents.refusals.counts).toEqual({});
    await documents.saved();
  });

  test('a flood of the same refusal is one event for every power of ten', async () => {
    const documents = await open();
    for (let i = 0; i < 1000; i += 1) documents.take(Buffer.from('x'), 'broker');
    expect(documents.refusals.counts).toEqual({ malformed: 1000 });
    expect(events.map(({ body }) => body.count)).toEqual([1, 10, 100, 1000]);
  });

  test('channels count apart, and hold their own parts only', async () => {
    const documents = await open();
    documents.take(signed(pack(7)), 'test');
    expect(documents.take(signed(takeover(1, [])), 'test')).toMatchObject({ kind: 'accepted' });
    const mixed = takeover(2, [], { templates: TEMPLATES });
    expect(documents.take(signed(mixed), 'test')).toMatchObject({ code: 'malformed' });
    await documents.saved();
  });

  test('it leaves when it expires, without a network', async () => {
    const documents = await open();
    documents.take(signed(pack(1, { expires: iso(START + 60_000) })), 'test');
    expect(version(documents)).toBe(1);
    await clock.advance(60_000);
    expect(version(documents)).toBeUndefined();
    await documents.saved();
  });

  test('a clock that can only be too early refuses what it knows to be over, and nothing else', async () => {
    clock.remap({ mono: clock.mono(), wall: START, rate: 1, rank: 'floor', uncertaintyMs: 1e12 });
    const documents = await open();
    expect(documents.take(signed(pack(1, { expires: iso(START - 1) })), 'test')).toMatchObject({
      code: 'expired',
    });
    const ahead = pack(1, { issued: iso(START + 9e9), expires: iso(START + 18e9) });
    expect(documents.take(signed(ahead), 'test')).toMatchObject({ kind: 'accepted' });
    await documents.saved();
  });

  describe('after a restart', () => {
    test('it is in force again, and nothing older gets in', async () => {
      const first = await open();
      first.take(signed(pack(5)), 'test');
      await first.saved();
      const again = await open();
      expect(version(again)).toBe(5);
      expect(again.take(signed(pack(5, { templates: [] })), 'test')).toMatchObject({ code: 'replayed' });
      expect(again.take(signed(pack(4)), 'test')).toMatchObject({ code: 'rolled-back' });
      expect(again.take(signed(pack(5)), 'test')).toMatchObject({ kind: 'same' });
    });

    test('also where only one of the two files is left', async () => {
      const first = await open();
      first.take(signed(pack(5)), 'test');
      await first.saved();
      rmSync(join(dir, 'pack.json'));
      const noDocument = await open();
      expect(version(noDocument)).toBeUndefined();
      expect(noDocument.take(signed(pack(4)), 'test')).toMatchObject({ code: 'rolled-back' });
      writeFileSync(join(dir, 'pack.json'), signed(pack(5)));
      writeFileSync(join(dir, 'versions.json'), 'torn');
      const noNumber = await open();
      expect(version(noNumber)).toBe(5);
      expect(noNumber.take(signed(pack(4)), 'test')).toMatchObject({ code: 'rolled-back' });
    });

    test('an older document put beside the number is not taken up', async () => {
      const first = await open();
      first.take(signed(pack(5)), 'test');
      await first.saved();
      writeFileSync(join(dir, 'pack.json'), signed(pack(4)));
      expect(version(await open())).toBeUndefined();
    });

    test('a key that has left the site file takes its content along', async () => {
      const first = await open();
      first.take(signed(pack(5)), 'test');
      await first.saved();
      const rotated = await open([NEXT.key]);
      expect(version(rotated)).toBeUndefined();
      expect(rotated.take(signed(pack(5), NEXT), 'test')).toMatchObject({ code: 'replayed' });
      expect(rotated.take(signed(pack(6), NEXT), 'test')).toMatchObject({ kind: 'accepted' });
      await rotated.saved();
    });

    test('a document that came again with a second signature outlives its first key', async () => {
      const first = await open([CITY.key, NEXT.key]);
      const alone = signed(pack(5));
      first.take(alone, 'test');
      const both = cosign(JSON.parse(Buffer.from(alone).toString()), NEXT.key.id, NEXT.secret);
      expect(first.take(Buffer.from(JSON.stringify(both)), 'test')).toMatchObject({ kind: 'same' });
      await first.saved();
      expect(version(await open([NEXT.key]))).toBe(5);
    });
  });

  test('an ill disk keeps nothing off the board, and is told', async () => {
    const documents = await open();
    rmSync(dir, { recursive: true });
    writeFileSync(dir, 'a file where the folder was');
    expect(documents.take(signed(pack(1)), 'test')).toMatchObject({ kind: 'accepted' });
    await documents.saved();
    expect(version(documents)).toBe(1);
    expect(documents.unsaved).toBeDefined();
    expect(readFileSync(dir, 'utf8')).toContain('a file');
  });
});

describe('the words of a document', () => {
  const wrong = (change: Readonly<Record<string, unknown>>) => {
    const read = readDocument(Buffer.from(JSON.stringify(pack(1, change))));
    return read.ok ? 'fine' : read.reason;
  };
  const template = (change: object) => ({ templates: [{ ...TEMPLATES[0], ...change }] });

  test.each([
    [{ version: 0 }, 'version'],
    [{ expires: '2027-01-01' }, 'expires: expected a time'],
    [{ expires: '2027-13-45T00:00:00Z' }, 'expires: expected a time'],
    [{ expires: iso(START + 500 * 86_400_000) }, 'at most 400 days'],
    [{ strange: 1 }, 'Unrecognized key'],
    [template({ texts: { en: 'two\nlines' } }), 'plain text'],
    [template({ texts: { en: 'right \u202eto left' } }), 'plain text'],
    [template({ texts: { en: 'x'.repeat(201) } }), 'plain text'],
    [template({ texts: {} }), '1 to 8 languages'],
    [template({ texts: { en: 'Line {no}' } }), '{no} is no field'],
    [template({ texts: { en: 'Line {line' } }), 'a brace without'],
    [template({ priority: 10 }), 'priority'],
    [{ templates: [TEMPLATES[0], TEMPLATES[0]] }, 'stands there twice'],
    [{ tiles: [{ id: 't', kind: 'trip', title: { en: 'Trip' }, url: 'http://x.example' }] }, 'https://'],
    [{ tiles: [{ id: 't', kind: 'trip', title: { en: 'Trip' }, url: 'javascript:alert(1)' }] }, 'https://'],
    [{ tiles: [{ id: 't', kind: 'trip', title: { en: 'Trip' }, url: 'https://a:b@x.example' }] }, 'https://'],
    [{ playlists: [{ id: 'p', items: [] }] }, 'items'],
  ])('%j: %s', (change, reason) => {
    expect(wrong(change)).toContain(reason);
  });
});

function unsigned(envelope: Uint8Array): Uint8Array {
  const raw = JSON.parse(Buffer.from(envelope).toString());
  return Buffer.from(JSON.stringify({ ...raw, signatures: [] }));
}
