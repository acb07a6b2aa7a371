/** Where model packs lie: those that ship with the agent, and those added to its state folder. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { VisionTask } from '../agent/core/model.ts';
import { ID_PATTERN } from '../agent/core/point.ts';

export const SHIPPED = import.meta.dirname;
export const DEFAULT_MODELS: Readonly<Record<VisionTask, string>> = {
  vehicles: 'centernet',
  faces: 'faceboxes',
};

/** Folder of added packs in a state folder. */
export function addedFolder(state: string): string {
  return join(state, 'models');
}

/** Names of all packs that can be named in a site file: shipped ones first. */
export async function modelNames(state: string): Promise<readonly string[]> {
  const all = [...(await packsIn(SHIPPED)), ...(await packsIn(addedFolder(state)))];
  return [...new Set(all)].filter((name) => ID_PATTERN.test(name));
}

/** Folder of the pack `name`; an added one goes before a shipped one of the same name. Undefined where there is none. */
export async function findPack(name: string, state: string): Promise<string | undefined> {
  for (const home of [addedFolder(state), SHIPPED]) {
    if ((await packsIn(home)).includes(name)) return join(home, name);
  }
  return undefined;
}

/** Names of the packs in a folder, sorted; none where there is no folder. */
export async function packsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const has = await stat(join(folder, entry.name, 'model.yaml')).then(
      () => true,
      () => false,
    );
    if (has) found.push(entry.name);
  }
  return found.sort();
}
