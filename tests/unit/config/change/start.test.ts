/** Which site file a start runs: the one there is, the last good one, or none. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND, STREET, Stand, WRONG } from './stand.ts';

let stand: Stand;
beforeEach(async () => {
  stand = new Stand();
  await stand.start();
});
afterEach(() => stand[Symbol.asyncDispose]());

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
    expect(stand.states()[0]).toBe('watching');
    await stand.settled('returned');
    expect(stand.text).toBe(STREET);
  });

  test('after the second end without a stop in the watch returns; after a clean stop it goes on', async () => {
    await stand.apply(SECOND);
    await stand.settled('watching');
    await stand.stop();
    await stand.start();
    expect(stand.states()[0]).toBe('watching');
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
