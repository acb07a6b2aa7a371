/** Takes a model pack into a state folder: checked as it would be used, copied whole or not at all. */
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AgentError } from '../agent/core/errors.ts';
import { ID_PATTERN } from '../agent/core/point.ts';
import { addedFolder, packsIn, SHIPPED } from './folders.ts';
import { readPack } from './pack.ts';

/** What a check of its network says of a pack; throws where it cannot be used. */
export type TryOut = (folder: string) => Promise<void>;

/**
 * Checks a pack (files, hash, licence text, then `tryOut`) and copies it to `<state>/models/<name>`; one of that name
 * stays as `<name>.before` and comes back with `rollBack`. Throws `AgentError` `model-invalid`; nothing has changed then.
 */
export async function installPack(folder: string, state: string, tryOut: TryOut): Promise<string> {
  const name = basename(resolve(folder));
  if (!ID_PATTERN.test(name)) {
    throw new AgentError('model-invalid', `model pack ${name} cannot be added: its folder is its name`, {
      fix: 'name the folder with letters, digits, _ and -',
    });
  }
  if ((await packsIn(SHIPPED)).includes(name)) {
    throw new AgentError(
      'model-invalid',
      `model pack ${name} cannot be added: one of that name ships with the agent`,
      {
        fix: 'rename the folder',
      },
    );
  }
  const { file } = await readPack(folder);
  const home = addedFolder(state);
  await mkdir(home, { recursive: true });
  const staged = await mkdtemp(join(home, '.adding-'));
  try {
    // Only what a pack is made of, so that no stray file comes along; the copy is what gets checked.
    const copy = join(staged, name);
    await mkdir(copy);
    for (const part of ['model.yaml', 'NOTICE', file]) await cp(join(folder, part), join(copy, part));
    await readPack(copy);
    await tryOut(copy);
    await rm(join(home, `${name}${BEFORE}`), { recursive: true, force: true });
    if ((await packsIn(home)).includes(name)) await rename(join(home, name), join(home, `${name}${BEFORE}`));
    await rename(copy, join(home, name));
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
  return name;
}

/** A dot keeps it from being a name that a site file can write. */
const BEFORE = '.before';

/** Takes an added pack out; the one it had replaced comes back. Throws `AgentError` `not-found`. */
export async function rollBack(name: string, state: string): Promise<'restored' | 'removed'> {
  const home = addedFolder(state);
  if (!(await packsIn(home)).includes(name)) {
    throw new AgentError('not-found', `model pack ${name} cannot be removed: it was not added`);
  }
  const before = (await packsIn(home)).includes(`${name}${BEFORE}`);
  await rm(join(home, name), { recursive: true });
  if (!before) return 'removed';
  await rename(join(home, `${name}${BEFORE}`), join(home, name));
  return 'restored';
}
