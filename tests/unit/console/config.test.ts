/** Changes of the site file over the API: who may, what goes along, how a refusal is told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEFORE, REVISION, SITE_TEXT } from '../../support/config-data.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let technician: Record<string, string>;
let administrator: Record<string, string>;
beforeAll(async () => {
  console_ = await openConsole();
  technician = await console_.login('technician');
  administrator = await console_.login('administrator');
});
afterAll(() => console_[Symbol.asyncDispose]());

const post = (path: string, body: unknown, who = administrator) =>
  console_.post(`/api/v1/config${path}`, body, who);
const get = async (path: string, who = technician) => {
  const { status, text } = await console_.ask(`/api/v1/config${path}`, { headers: who });
  return { status, body: JSON.parse(text) };
};
const APPLY = { text: SITE_TEXT, base: REVISION, name: 'Li Na', why: 'another meter', watch_s: 60 };

describe('changes of the site file', () => {
  test('are read by technicians, made by administrators, and are nothing for viewers', async () => {
    const viewer = await console_.login('viewer');
    expect((await get('', viewer)).status).toBe(403);
    expect((await post('/check', { text: 'x' }, viewer)).status).toBe(403);
    expect((await post('/changes', APPLY, technician)).status).toBe(403);
    expect((await post(`/revisions/${BEFORE}/return`, { name: 'Li Na', why: 'x' }, technician)).status).toBe(
      403,
    );
    expect((await post('/changes/2/end', { how: 'keep', name: 'Li Na' }, technician)).status).toBe(403);
    expect((await get('')).body).toMatchObject({
      running: REVISION,
      watch_s: 300,
      open: { id: 2, watch_s: 300 },
    });
    expect((await get('/changes')).body.changes.map(({ id }: { id: number }) => id)).toEqual([2, 1]);
    expect((await get(`/revisions/${BEFORE}`)).body.text).toBe(SITE_TEXT);
    expect((await get('/revisions/00000000000000ff')).status).toBe(404);
    expect((await get('/revisions/..%2fx')).status).toBe(400);
    expect((await get('/changes/9')).status).toBe(404);
  });

  test('carry who and why; a person says a name', async () => {
    const { applied } = console_.agent.config;
    applied.length = 0;
    expect((await post('/changes', APPLY)).status).toBe(200);
    expect(applied[0]).toMatchObject({
      by: 'console:administrator',
      name: 'Li Na',
      why: 'another meter',
      watch: 60_000,
    });
    const { name: _, ...nameless } = APPLY;
    expect((await post('/changes', nameless)).status).toBe(400);
    expect((await post('/changes', { ...APPLY, why: ' ' })).status).toBe(400);
    expect(applied).toHaveLength(1);
  });

  test('are refused with code, place and fix', async () => {
    console_.agent.config.answer = {
      ok: false,
      code: 'trial-failed',
      reason: 'no good answer from meter-1',
      fix: 'see to it',
    };
    const { status, text } = await post('/changes', APPLY);
    expect([status, JSON.parse(text)]).toEqual([
      409,
      expect.objectContaining({ code: 'trial-failed', fix: 'see to it' }),
    ]);
    console_.agent.config.answer = undefined;
    const wrong = JSON.parse((await post('/check', { text: 'wrong' }, technician)).text);
    expect(wrong).toMatchObject({ ok: false, problems: [{ line: 4, column: 5, path: 'devices[0]' }] });
  });

  test('take a file that is larger than other bodies, and none over a megabyte', async () => {
    const large = '# a word\n'.repeat(60_000);
    expect((await post('/check', { text: large }, technician)).status).toBe(200);
    expect((await post('/check', { text: large.repeat(2) }, technician)).status).toBe(400);
    expect((await post('/check', { text: large.repeat(6) }, technician)).status).toBe(413);
    expect((await console_.post('/api/v1/commands', { id: large }, technician)).status).toBe(413);
  });
});
