/** The launcher as a process: the package's release in the same process, another one by becoming it, each start counted. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freshState, readBootState, writeBootState } from '../../../agent/update/boot-state.ts';
import { command } from '../../../agent/update/launch.ts';
import { folder, write } from '../../support/update-bundles.ts';

const execute = promisify(execFile);
const LAUNCH = new URL('../../../agent/update/launch.ts', import.meta.url).pathname;
const QUIET = '--disable-warning=ExperimentalWarning';

test('without an update the release of the package runs, for any command', async () => {
  await using home = await folder();
  const env = { ...process.env, KERBSIDE_RELEASES: home.path };
  const { stdout } = await execute(process.execPath, [QUIET, LAUNCH, '--version'], { env });
  expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  expect(readBootState(home.path).state).toBeUndefined();
});

test('a release that was switched to is what the process becomes, with its own environment, and the start is counted', async () => {
  await using home = await folder();
  const version = '9.9.9';
  await write(join(home.path, version), {
    'release.json': JSON.stringify({ version }),
    'agent/main.ts': `const { KERBSIDE_RELEASE: release, KERBSIDE_FACTORY: factory } = process.env;
      process.stdout.write(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), release, factory }));`,
  });
  const { stdout: own } = await execute(process.execPath, [QUIET, LAUNCH, '--version']);
  const base = own.trim();
  const trial = { version, digest: 'd', starts: 0, within: 1000, soak: 0, floor: '0.0.0' };
  writeBootState(home.path, { ...freshState(base), current: version, trial });
  // As the service has it, whoever runs the tests: root would give up its rights first.
  const service = `process.getuid = () => 1000;
    const { launch } = await import(${JSON.stringify(LAUNCH)});
    await launch(['run', '--site', 'x y.yaml'], process.env);`;
  const child = spawn(process.execPath, [QUIET, '--input-type=module', '-e', service], {
    env: { ...process.env, KERBSIDE_RELEASES: home.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await text(child.stdout);
  expect(JSON.parse(said)).toEqual({
    // The service manager knows it by this number.
    pid: child.pid,
    args: ['run', '--site', 'x y.yaml'],
    release: version,
    factory: base,
  });
  expect(readBootState(home.path).state?.trial?.starts).toBe(1);
});

test('as root another user runs what is no package, with the Node that it brought', async () => {
  await using home = await folder();
  await write(home.path, { '1.0.0/runtime/node': '' });
  const ready = command('1.0.0', home.path, ['doctor'], { uid: 0, env: {} });
  expect(ready.file).toBe('/usr/bin/setpriv');
  expect(ready.args.slice(0, 4)).toEqual([
    'setpriv',
    '--reuid=kerbside',
    '--regid=kerbside',
    '--init-groups',
  ]);
  expect(ready.args).toContain(join(home.path, '1.0.0/runtime/node'));
  expect(command('1.0.0', home.path, [], { uid: 1000, env: {} }).file).toBe(
    join(home.path, '1.0.0/runtime/node'),
  );
  expect(command('factory', home.path, [], { uid: 0, env: {} }).file).toBe(process.execPath);
});
