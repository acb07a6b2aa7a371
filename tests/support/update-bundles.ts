/** Bundles as a city makes them, small enough for tests: a release is a few files whose `behaviour` says what it would do. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newContentKey } from '../../agent/core/envelope.ts';
import type { FleetConfig } from '../../agent/core/update.ts';
import { makePart, writeManifest } from '../../agent/update/make.ts';

export const CITY = newContentKey('city-2026');
export const STRANGER = newContentKey('stranger');

/** For folders whose every flush would be one of six thousand. */
export const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The wall clock that `VirtualClock` starts with. */
export const START = Date.UTC(2027, 0, 1);
export const iso = (time: number) => new Date(time).toISOString();

export const REMOTE: FleetConfig = {
  keys: [CITY.key],
  channel: 'stable',
  acts: ['update', 'restart', 'trace', 'diagnostics'],
};

/** A folder that is deleted at the end; in memory where the machine has one, for many devices at once. */
export async function folder(where = tmpdir()): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(where, 'kerbside-update-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function write(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), bytes);
  }
}

/** Files of a release; `behaviour` is for tests that play its start. */
export function releaseFiles(version: string, behaviour: string): Readonly<Record<string, string>> {
  return {
    'package.json': JSON.stringify({ name: 'kerbside', version }),
    'agent/main.ts': `process.stdout.write('${version}\\n');\n`,
    'agent/behaviour': behaviour,
    'node_modules/one/index.js': 'module.exports = 1;\n',
    'node_modules/two/lib/index.js': 'module.exports = 2;\n',
  };
}

export interface BundleWish {
  readonly version: string;
  readonly behaviour?: string;
  /** Over what the manifest says by itself. */
  readonly change?: Readonly<Record<string, unknown>>;
  readonly key?: typeof CITY;
}

/** Makes the bundle of a release in `out`: a part of the agent and one of its packages. */
export async function makeRelease(
  out: string,
  { version, behaviour = 'good', change = {}, key = CITY }: BundleWish,
): Promise<void> {
  await using from = await folder();
  await write(from.path, releaseFiles(version, behaviour));
  const parts = [
    await makePart('app', from.path, ['package.json', 'agent'], out, 3),
    await makePart('modules', from.path, ['node_modules'], out, 3),
  ];
  const manifest = {
    kind: 'release',
    channel: 'stable',
    issued: iso(START - 3_600_000),
    expires: iso(START + 30 * 86_400_000),
    scope: { sites: ['*'] },
    version,
    architecture: 'any',
    from: '0.1.0',
    floor: version,
    log: { schema: 3, oldest: 3 },
    parts,
    trial: { within_s: 120, soak_s: 20 },
    ...change,
  };
  await writeManifest(manifest, out, { id: key.key.id, secret: key.secret });
}
