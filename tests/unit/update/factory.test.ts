/** Parts that the package has: copied out of it where they are as they were installed, fetched where not. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestTree, FACTORY_PARTS, type FactoryPart } from '../../../agent/update/factory.ts';
import { makePart } from '../../../agent/update/make.ts';
import { bytesNeeded } from '../../../agent/update/releases.ts';
import { folder, makeRelease, releaseFiles, write } from '../../support/update-bundles.ts';
import { updatingAgent } from '../../support/updating-agent.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;
const TOPS = ['node_modules'];
const FILE = 'node_modules/one/index.js';

/** A package whose packages are those of the next release, and that release without their archive. */
async function begin(path: string) {
  const [home, bundle, dir] = [join(path, 'home'), join(path, 'bundle'), join(path, 'releases')];
  await write(home, releaseFiles('0.1.0', 'good'));
  await makeRelease(bundle, { version: '0.2.0' });
  const { sha256 } = await makePart('modules', home, TOPS, join(path, 'parts'), 3);
  const { digest: tree } = await digestTree(home, TOPS);
  const part: FactoryPart = { name: 'modules', sha256, tops: TOPS, tree };
  writeFileSync(join(home, FACTORY_PARTS), JSON.stringify([part]));
  const archive = readFileSync(join(bundle, 'modules.tar.zst'));
  rmSync(join(bundle, 'modules.tar.zst'));
  const clock = new VirtualClock();
  const agent = updatingAgent({ dir, agent: 'pole-1', clock, more: { factoryHome: home } });
  const take = async () => {
    let over = false;
    const taken = agent.updates.take({ source: bundle, act: 'stage', by: 'cli' }, never).finally(() => {
      over = true;
    });
    // What cannot be fetched is tried again for a while.
    while (!over) {
      await clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return taken;
  };
  return { home, bundle, dir, archive, agent, take };
}

test('what the package has is not fetched, and is a file of its own', async () => {
  await using at = await folder();
  const { home, dir, agent, take } = await begin(at.path);
  await using _ = agent;
  expect(await take()).toMatchObject({ ok: true, version: '0.2.0' });
  const [copy, own] = [statSync(join(dir, '0.2.0', FILE)), statSync(join(home, FILE))];
  expect(readFileSync(join(dir, '0.2.0', FILE), 'utf8')).toBe('module.exports = 1;\n');
  expect(copy.ino).not.toBe(own.ino);
  // The next one finds it in a release, and links it.
  expect(agent.updates.status().staged).toEqual(['0.2.0']);
});

test('a byte that a card has spoilt is not taken along: the part is fetched', async () => {
  await using at = await folder();
  const { home, bundle, dir, archive, agent, take } = await begin(at.path);
  await using _ = agent;
  writeFileSync(join(home, FILE), 'module.exports = 7;\n');
  expect(await take()).toMatchObject({ ok: false, code: 'unreachable' });
  writeFileSync(join(bundle, 'modules.tar.zst'), archive);
  expect(await take()).toMatchObject({ ok: true });
  expect(readFileSync(join(dir, '0.2.0', FILE), 'utf8')).toBe('module.exports = 1;\n');
});

test('a package that says nothing of its parts, or nonsense, has none', async () => {
  await using at = await folder();
  const { home, agent, take } = await begin(at.path);
  await using _ = agent;
  for (const text of ['', '{', '[{"name":"modules"}]', '{}']) {
    writeFileSync(join(home, FACTORY_PARTS), text);
    expect(await take()).toMatchObject({ ok: false, code: 'unreachable' });
  }
});

test('the room that a release needs: what is copied has no archive to fetch', async () => {
  await using at = await folder();
  const { home, dir, archive, agent } = await begin(at.path);
  await using _ = agent;
  const part = { name: 'modules', file: 'm', unpacked: 40, entries: 2, size: archive.length };
  const { sha256 } = JSON.parse(readFileSync(join(home, FACTORY_PARTS), 'utf8'))[0];
  const manifest = { parts: [{ ...part, sha256 }] } as unknown as Parameters<typeof bytesNeeded>[0];
  expect(await bytesNeeded(manifest, dir, home)).toBe(40 + 2 * 4096);
  expect(await bytesNeeded(manifest, dir)).toBe(40 + 2 * 4096 + archive.length);
});
