/** Profiles, secrets and certificates that the site file only names: followed when they are replaced. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STREET, Stand } from './stand.ts';

let stand: Stand;
beforeEach(async () => {
  stand = new Stand();
  await stand.start();
});
afterEach(() => stand[Symbol.asyncDispose]());

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
    await stand.settled('kept');
    stand.agent.followed.length = 0;
  });

  test('a secret is followed by what uses it, with its name in the history and the text of neither', async () => {
    writeFileSync(secret(), 'second-secret');
    await stand.until(() => stand.changes.history()[0]?.by === 'file' && stand.states()[0] === 'kept', 1000);
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
    await stand.until(() => stand.states()[0] === 'kept');
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
    await stand.until(() => stand.states()[0] === 'returned');
    expect(stand.changes.history()[0]?.reason).toBe('the agent did not start with it: the key does not fit');
    expect(JSON.stringify(stand.agent.site?.uplinks)).toContain('first-secret');
    expect(stand.lost).toEqual([]);
    await stand.clock.advance(60_000);
    expect(stand.agent.followed).toHaveLength(2);
  });

  test('does not end the watch of a change', async () => {
    await stand.apply(NAMING.replace('address: 1', 'address: 4'));
    stand.agent.followed.length = 0;
    await stand.until(() => stand.states()[0] === 'watching');
    writeFileSync(secret(), 'second-secret');
    await stand.until(() => stand.agent.followed.some(([one]) => one === 'changed uplink city'), 100);
    expect(stand.states()[0]).toBe('watching');
    await stand.settled('kept');
    expect(stand.changes.state().text).toContain('address: 4');
  });
});
