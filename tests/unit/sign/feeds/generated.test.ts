/** The generated code is what the generator makes of the .proto that stands beside it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url).pathname;

test('the code of gtfs_realtime.proto is current', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const [program, ...args] = (scripts['gtfs-rt:proto'] as string).split(' ');
  expect(program).toBe('pbjs');
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-pbjs-'));
  try {
    const made = join(folder, 'made.js');
    const file = 'agent/sign/feeds/gtfs-rt/gtfs_realtime.pb.js';
    const changed = args.map((arg) => (arg === file ? made : arg));
    expect(changed).toContain(made);
    await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/.bin/pbjs'), ...changed], {
      cwd: ROOT,
    });
    expect(await readFile(made, 'utf8'), 'npm run gtfs-rt:proto').toBe(
      await readFile(join(ROOT, file), 'utf8'),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
