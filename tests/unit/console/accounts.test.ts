/** People with names and passwords, where a site wants them; sessions that are listed and ended. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword, isPassword, weakness } from '../../../agent/console/access/password.ts';
import { openConsole, type Person, pathOf, type TestConsole } from './open-console.ts';

const GOOD = 'lantern rides past eleven';
const OTHER = 'wet gravel sings at noon';

let console_: TestConsole;
let boss: Person;

beforeAll(async () => {
  console_ = await openConsole();
  boss = await console_.login();
});
afterAll(() => console_[Symbol.asyncDispose]());

const api = (path: string) => `/api/v1${path}`;
const add = (name: string, role: string, password = GOOD) =>
  console_.post(api('/people'), { name, role, password }, boss);
const session = async (headers: Record<string, string>) => {
  const { status, text } = await console_.ask(api('/session'), { headers });
  return status === 200 ? JSON.parse(text).name : status;
};

/** Logs in by password; the status where that is refused. */
async function enter(name: string, password: string): Promise<Person | number> {
  const { status, text, headers } = await console_.post(api('/login'), { name, password });
  if (status !== 200) return status;
  const [cookie = ''] = (headers['set-cookie']?.[0] ?? '').split(';');
  return { cookie, 'x-kerbside-key': JSON.parse(text).key };
}

async function entered(name: string, password: string): Promise<Person> {
  const person = await enter(name, password);
  if (typeof person === 'number') throw new Error(`${name} was refused: ${person}`);
  return person;
}

describe('a password', () => {
  test('is long, and no name, run or repetition; nothing is asked of its composition', () => {
    const known = ['li-wei', 'kerbside', 'demo-street', 'pole-0817'];
    for (const bad of [
      'short',
      'elevenchars',
      'aaaaaaaaaaaaaaaa',
      'abababababababab',
      'abcabcabcabcabc',
      '123456789012345',
      'qwertyuiopasdf',
      'kerbsidekerbside',
      'pole-0817pole',
      'demo-street1234',
      'li-weili-weili-wei',
      'pass\u0000word with nul',
      'x'.repeat(129),
    ]) {
      expect([bad, weakness(bad, known)]).toEqual([bad, expect.any(String)]);
    }
    for (const good of [
      GOOD,
      'correct horse battery',
      '路灯下面有一只安静的猫咪在等车',
      'nopunctuationatallhere',
      '          a b c d e f g',
    ]) {
      expect([good, weakness(good, known)]).toEqual([good, undefined]);
    }
  });

  test('is kept as Argon2id with a salt of its own, and is the same however it was composed', async () => {
    const [one, two] = [await hashPassword('Bücherei am Fluss'), await hashPassword('Bücherei am Fluss')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await isPassword('Bu\u0308cherei am Fluss', one)).toBe(true);
    expect(await isPassword('Bücherei am FLuss', one)).toBe(false);
  });

  test('opens nothing by a hash that asks for more than this machine has, or is none', async () => {
    const [, , , , salt, tag] = (await hashPassword(GOOD)).split('$');
    for (const kept of ['', 'x', `$argon2id$v=19$m=4194304,t=2,p=1$${salt}$${tag}`, `$2b$12$${tag}`]) {
      expect(await isPassword(GOOD, kept)).toBe(false);
    }
  });
});

describe('an account', () => {
  test('is there only where an administrator made it, and lets its person in by name', async () => {
    expect(await enter('admin', 'admin-password')).toBe(401);
    expect((await add('anna', 'technician')).status).toBe(200);
    const anna = await entered('anna', GOOD);
    expect(await session(anna)).toBe('console:technician:anna');
    expect(console_.agent.audited).toContainEqual({
      act: 'login',
      who: 'console:technician:anna',
      how: 'password',
      door: 'local',
      address: '127.0.0.1',
    });
    const path = join(console_.stateDir, 'console', 'people.json');
    expect(await readFile(path, 'utf8')).not.toContain(GOOD);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { text } = await console_.ask(api('/people'), { headers: boss });
    expect(text).not.toContain('argon2');
    expect(JSON.parse(text).people).toMatchObject([{ name: 'anna', role: 'technician' }]);
  });

  test('is refused with a weak password or a taken name, and says why', async () => {
    const weak = await add('bert', 'viewer', 'bertbertbertbert');
    expect([weak.status, JSON.parse(weak.text).fix]).toEqual([400, expect.stringContaining('words')]);
    expect((await add('anna', 'viewer')).status).toBe(400);
    expect((await add('a b', 'viewer')).status).toBe(400);
    expect((await add('x', 'owner')).status).toBe(400);
  });

  test('changes its password by the old one, which ends its other sessions', async () => {
    await add('carl', 'viewer');
    const [phone, laptop] = [await entered('carl', GOOD), await entered('carl', GOOD)];
    const change = (old: string, password: string) =>
      console_.post(api('/password'), { old, password }, laptop);
    expect((await change('not the old one', OTHER)).status).toBe(403);
    expect((await change(GOOD, 'carlcarlcarl')).status).toBe(400);
    expect((await change(GOOD, OTHER)).status).toBe(200);
    expect([await session(phone), await session(laptop)]).toEqual([401, 'console:viewer:carl']);
    expect(await enter('carl', GOOD)).toBe(401);
    expect(await session(await entered('carl', OTHER))).toBe('console:viewer:carl');
    expect((await console_.post(api('/password'), { old: GOOD, password: OTHER }, boss)).status).toBe(404);
  });

  test('loses its sessions when an administrator sets another password or removes it', async () => {
    await add('dora', 'viewer');
    const dora = await entered('dora', GOOD);
    const set = (name: string) => console_.post(api(`/people/${name}/password`), { password: OTHER }, boss);
    expect((await set('dora')).status).toBe(200);
    expect(await session(dora)).toBe(401);
    expect((await set('nobody')).status).toBe(404);
    const again = await entered('dora', OTHER);
    const remove = () => console_.ask(api('/people/dora'), { method: 'DELETE', headers: boss });
    expect((await remove()).status).toBe(200);
    expect([await session(again), await enter('dora', OTHER)]).toEqual([401, 401]);
    expect((await remove()).status).toBe(404);
  });
});

describe('sessions', () => {
  test('are listed with person, door and address, and ended one by one', async () => {
    const { short } = console_.console.login('technician');
    const helper = await console_.enter(`/login?code=${short.toLowerCase()}`);
    const rows = JSON.parse((await console_.ask(api('/sessions'), { headers: boss })).text).sessions;
    expect(rows.filter(({ own }: { own: boolean }) => own)).toHaveLength(1);
    const { handle } = JSON.parse((await console_.ask(api('/session'), { headers: helper })).text);
    expect(rows.find((row: { handle: string }) => row.handle === handle)).toMatchObject({
      role: 'technician',
      person: null,
      door: 'local',
      address: '127.0.0.1',
    });
    expect(JSON.stringify(rows)).not.toContain(helper.cookie.split('=')[1]);
    const end = () => console_.ask(api(`/sessions/${handle}`), { method: 'DELETE', headers: boss });
    expect([(await end()).status, await session(helper), (await end()).status]).toEqual([200, 401, 404]);
    expect(await session(boss)).toBe('console:administrator');
  });
});

describe('a login for a second device', () => {
  test('is a link or a short code, for a named person, and good once for both', async () => {
    const body = { role: 'viewer', person: 'guest' };
    const made = JSON.parse((await console_.post(api('/links'), body, boss)).text);
    expect(made.short).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const person = await console_.enter(
      `/login?code=${encodeURIComponent(` ${made.short.replace('-', ' ')} `)}`,
    );
    expect(await session(person)).toBe('console:viewer:guest');
    expect((await console_.ask(pathOf(made.link))).status).toBe(401);
    const second = JSON.parse((await console_.post(api('/links'), body, boss)).text);
    expect((await console_.ask(pathOf(second.link))).status).toBe(303);
    expect((await console_.ask(`/login?code=${second.short}`)).status).toBe(401);
  });
});
