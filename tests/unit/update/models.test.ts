/** Model packs by bundle: what is wrong, counts wrong or takes vision down never counts, and the pack before is back. */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { fleetModels, packsOf } from '../../../agent/compose/fleet/models.ts';
import { silent } from '../../../agent/core/log.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { freshState, readBootState, writeBootState } from '../../../agent/update/boot-state.ts';
import { makePart, writeManifest } from '../../../agent/update/make.ts';
import { resumeModel } from '../../../agent/update/models.ts';
import { CITY, folder, iso, START } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NANODET = new URL('../../../models/nanodet', import.meta.url).pathname;
const never = new AbortController().signal;

async function device() {
  const stack = new AsyncDisposableStack();
  const home = stack.use(await folder());
  const clock = new VirtualClock();
  const state = join(home.path, 'state');
  const dir = join(home.path, 'releases');
  let vision: PartHealth['state'] = 'ok';
  const reloads: string[] = [];
  const models = fleetModels({
    state,
    clock,
    hub: { onEvent: () => ({ [Symbol.dispose]() {} }) },
    health: () => [{ part: 'vision', state: vision, since: 0, facts: {}, message: 'the thread died' }],
    reload: () => void reloads.push('reload'),
  });
  const agent = stack.use(updatingAgent({ dir, agent: 'pole-1', clock, more: { models } }));
  let serial = 0;
  const bundle = async (
    change: (pack: string) => Promise<void> = async () => {},
    golden: readonly object[] = [{ picture: 'golden/empty.jpg', class: 'car', at_least: 0, at_most: 0 }],
  ) => {
    const from = join(home.path, `pack-${++serial}`);
    await mkdir(join(from, 'golden'), { recursive: true });
    await cp(NANODET, join(from, 'city-net'), { recursive: true });
    const grey = { width: 640, height: 384, channels: 3, background: { r: 120, g: 120, b: 120 } } as const;
    await sharp({ create: grey }).jpeg().toFile(join(from, 'golden/empty.jpg'));
    // Each has a model.yaml of its own, so that one can be told from another.
    const yaml = join(from, 'city-net/model.yaml');
    await writeFile(yaml, `# ${serial}\n${await readFile(yaml, 'utf8')}`);
    await change(join(from, 'city-net'));
    const out = join(home.path, `bundle-${serial}`);
    const parts = [await makePart('pack', from, ['city-net', 'golden'], out, 1)];
    const signed = {
      channel: 'stable',
      issued: iso(START - 1000),
      expires: iso(START + 86_400_000),
      scope: { sites: ['*'] },
    };
    await writeManifest({ kind: 'model', name: 'city-net', serial, ...signed, parts, golden }, out, {
      id: CITY.key.id,
      secret: CITY.secret,
    });
    return out;
  };
  return {
    agent,
    clock,
    dir,
    state,
    reloads,
    bundle,
    set vision(now: PartHealth['state']) {
      vision = now;
    },
    apply: (source: string) => agent.updates.take({ source, act: 'apply', by: 'cli' }, never),
    mark: async () =>
      (await readFile(join(state, 'models/city-net/model.yaml'), 'utf8').catch(() => 'none')).split('\n')[0],
    last: () => agent.events.at(-1)?.body,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('a pack from the bundle to the verdict, and bad ones after it: the good one stays or is back', {
  timeout: 120_000,
}, async () => {
  await using one = await device();
  expect(await one.apply(await one.bundle())).toEqual({ ok: true, kind: 'model', version: 'city-net#1' });
  expect(await one.mark()).toBe('# 1');
  await one.clock.advance(70_000);
  await one.agent.updates.told();
  expect(one.last()).toMatchObject({ what: 'good', kind: 'model', version: 'city-net#1' });
  expect(one.reloads).toHaveLength(1);

  // Another network than its hash says, tensors of another name, counts that are wrong.
  const yaml = (from: RegExp, to: string) => async (pack: string) => {
    const file = join(pack, 'model.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
  };
  const bad: readonly [RegExp, ReturnType<typeof yaml> | undefined, object[]?][] = [
    [/damaged or another file/, yaml(/sha256: ./, 'sha256: 0')],
    [/image2|tensor/, yaml(/tensor: image/, 'tensor: image2')],
    [
      /it counts 0 × car in golden\/empty.jpg, and there are 2 to 4/,
      undefined,
      [{ picture: 'golden/empty.jpg', class: 'car', at_least: 2, at_most: 4 }],
    ],
  ];
  for (const [reason, change, golden] of bad) {
    expect(await one.apply(await one.bundle(change, golden))).toMatchObject({
      ok: false,
      code: 'failed-trial',
      reason: expect.stringMatching(reason),
    });
    await one.agent.updates.told();
    expect(one.last()).toMatchObject({ what: 'refused', kind: 'model', code: 'failed-trial' });
    expect(await one.mark()).toBe('# 1');
  }
  expect(one.reloads).toHaveLength(1);

  // Right by itself, and the thread dies with it.
  one.vision = 'down';
  expect(await one.apply(await one.bundle())).toMatchObject({ ok: true, version: 'city-net#5' });
  expect(await one.mark()).toBe('# 5');
  await one.clock.advance(62_000);
  await expect.poll(one.mark).toBe('# 1');
  await expect
    .poll(() => one.last())
    .toMatchObject({
      what: 'returned',
      version: 'city-net#5',
      reason: 'vision does not come up with it: the thread died',
    });
  expect(one.reloads).toHaveLength(3);
  expect(one.agent.updates.status().history.filter(({ what }) => what === 'good')).toHaveLength(1);
});

test('a power cut while it is put in its place, and an agent that ends with it again and again', async () => {
  await using home = await folder();
  const clock = new VirtualClock();
  const dir = join(home.path, 'releases');
  const models = join(home.path, 'models');
  const place = packsOf(home.path);
  const put = (name: string, text: string) =>
    mkdir(join(models, name), { recursive: true }).then(() =>
      writeFile(join(models, name, 'model.yaml'), text),
    );
  const mark = () => readFile(join(models, 'net/model.yaml'), 'utf8').catch(() => 'none');
  const state = () => readBootState(dir).state ?? freshState('0.1.0');
  const resume = () =>
    resumeModel({
      models: place,
      clock,
      log: silent,
      state,
      write: (change) => void writeBootState(dir, change(state())),
    });
  const pending = async (starts: number) => {
    await put('net', 'old');
    const was = await place.digest('net');
    const model = { name: 'net', version: 'net#2', starts, ...(was === undefined ? {} : { was }) };
    writeBootState(dir, { ...freshState('0.1.0'), model });
  };
  const news = () => state().news.at(-1);

  // Before anything moved, between the two renames, and after them.
  await pending(0);
  expect([await resume(), await mark(), state().model]).toEqual([false, 'old', undefined]);
  expect(news()).toMatchObject({
    what: 'returned',
    reason: 'the power failed while it was put in its place',
  });
  await pending(0);
  await rename(join(models, 'net'), join(models, 'net.before'));
  expect([await resume(), await mark()]).toEqual([false, 'old']);
  await pending(0);
  await rename(join(models, 'net'), join(models, 'net.before'));
  await put('net', 'new');
  expect([await resume(), await mark(), state().model?.starts]).toEqual([true, 'new', 1]);
  expect([await resume(), await resume(), await mark()]).toEqual([true, false, 'old']);
  expect(news()).toMatchObject({
    what: 'returned',
    reason: 'the agent was started 2 times while it was tried',
  });

  // There was none before.
  await rm(models, { recursive: true });
  writeBootState(dir, { ...freshState('0.1.0'), model: { name: 'net', version: 'net#1', starts: 5 } });
  await put('net', 'new');
  expect([await resume(), await mark()]).toEqual([false, 'none']);
});
