/** Changes of the site file: what is refused, what is kept, what comes back by itself and why. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
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

describe('a change', () => {
  test('is checked, committed, followed, watched and kept, with who and why', async () => {
    const base = stand.changes.state().running;
    const answer = await stand.apply(SECOND, { base });
    expect(answer).toMatchObject({
      ok: true,
      change: { id: 2, state: 'committed', from: base, why: 'a test' },
    });
    expect(stand.text).toBe(SECOND);
    await stand.settled('watching');
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    expect(stand.changes.state()).toMatchObject({ good: base, open: { id: 2, by: 'console:administrator' } });
    await stand.settled('kept');
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
    await stand.settled('kept');
    expect(readFileSync(template, 'utf8')).toBe(TEMPLATES['second.yaml']);
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.some(({ address }) => address === 9) ? 'down' : 'ok';
    const worse = { 'second.yaml': TEMPLATES['second.yaml'].replace('address: 2', 'address: 9') };
    await stand.apply(EXTENDED, { templates: worse });
    await stand.settled('returned');
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
    await stand.settled('kept');
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
    await stand.settled('returned');
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
    await stand.settled('returned');
    expect(stand.changes.history()[0]?.reason).toBe('the agent did not start with it: port 8080 is taken');
    expect(stand.agent.followed.at(-1)).toEqual(['changed agent']);
    expect(stand.text).toBe(STREET);
  });

  test('where the console stands still', async () => {
    await stand.apply(SECOND);
    await stand.settled('watching');
    stand.agent.standstill = 'the console answers 500';
    await stand.settled('returned');
    expect(stand.changes.history()[0]?.reason).toBe('the console answers 500');
  });

  test('but not for what was ill before, nor for a moment', async () => {
    let ill = true;
    stand.agent.state = (part, site) => {
      if (part === 'device:meter-1') return 'down';
      return part === 'uplink:city' && site?.devices.length === 2 && ill ? 'down' : 'ok';
    };
    await stand.apply(SECOND);
    await stand.settled('watching');
    await stand.clock.advance(5_000);
    expect(stand.changes.state().open?.worse).toEqual(['uplink:city was ok and is down']);
    ill = false;
    await stand.settled('kept');
  });

  test('to the last good one also over two changes', async () => {
    const base = stand.changes.state().running;
    await stand.apply(SECOND);
    await stand.settled('watching');
    await stand.apply(SECOND.replace('address: 2', 'address: 3'));
    await stand.settled('watching');
    expect(stand.states()).toEqual(['watching', 'superseded', 'kept']);
    stand.agent.state = (part) => (part === 'line:rs485-1' ? 'degraded' : 'ok');
    await stand.settled('returned');
    expect(stand.text).toBe(STREET);
    expect(stand.changes.state().running).toBe(base);
  });

  test('also where the file cannot be written: it does not run, and a start knows', async () => {
    stand.agent.state = (part, site) =>
      part === 'uplink:city' && site?.devices.length === 2 ? 'down' : 'ok';
    await stand.apply(SECOND);
    await stand.settled('watching');
    // A folder in the place of the file that is written first.
    mkdirSync(`${stand.file}.new`);
    await stand.settled('returned');
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
    await stand.settled('watching');
    const author = { by: 'console:administrator', name: 'Li Na', why: 'looks well' };
    expect(await stand.changes.end(2, 'keep', author)).toMatchObject({ ok: true, change: { state: 'kept' } });
    expect(await stand.changes.end(2, 'keep', author)).toMatchObject({ ok: false, code: 'unknown' });
    await stand.apply(STREET.replace('address: 1', 'address: 5'));
    await stand.settled('watching');
    expect(await stand.changes.end(3, 'return', author)).toMatchObject({ ok: true });
    await stand.settled('returned');
    expect(stand.text).toBe(SECOND);
    expect(stand.changes.history()[0]?.reason).toBe('returned by Li Na: looks well');
  });

  test('returns to an earlier revision as a change of its own', async () => {
    const [first] = stand.changes.history();
    await stand.apply(SECOND);
    await stand.settled('kept');
    const { signal } = new AbortController();
    const author = { by: 'console:administrator', why: 'as it was' };
    expect(await stand.changes.returnTo(first?.to ?? '', author, signal)).toMatchObject({
      ok: true,
      change: { id: 3 },
    });
    await stand.settled('kept');
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
    await stand.settled('watching');
    expect(stand.changes.history()[0]).toMatchObject({ by: 'file', why: '' });
    expect(stand.agent.followed).toEqual([['added device meter-2']]);
    await stand.settled('kept');
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
    await stand.settled('returned');
    expect(stand.text).toBe(STREET);
    expect(await stand.changes.text(stand.changes.history()[0]?.to ?? '')).toBe(SECOND);
  });
});
