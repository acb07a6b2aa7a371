/**
 * Power cuts: a real process is killed at every step of an update, and what had not been flushed is torn besides. Afterwards
 * the device runs what it ran or what it was given, whole, its state says which, and the next try goes through.
 */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FACTORY, isWhole, readBootState } from '../../../agent/update/boot-state.ts';
import { choose } from '../../../agent/update/launch.ts';
import { CITY, folder, IN_MEMORY, iso, makeRelease, START } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const execute = promisify(execFile);
const never = new AbortController().signal;
const DEVICE = new URL('./device.ts', import.meta.url).pathname;

async function device(
  dir: string,
  bundle: string,
  step = '',
): Promise<{ readonly killed: boolean; readonly steps: string[] }> {
  try {
    const { stdout } = await execute(process.execPath, [DEVICE, dir, bundle, CITY.key.public, step]);
    return { killed: false, steps: stdout.trim().split('\n') };
  } catch (thrown) {
    const { signal } = thrown as { readonly signal?: string };
    if (signal !== 'SIGKILL') throw thrown;
    return { killed: true, steps: [] };
  }
}

/** What a power cut may have done to files that nobody had flushed: cut them, or filled them with zeros. */
function tear(dir: string, how: 'cut' | 'zeros'): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dir, name);
    if (!/(^|\/)(\.new-|\.incoming\/)|\.new$/.test(name) || !statSync(path).isFile()) continue;
    if (how === 'cut') truncateSync(path, Math.floor(statSync(path).size / 2));
    else writeFileSync(path, Buffer.alloc(statSync(path).size));
  }
}

/** Starts the device again after the cut and brings the update to its end. */
async function recover(dir: string, bundle: string, good: boolean): Promise<void> {
  const { state } = readBootState(dir);
  const first = choose(dir, '0.1.0', false);
  // Old or new, whole, and the state says which.
  expect(['0.2.0', '0.3.0']).toContain(first);
  expect(isWhole(dir, first)).toBe(true);
  expect(state?.current).toBe(first);

  const clock = new VirtualClock();
  const events: string[] = [];
  await using agent = updatingAgent({
    dir,
    agent: 'pole-1',
    clock,
    onEvent: ({ body }) => events.push(`${body.what} ${body.version}`),
  });
  expect(agent.version).toBe(first);
  await clock.advance(200_000);
  await agent.updates.told();
  if (agent.updates.status().running === '0.2.0' && good) {
    const up = agent.next();
    expect(await agent.updates.take({ source: bundle, act: 'apply', by: 'cli' }, never)).toMatchObject({
      ok: true,
    });
    await up;
    await clock.advance(200_000);
    await agent.updates.told();
  }
  if (!good && agent.version === '0.3.0') throw new Error('a bad release stayed');
  expect(agent.version).toBe(good ? '0.3.0' : '0.2.0');
  expect(agent.updates.status().trial).toBeUndefined();
  await expect.poll(() => readBootState(dir).state?.news).toEqual([]);
  const end = good ? 'good 0.3.0' : 'returned 0.3.0';
  const history = readBootState(dir).state?.history.map(({ what, version }) => `${what} ${version}`) ?? [];
  if (good || history.includes('switched 0.3.0')) expect(history).toContain(end);
  expect(readdirSync(dir).filter((name) => name.startsWith('.new-0') && isWhole(dir, name))).toEqual([]);
}

describe.each([
  ['good', true],
  ['silent', false],
] as const)('a cut at every step of an update to a release that is %s', (behaviour, good) => {
  test('leaves the old one or the new one, whole', async () => {
    await using home = await folder(IN_MEMORY);
    const old = join(home.path, 'old');
    await makeRelease(old, { version: '0.2.0' });
    const bundle = join(home.path, 'bundle');
    await makeRelease(bundle, { version: '0.3.0', behaviour, change: { issued: iso(START - 1000) } });
    // A device that runs 0.2.0; every case begins with a copy of it.
    const begun = join(home.path, 'begun');
    {
      const clock = new VirtualClock();
      await using agent = updatingAgent({ dir: begun, agent: 'pole-1', clock });
      const up = agent.next();
      await agent.updates.take({ source: old, act: 'apply', by: 'cli' }, never);
      await up;
      await clock.advance(60_000);
      expect(agent.updates.status()).toMatchObject({ running: '0.2.0', floor: '0.2.0' });
    }
    const through = join(home.path, 'through');
    cpSync(begun, through, { recursive: true });
    const { steps } = await device(through, bundle);
    expect(steps.length).toBeGreaterThan(8);
    expect(steps).toContain('release named 1');
    expect(steps).toContain(good ? 'good written 1' : 'return written 1');
    let number = 0;
    // Up to the switch the two are the same.
    const begin = good ? 0 : steps.indexOf('switch written 1');
    for (const step of steps.slice(begin)) {
      const dir = join(home.path, `cut-${number}`);
      cpSync(begun, dir, { recursive: true });
      expect(await device(dir, bundle, step)).toEqual({ killed: true, steps: [] });
      tear(dir, number++ % 2 === 0 ? 'cut' : 'zeros');
      await recover(dir, bundle, good);
    }
  }, 180_000);
});

test('both state files gone: the package starts, and what is on the disk is not trusted', async () => {
  await using home = await folder();
  await makeRelease(join(home.path, 'b'), { version: '0.2.0' });
  const dir = join(home.path, 'releases');
  const clock = new VirtualClock();
  {
    await using agent = updatingAgent({ dir, agent: 'pole-1', clock });
    const up = agent.next();
    await agent.updates.take({ source: join(home.path, 'b'), act: 'apply', by: 'cli' }, never);
    await up;
  }
  for (const name of ['state-a', 'state-b']) writeFileSync(join(dir, name), '');
  expect(choose(dir, '0.1.0', true)).toBe(FACTORY);
});
