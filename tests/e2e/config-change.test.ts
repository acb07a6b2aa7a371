/** A change of the site file end to end: an agent as a process, a city at its broker, the local API, a kill while it is watched. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requestLink } from '../../agent/console/access/local-door.ts';
import type {
  ApiConfigChange,
  ApiConfigHistory,
  ApiConfigState,
} from '../../agent/console/api/config-contract.ts';
import { startAgent } from '../support/agent-process.ts';
import { openCity } from './city.ts';
import { logIn, type Person } from './console-session.ts';
import { openSite } from './site.ts';

/** Nothing listens there. */
const NOWHERE = 'mqtt://127.0.0.1:9';
const WATCH_S = 20;
const by = { name: 'Li Wei', why: 'broker of the city moved' };

test('a change that silences the uplink returns by itself, tells the city why, and a kill on the way changes nothing of it', {
  timeout: 180_000,
}, async () => {
  await using site = await openSite({ camera: false });
  await using city = await openCity(site.broker);
  const good = readFileSync(site.file, 'utf8');
  const bad = good.replaceAll(site.broker, NOWHERE);
  expect(bad).not.toBe(good);
  const returned = (): readonly object[] =>
    [...city.records.values()].flatMap(({ event, body }) =>
      event === 'config' && body?.state === 'returned' ? [body] : [],
    );
  const fresh = async (): Promise<Person> => logIn(await requestLink(site.state));

  await using agent = startAgent(site.file);
  await agent.ready;
  await city.until(() => city.records.size > 50, 'the agent speaks');
  const person = await fresh();
  const before = await person.get<ApiConfigState>('/config');
  expect(before.text).toBe(good);
  const applied = await person.post<ApiConfigChange>('/config/changes', {
    text: bad,
    watch_s: WATCH_S,
    ...by,
  });
  expect(applied.changes).toEqual([expect.objectContaining({ part: 'uplink', id: 'city' })]);
  expect(readFileSync(site.file, 'utf8')).toBe(bad);
  // In the middle of the watch.
  await agent.kill();

  await using again = startAgent(site.file);
  await again.ready;
  await city.until(() => returned().length > 0, 'the event that explains the return');
  expect(readFileSync(site.file, 'utf8')).toBe(good);
  expect(returned()).toEqual([expect.objectContaining({ change: applied.id, ...by })]);
  const { changes } = await (await fresh()).get<ApiConfigHistory>('/config/changes');
  const entry = changes.find(({ id }) => id === applied.id);
  expect(entry).toMatchObject({ state: 'returned', ...by });
  expect(entry?.reason).toMatch(/city/);
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0 });
});
