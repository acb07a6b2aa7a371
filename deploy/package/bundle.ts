/**
 * Makes the bundle of a release from the stage of a package: one archive a part, and `release.json`, which says what they are
 * and waits for a city's signature (`kerbside update sign`). What changes seldom is a part of its own, for a device fetches
 * only parts that it has not.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UpdatePart } from '../../agent/core/update.ts';
import { OLDEST_READER, SCHEMA_VERSION } from '../../agent/store/schema-version.ts';
import { digestTree, FACTORY_PARTS, type FactoryPart } from '../../agent/update/factory.ts';
import { makePart } from '../../agent/update/make.ts';
import type { Architecture } from './architecture.ts';
import { HOME } from './contents.ts';
import type { Stage } from './stage.ts';

/** Names at the top of the agent's folder, by part. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  app: ['agent', 'drivers', 'flows', 'docs', 'package.json', 'LICENSE'],
  models: ['models'],
  modules: ['node_modules'],
  runtime: ['runtime'],
};
/** Level 17 makes it 2 % smaller in eight times the time. */
const LEVEL = 9;

export interface Bundle {
  readonly folder: string;
  readonly parts: readonly UpdatePart[];
}

/** Writes `<out>/kerbside-<version>-<architecture>`, and into the stage which parts the package has. */
export async function makeBundle(
  { root, version }: Stage,
  { debian }: Architecture,
  out: string,
): Promise<Bundle> {
  const home = join(root, HOME);
  const folder = join(out, `kerbside-${version}-${debian}`);
  await rm(folder, { recursive: true, force: true });
  const made = await Promise.all(
    Object.entries(PARTS).map(async ([name, tops]) => {
      const part = await makePart(name, home, tops, folder, LEVEL);
      const { digest: tree } = await digestTree(home, tops);
      const factory: FactoryPart = { name, sha256: part.sha256, tops, tree };
      return { part, factory };
    }),
  );
  const parts = made.map(({ part }) => part);
  const log = { schema: SCHEMA_VERSION, oldest: OLDEST_READER };
  const release = { kind: 'release', version, architecture: debian, log, parts };
  await writeFile(join(folder, 'release.json'), `${JSON.stringify(release, null, 1)}\n`);
  await writeFile(join(home, FACTORY_PARTS), `${JSON.stringify(made.map(({ factory }) => factory))}\n`);
  return { folder, parts };
}
