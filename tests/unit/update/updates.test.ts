/** Updates from the bundle to the verdict: what is good stays, what is bad is taken back, and each says why. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBootState, writeBootState } from '../../../agent/update/boot-state.ts';
import type { UpdatesOptions } from '../../../agent/update/updates.ts';
import { folder, makeRelease, STRANGER } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;
const by = 'cli';
const bodies = (events: readonly { readonly body: object }[]) => events.map(({ body }) => body);

async function device(more: Partial<UpdatesOptions> = {}) {
  const home = await folder();
  const bundles = await folder();
  const clock = new VirtualClock();
  const dir = join(home.path, 'releases');
  const agent = updatingAgent({ dir, agent: 'pole-1', clock, more });
  const stack = new AsyncDisposableStack();
  stack.use(home);
  stack.use(bundles);
  stack.use(agent);
  return {
    agent,
    clock,
    dir,
    bundle: async (wish: Parameters<typeof makeRelease>[1]) => {
      const out = join(bundles.path, `${wish.version}-${Math.random()}`);
      await makeRelease(out, wish);
      return out;
    },
    apply: (source: string, act: 'apply' | 'stage' = 'apply') =>
      agent.updates.take({ source, act, by }, never),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe('a release', () => {
  test('is staged, switched to, found good, and told at each step', async () => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0' });
    expect(await one.apply(source, 'stage')).toEqual({ ok: true, kind: 'release', version: '0.2.0' });
    await one.agent.updates.told();
    expect(one.agent.updates.status()).toMatchObject({ running: '0.1.0', staged: ['0.2.0'], floor: '0.0.0' });
    expect(one.agent.starts).toEqual(['0.1.0']);

    const next = one.agent.next();
    expect(await one.apply(source)).toMatchObject({ ok: true });
    await next;
    expect(one.agent.version).toBe('0.2.0');
    expect(one.agent.updates.status().trial).toMatchObject({ version: '0.2.0', starts: 1 });
    expect(await one.apply(source)).toMatchObject({ ok: false, code: 'busy', reason: '0.2.0 is on trial' });
    await one.clock.advance(30_000);
    await one.agent.updates.told();
    expect(one.agent.updates.status()).toMatchObject({
      running: '0.2.0',
      factory: false,
      floor: '0.2.0',
      staged: [],
    });
    expect(one.agent.updates.status().trial).toBeUndefined();
    expect(bodies(one.agent.events)).toMatchObject([
      { what: 'staged', kind: 'release', version: '0.2.0' },
      { what: 'switched', version: '0.2.0', from: '0.1.0' },
      { what: 'good', version: '0.2.0' },
    ]);
    expect(one.agent.events.every(({ event, severity }) => event === 'update' && severity === 'info')).toBe(
      true,
    );
  });

  test.each([
    ['dies', ['0.2.0', '0.2.0', '0.2.0', '0.1.0'], 0, 'it was started 3 times and was not found good'],
    ['silent', ['0.2.0', '0.1.0'], 130_000, 'after 120 s: uplink city is silent: it is not connected'],
    ['deaf', ['0.2.0', '0.1.0'], 130_000, /^after 120 s: nothing answers on line rs485-1 any more \(2 did\)/],
  ])('that is %s is taken back, and is not tried again', async (behaviour, starts, wait, reason) => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0', behaviour });
    const up = one.agent.next();
    expect(await one.apply(source)).toMatchObject({ ok: true });
    await up;
    if (wait > 0) {
      const back = one.agent.next();
      await one.clock.advance(wait);
      await back;
    }
    expect(one.agent.starts).toEqual(['0.1.0', ...starts]);
    await one.agent.updates.told();
    expect(one.agent.events.at(-1)).toMatchObject({ event: 'update', severity: 'warning' });
    expect(one.agent.events.at(-1)?.body).toMatchObject({
      what: 'returned',
      version: '0.2.0',
      from: 'factory',
    });
    expect(one.agent.events.at(-1)?.body.reason).toMatch(reason);
    // Told once.
    expect(one.agent.events.filter(({ body }) => body.what === 'returned')).toHaveLength(1);
    expect(await one.apply(source)).toMatchObject({ ok: false, code: 'refused-before' });
    expect(one.agent.version).toBe('0.1.0');
  });

  test('one meter of many that fell silent by chance is no reason; a city that was away before is none', async () => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0', behaviour: 'silent' });
    await one.apply(source, 'stage');
    const up = one.agent.next();
    await one.apply(source);
    // As if nothing had been acknowledged before the switch.
    const { state } = readBootState(one.dir);
    const before = { devices: state?.trial?.before?.devices ?? [], uplinks: [] };
    if (state?.trial === undefined) throw new Error('it is not on trial');
    writeBootState(one.dir, { ...state, trial: { ...state.trial, before } });
    await up;
    await one.clock.advance(30_000);
    expect(one.agent.updates.status().trial).toBeUndefined();
    expect(one.agent.version).toBe('0.2.0');
  });

  test('takes over the parts that the one before has, without fetching them', async () => {
    await using one = await device();
    const run = async (version: string) => {
      const source = await one.bundle({ version });
      // Packages are the same in both: nothing fetches them again.
      if (version === '0.3.0') await rm(join(source, 'modules.tar.zst'));
      const up = one.agent.next();
      expect(await one.apply(source)).toMatchObject({ ok: true });
      await up;
      await one.clock.advance(30_000);
      expect(one.agent.version).toBe(version);
    };
    await run('0.2.0');
    await run('0.3.0');
    const file = 'node_modules/two/lib/index.js';
    const [a, b] = await Promise.all(['0.2.0', '0.3.0'].map((version) => stat(join(one.dir, version, file))));
    expect(a?.ino).toBe(b?.ino);
    await run('0.4.0');
    // Only what runs and what it would return to stay.
    const there = async () => (await readdir(one.dir)).filter((name) => /^\d/.test(name)).sort();
    await expect.poll(there).toEqual(['0.3.0', '0.4.0']);
    expect(await readFile(join(one.dir, '0.4.0', file), 'utf8')).toContain('exports = 2');
    expect(one.agent.updates.status()).toMatchObject({ previous: '0.3.0', floor: '0.4.0' });
  });
});

describe('a bad bundle changes nothing and is told', () => {
  const cases: readonly [string, string, (source: string) => Promise<void>][] = [
    ['with other bytes in a part', 'bad-hash', (source) => flip(join(source, 'app.tar.zst'))],
    ['with a part that goes on', 'wrong-size', (source) => append(join(source, 'app.tar.zst'))],
    ['with a part that ends early', 'unreachable', (source) => cut(join(source, 'app.tar.zst'))],
    ['without a part', 'unreachable', (source) => rm(join(source, 'app.tar.zst'))],
    ['with another manifest', 'malformed', (source) => writeFile(join(source, 'manifest.json'), '{}')],
    ['without a manifest', 'unreachable', (source) => rm(join(source, 'manifest.json'))],
  ];
  test.each(cases)('%s', async (_, code, spoil) => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0' });
    await spoil(source);
    const taken = one.apply(source);
    await waitFor(one, taken);
    expect(await taken).toMatchObject({ ok: false, code });
    await one.agent.updates.told();
    expect(one.agent.events.at(-1)?.body).toMatchObject({ what: 'refused', code });
    expect(one.agent.updates.status()).toMatchObject({ running: '0.1.0', factory: true, staged: [] });
    expect(one.agent.starts).toEqual(['0.1.0']);
  });

  test('that a stranger signed', async () => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0', key: STRANGER });
    expect(await one.apply(source)).toMatchObject({ ok: false, code: 'unknown-key' });
  });

  test('that says less of its parts than is in them', async () => {
    await using one = await device();
    const source = await one.bundle({ version: '0.2.0' });
    const manifest = JSON.parse(await readFile(join(source, 'manifest.json'), 'utf8'));
    const { parts } = JSON.parse(Buffer.from(manifest.payload, 'base64').toString());
    const less = parts.map((part: { unpacked: number }) => ({ ...part, unpacked: part.unpacked - 1 }));
    const lying = await one.bundle({ version: '0.2.0', change: { parts: less } });
    expect(await one.apply(lying)).toMatchObject({ ok: false, code: 'unpackable' });
    expect(await readdir(one.dir)).not.toContain('0.2.0');
  });

  test('that the disk has no room for', async () => {
    await using one = await device({ free: async () => 64 * 1024 ** 2 + 100 });
    const source = await one.bundle({ version: '0.2.0' });
    const taken = await one.apply(source);
    expect(taken).toMatchObject({ ok: false, code: 'no-room' });
    expect(taken.ok ? '' : taken.reason).toMatch(/^it needs \d+ MB, 68 MB are free$/);
    expect(await readdir(one.dir)).not.toContain('.incoming');
  });
});

/** Lets virtual time pass until it is over: a broken source is tried again with pauses. */
async function waitFor(one: Awaited<ReturnType<typeof device>>, work: Promise<unknown>): Promise<void> {
  let over = false;
  void work.finally(() => {
    over = true;
  });
  while (!over) await one.clock.advance(1000);
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

async function append(file: string): Promise<void> {
  await writeFile(file, Buffer.concat([await readFile(file), Buffer.from('more')]));
}

async function cut(file: string): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length / 2));
}
