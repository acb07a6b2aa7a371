/** `kerbside update sign`: the folder that the builder made becomes a bundle that an agent takes; a file that was cut does not. */
import { execFile } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freshState } from '../../../agent/update/boot-state.ts';
import { judge } from '../../../agent/update/judge.ts';
import { makePart } from '../../../agent/update/make.ts';
import { CITY, folder, releaseFiles, write } from '../../support/update-bundles.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const execute = promisify(execFile);
const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname;

test('signs what release.json says, once it is whole', { timeout: 60_000 }, async () => {
  await using at = await folder();
  const bundle = join(at.path, 'bundle');
  await write(join(at.path, 'tree'), releaseFiles('0.3.0', 'good'));
  const part = await makePart('app', join(at.path, 'tree'), ['agent', 'package.json'], bundle, 3);
  const log = { schema: 3, oldest: 3 };
  const release = { kind: 'release', version: '0.3.0', architecture: 'arm64', log, parts: [part] };
  writeFileSync(join(bundle, 'release.json'), JSON.stringify(release));
  writeFileSync(join(at.path, 'key'), CITY.secret);
  const sign = (...more: string[]) =>
    execute(process.execPath, [MAIN, 'update', 'sign', bundle, '--key', join(at.path, 'key'), ...more]);
  await sign('--id', CITY.key.id, '--sites', 'street', 'square', '--from', '0.2.0', '--soak', '5');
  const here = {
    site: 'street',
    agent: 'pole-1',
    keys: [CITY.key],
    channel: 'stable',
    architecture: 'arm64',
    running: '0.2.0',
    logSchema: 3,
    switchable: true,
    clock: new VirtualClock(Date.now()),
  };
  const envelope = readFileSync(join(bundle, 'manifest.json'));
  const judged = judge(envelope, freshState('0.1.0'), here);
  expect(judged).toMatchObject({
    ok: true,
    manifest: { version: '0.3.0', floor: '0.3.0', from: '0.2.0', trial: { within: 600_000, soak: 5000 } },
  });
  expect(judge(envelope, freshState('0.1.0'), { ...here, site: 'elsewhere' })).toMatchObject({
    code: 'wrong-scope',
  });
  truncateSync(join(bundle, part.file), part.size - 1);
  await expect(sign('--id', CITY.key.id)).rejects.toThrow(/app\.tar\.zst is not what release\.json says/);
});
