/** Changes of the site file: what is refused, what is kept, what comes back by itself and why. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeWhole } from '../../../../agent/config/change/whole-file.ts';
import { EXTENDED, SECOND, STREET, Stand, TEMPLATES, WRONG } from './stand.ts';

let stand: Stand;
beforeEach(async () => {
  stand = new Stand();
  await stand.start();
});
afterEach(() => stand[Symbol.asyncDispose]());

const states = () => stand.changes.history().map(({ state }) => state);
const settled = (state: string) => stand.until(() => states()[0] === state, 1000);

describe('a change', () => {
  test('is checked, committed, followed, watched and kept, with who and why', async () => {
    const base = stand.changes.state().running;
    const answer = await stand.apply(SECOND, { base });
    expect(answer).toMatchObject({
      ok: true,
      change: { id: 2, state: 'committed', from: base, why: 'a test' },
    });
    expect(stand.text).toBe(SECOND);
    await settled('watching');
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    expect(stand.changes.state()).toMatchObject({ good: base, open: { id: 2, by: 'console:administrator' } });
    await settled('kept');
    const [kept] = stand.changes.history();
    expect(kept).toMatchObject({
      name: 'Li Na',
      changes: [{ part: 'device', id: 'meter-2', change: 'added' }],
    });
    expect(stand.changes.state().good).toBe(kept?.to);
    expect(await stand.changes.text(base)).toBe(STREET);
    await stand.until(() => stand.agent.told.includes('2 kept'));
    expect(stand.agent.told).toEqual(['2 watching', '2 kept']);
  });

  test('brings its templates along, and what they were comes back with it', async () => {
    const template = join(stand.dir, 'second.yaml');
    expect(await stand.apply(EXTENDED)).toMatchObject({ ok: false, code: 'wrong' });
    await stand.apply(EXTENDED, { templates: TEMPLATES });
    await settled('kept');
    expect(readFileSync(template, 'utf8')).toBe(TEMPLATES['second.yaml']);
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.some(({ address }) => address === 9) ? 'down' : 'ok';
    const worse = { 'second.yaml': TEMPLATES['second.yaml'].replace('address: 2', 'address: 9') };
    await stand.apply(EXTENDED, { templates: worse });
    await settled('returned');
    expect(readFileSync(template, 'utf8')).toBe(TEMPLATES['second.yaml']);
    const out = stand.apply(EXTENDED, { templates: { '../second.yaml': '' } });
    await expect(out).rejects.toThrow('is not beside the site file');
  });

  test('of a wrong file changes nothing and says where', async () => {
    const answer = await stand.apply(WRONG);
    expect(answer).toMatchObject({ ok: false, code: 'wrong' });
    expect(answer.ok === false && answer.check?.problems[0]).toMatchObject({
      line: 14,
      path: 'devices[0].profile',
    });
    expect(stand.text).toBe(STREET);
    expect(stand.agent.followed).toEqual([]);
    expect(stand.changes.history()).toHaveLength(1);
  });

  test('edited from a revision that does not run any more is refused', async () => {
    const base = stand.changes.state().running;
    await stand.apply(SECOND, { base });
    expect(await stand.apply(STREET.replace('address: 1', 'address: 9'), { base })).toMatchObject({
      ok: false,
      code: 'stale',
    });
  });

  test('that means what runs already is refused; a comment is kept without a watch', async () => {
    expect(await stand.apply(STREET)).toMatchObject({ ok: false, code: 'unchanged' });
    expect(await stand.apply(`# a word\n${STREET}`)).toMatchObject({ ok: true, change: { watch: 0 } });
    await settled('kept');
    expect(stand.agent.followed).toEqual([]);
  });

  test('whose device says nothing needs an explicit anyway', async () => {
    stand.agent.trial = 'silent';
    const answer = await stand.apply(SECOND);
    expect(answer).toMatchObject({ ok: false, code: 'trial-failed' });
    expect(answer.ok === false && answer.check?.trials).toMatchObject([
      { device: 'meter-2', result: 'silent' },
    ]);
    expect(stand.text).toBe(STREET);
    expect(await stand.apply(SECOND, { anyway: true })).toMatchObject({ ok: true });
  });

  test('does not move the state folder under a running agent', async () => {
    const answer = await stand.apply(`${STREET}state: ./elsewhere\n`);
    expect(answer).toMatchObject({ ok: false, code: 'wrong', check: { problems: [{ path: 'state' }] } });
  });

  test('keeps the rights of the file, and no text of it is readable by others', async () => {
    await stand.stop();
    await stand.start(writeWhole);
    chmodSync(stand.file, 0o640);
    await stand.apply(SECOND);
    const { mode } = statSync(stand.file);
    expect(mode & 0o777).toBe(0o640);
    const folder = join(stand.dir, 'state', 'config', 'revisions');
    for (const name of readdirSync(folder)) {
      const facts = statSync(join(folder, name));
      expect(facts.mode & 0o077).toBe(0);
    }
  });
});

describe('comes back by itself', () => {
  test('where an uplink is worse for half of the watch, and the event says why', async () => {
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok';
    await stand.apply(SECOND);
    await settled('returned');
    expect(stand.text).toBe(STREET);
    expect(stand.agent.site?.devices).toHaveLength(1);
    const [change] = stand.changes.history();
    expect(change?.reason).toBe('uplink:city was ok and is down');
    await stand.until(() => stand.agent.told.includes('2 returned'));
    expect(stand.agent.events.at(-1)).toMatchObject({
      event: 'config',
      severity: 'warning',
      body: { state: 'returned', reason: 'uplink:city was ok and is down', name: 'Li Na', why: 'a test' },
    });
    expect(stand.changes.state()).toMatchObject({ running: change?.from, good: change?.from });
  });

  test('where the agent does not start with it, at once', async () => {
    stand.agent.crashesWith = 'meter-2';
    await stand.apply(SECOND);
    await settled('returned');
    expect(stand.changes.history()[0]?.reason).toBe('the agent did not start with it: port 8080 is taken');
    expect(stand.agent.followed.at(-1)).toEqual(['changed agent']);
    expect(stand.text).toBe(STREET);
  });

  test('where the console stands still', async () => {
    await stand.apply(SECOND);
    await settled('watching');
    stand.agent.standstill = 'the console answers 500';
    await settled('returned');
    expect(stand.changes.history()[0]?.reason).toBe('the console answers 500');
  });

  test('but not for what was ill before, nor for a moment', async () => {
    let ill = true;
    stand.agent.state = (part, site) => {
      if (part === 'device:meter-1') return 'down';
      return part === 'uplink:city' && site?.devices.length === 2 && ill ? 'down' : 'ok';
    };
    await stand.apply(SECOND);
    await settled('watching');
    await stand.clock.advance(5_000);
    expect(stand.changes.state().open?.worse).toEqual(['uplink:city was ok and is down']);
    ill = false;
    await settled('kept');
  });

  test('to the last good one also over two changes', async () => {
    const base = stand.changes.state().running;
    await stand.apply(SECOND);
    await settled('watching');
    await stand.apply(SECOND.replace('address: 2', 'address: 3'));
    await settled('watching');
    expect(states()).toEqual(['watching', 'superseded', 'kept']);
    stand.agent.state = (part) => (part === 'line:rs485-1' ? 'degraded' : 'ok');
    await settled('returned');
    expect(stand.text).toBe(STREET);
    expect(stand.changes.state().running).toBe(base);
  });

  test('also where the file cannot be written: it does not run, and a start knows', async () => {
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok';
    await stand.apply(SECOND);
    await settled('watching');
    // A folder in the place of the file that is written first.
    mkdirSync(`${stand.file}.new`);
    await settled('returned');
    expect(stand.text).toBe(SECOND);
    expect(stand.agent.site?.devices).toHaveLength(1);
    await stand.stop();
    const chosen = await stand.start();
    expect(chosen.ok && chosen.run.site.devices).toHaveLength(1);
    await stand.until(() => stand.agent.shown.length > 0);
    expect(stand.agent.shown.at(-1)).toMatchObject({ part: 'config', state: 'degraded' });
    rmdirSync(`${stand.file}.new`);
  });
});

describe('somebody', () => {
  test('keeps a change before its time, or returns it', async () => {
    await stand.apply(SECOND);
    await settled('watching');
    const author = { by: 'console:administrator', name: 'Li Na', why: 'looks well' };
    expect(await stand.changes.end(2, 'keep', author)).toMatchObject({ ok: true, change: { state: 'kept' } });
    expect(await stand.changes.end(2, 'keep', author)).toMatchObject({ ok: false, code: 'unknown' });
    await stand.apply(STREET.replace('address: 1', 'address: 5'));
    await settled('watching');
    expect(await stand.changes.end(3, 'return', author)).toMatchObject({ ok: true });
    await settled('returned');
    expect(stand.text).toBe(SECOND);
    expect(stand.changes.history()[0]?.reason).toBe('returned by Li Na: looks well');
  });

  test('returns to an earlier revision as a change of its own', async () => {
    const [first] = stand.changes.history();
    await stand.apply(SECOND);
    await settled('kept');
    const { signal } = new AbortController();
    const author = { by: 'console:administrator', why: 'as it was' };
    expect(await stand.changes.returnTo(first?.to ?? '', author, signal)).toMatchObject({
      ok: true,
      change: { id: 3 },
    });
    await settled('kept');
    expect(stand.text).toBe(STREET);
    expect(await stand.changes.returnTo('0123456789abcdef', author, signal)).toMatchObject({
      code: 'unknown',
    });
    expect(await stand.changes.returnTo('../../etc/passwd', author, signal)).toMatchObject({
      code: 'unknown',
    });
  });

  test('edits the file by hand: it is a change, also where the editor replaces the file', async () => {
    writeFileSync(`${stand.file}~`, SECOND);
    renameSync(`${stand.file}~`, stand.file);
    await settled('watching');
    expect(stand.changes.history()[0]).toMatchObject({ by: 'file', why: '' });
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    await settled('kept');
  });

  test('edits it wrongly: nothing changes, it is shown, and mending it takes that away', async () => {
    stand.edit(WRONG);
    await stand.until(() => stand.changes.state().wrong !== undefined, 1000);
    expect(stand.agent.followed).toEqual([]);
    expect(stand.changes.state().wrong?.problems[0]).toMatchObject({ path: 'devices[0].profile' });
    expect(stand.agent.shown.at(-1)).toMatchObject({ part: 'config', state: 'degraded' });
    expect(stand.agent.shown.at(-1)?.message).toContain('eastron-sdm6300');
    stand.edit(STREET);
    await stand.until(() => stand.changes.state().wrong === undefined, 1000);
    expect(stand.agent.shown.at(-1)).toMatchObject({ state: 'ok' });
    expect(stand.changes.history()).toHaveLength(1);
  });

  test('edits it by hand so that things get worse: the old text is back, and the new one is in the history', async () => {
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok';
    stand.edit(SECOND);
    await settled('returned');
    expect(stand.text).toBe(STREET);
    expect(await stand.changes.text(stand.changes.history()[0]?.to ?? '')).toBe(SECOND);
  });
});

describe('a file that the site file names', () => {
  const NAMING = `profiles: [./own]
${STREET}uplinks:
  - { id: city, mqtt: { url: "mqtt://127.0.0.1:9", username: pole, password: "file:secrets/city" } }
`;
  const secret = () => join(stand.dir, 'secrets', 'city');
  const own = () => join(stand.dir, 'own', 'eastron-sdm630.yaml');
  beforeEach(async () => {
    mkdirSync(join(stand.dir, 'secrets'));
    mkdirSync(join(stand.dir, 'own'));
    copyFileSync(join(stand.dir, 'profiles', 'eastron-sdm630.yaml'), own());
    writeFileSync(secret(), 'first-secret');
    await stand.apply(NAMING);
    await settled('kept');
    stand.agent.followed.length = 0;
  });

  test('a secret is followed by what uses it, with its name in the history and the text of neither', async () => {
    writeFileSync(secret(), 'second-secret');
    await stand.until(() => stand.changes.history()[0]?.by === 'file' && states()[0] === 'kept', 1000);
    expect(stand.agent.followed).toEqual([['changed uplink city']]);
    expect(stand.changes.history()[0]?.why).toBe('changed: secrets/city');
    expect(JSON.stringify(stand.agent.site?.uplinks)).toContain('second-secret');
    const journal = readFileSync(join(stand.dir, 'state', 'config', 'journal.json'), 'utf8');
    expect(journal).not.toMatch(/first-secret|second-secret/);
  });

  test('a profile of its own is followed by its devices', async () => {
    const text = readFileSync(own(), 'utf8');
    const renamed = text.replace(/^model: .*$/m, 'model: SDM630 of the shops');
    expect(renamed).not.toBe(text);
    writeFileSync(own(), renamed);
    await stand.until(() => stand.agent.followed.length > 0, 1000);
    expect(stand.agent.followed).toEqual([['changed device meter-1']]);
    await stand.until(() => states()[0] === 'kept');
    expect(stand.changes.history()[0]?.why).toBe('changed: own/eastron-sdm630.yaml');
  });

  test('one that is gone changes nothing and is shown, until it is back', async () => {
    rmSync(secret());
    await stand.until(() => stand.changes.state().wrong !== undefined, 1000);
    expect(stand.agent.followed).toEqual([]);
    expect(stand.agent.shown.at(-1)).toMatchObject({ part: 'config', state: 'degraded' });
    writeFileSync(secret(), 'first-secret');
    await stand.until(() => stand.changes.state().wrong === undefined, 1000);
    expect(stand.agent.followed).toEqual([]);
  });

  test('one the agent does not start with leaves it with what it read before', async () => {
    const follow = stand.agent.follow.bind(stand.agent);
    stand.agent.follow = async (site, changes) => {
      await follow(site, changes);
      if (JSON.stringify(site.uplinks).includes('third-secret')) throw new Error('the key does not fit');
    };
    writeFileSync(secret(), 'third-secret');
    await stand.until(() => stand.agent.followed.length === 2, 1000);
    await stand.until(() => states()[0] === 'returned');
    expect(stand.changes.history()[0]?.reason).toBe('the agent did not start with it: the key does not fit');
    expect(JSON.stringify(stand.agent.site?.uplinks)).toContain('first-secret');
    expect(stand.lost).toEqual([]);
    await stand.clock.advance(60_000);
    expect(stand.agent.followed).toHaveLength(2);
  });

  test('does not end the watch of a change', async () => {
    await stand.apply(NAMING.replace('address: 1', 'address: 4'));
    stand.agent.followed.length = 0;
    await stand.until(() => states()[0] === 'watching');
    writeFileSync(secret(), 'second-secret');
    await stand.until(() => stand.agent.followed.some(([one]) => one === 'changed uplink city'), 100);
    expect(states()[0]).toBe('watching');
    await settled('kept');
    expect(stand.changes.state().text).toContain('address: 4');
  });
});

describe('a start', () => {
  test('with a wrong file runs the last good one and leaves the file alone', async () => {
    await stand.stop();
    stand.edit(`${WRONG}state: ./state # here\n`);
    const chosen = await stand.start();
    expect(chosen).toMatchObject({ ok: true, wrong: [{ path: 'devices[0].profile' }] });
    expect(chosen.ok && chosen.run.revision.texts.get(stand.file)).toBe(STREET);
    expect(stand.text).toContain('eastron-sdm6300');
    expect(stand.agent.shown.at(-1)).toMatchObject({ part: 'config', state: 'degraded' });
  });

  test('with a wrong file and no history says what is wrong', async () => {
    await using other = new Stand(WRONG);
    expect(await other.start()).toMatchObject({ ok: false, problems: [{ path: 'devices[0].profile' }] });
    expect(existsSync(join(other.dir, 'state'))).toBe(false);
  });

  test('with a file edited meanwhile watches it against the health before', async () => {
    await stand.stop();
    stand.edit(SECOND);
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok';
    await stand.start();
    expect(states()[0]).toBe('watching');
    await settled('returned');
    expect(stand.text).toBe(STREET);
  });

  test('after the second end without a stop in the watch returns; after a clean stop it goes on', async () => {
    await stand.apply(SECOND);
    await settled('watching');
    await stand.stop();
    await stand.start();
    expect(states()[0]).toBe('watching');
    // Ends without a stop: another process begins with the folder as it is.
    expect(await stand.choose()).toMatchObject({ ok: true });
    const chosen = await stand.choose();
    expect(chosen.ok && chosen.run.revision.texts.get(stand.file)).toBe(STREET);
    expect(chosen.ok && chosen.book.change(2)).toMatchObject({
      state: 'returned',
      reason: 'the agent ended 2 times without a stop while it was watched',
    });
    expect(stand.text).toBe(STREET);
  });

  test('with a damaged journal begins a new history', async () => {
    await stand.stop();
    const journal = join(stand.dir, 'state', 'config', 'journal.json');
    writeFileSync(journal, readFileSync(journal, 'utf8').slice(0, 40));
    expect(await stand.start()).toMatchObject({ ok: true });
    expect(stand.changes.history()).toMatchObject([{ id: 1, state: 'kept' }]);
    expect(existsSync(`${journal}.damaged`)).toBe(true);
  });

  test('on a full card runs all the same', async () => {
    await using other = new Stand(STREET);
    const full = async () => {
      throw new Error('ENOSPC: no space left on device');
    };
    expect(await other.start(full)).toMatchObject({ ok: true });
    expect(await other.apply(SECOND)).toMatchObject({ ok: false, code: 'unwritable' });
    expect(other.text).toBe(STREET);
  });
});
