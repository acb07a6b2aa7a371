/** `npm start` and its buttons of speed: the agent that runs is told, and its site file stays; the next one begins by it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startStreetProcess } from '../browser/support/street-process.ts';
import { logIn } from './console-session.ts';

const MINUTE = 60_000;

test('a street that is turned changes no file under its agent, and the agent after it begins by the turned clock', {
  timeout: 300_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const state = await mkdtemp(join(tmpdir(), 'street-turned-'));
  stack.defer(() => rm(state, { recursive: true, force: true, maxRetries: 3 }));
  const street = stack.use(await startStreetProcess({ state, port: 18_880, scenario: 'evening' }));
  const person = await logIn(street.link);
  const site = () => readFile(join(state, 'site.yaml'), 'utf8');
  const now = async () => (await person.get<{ now: number }>('/points')).now;
  const press = async (button: string) => {
    const answer = await fetch(new URL(`/street/${button}`, street.street), { method: 'POST' });
    expect([button, answer.status, await answer.text()]).toEqual([button, 200, '{"done":true}']);
  };

  const written = await site();
  const before = await now();
  await press('speed/60');
  await expect.poll(now, { timeout: 60_000, interval: 500 }).toBeGreaterThan(before + 10 * MINUTE);
  await press('speed/1');
  expect(await site()).toBe(written);
  expect(await street.log()).not.toContain('"config.following"');

  await press('things/kill/strike');
  await expect.poll(site, { timeout: 60_000, interval: 200 }).not.toBe(written);
  await expect.poll(() => street.another(), { timeout: 60_000, interval: 500 }).toMatch(/^http/);
  const later = await logIn(await street.another());
  const { now: then } = await later.get<{ now: number }>('/points');
  expect(then).toBeGreaterThan(before + 10 * MINUTE);
  expect(then).toBeLessThan(before + 24 * 60 * MINUTE);
  expect(await street.log()).not.toContain('"config.following"');
});
