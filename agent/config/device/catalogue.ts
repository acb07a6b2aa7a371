/** Finds profiles by name in folders; reads only those that are asked for, each once. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { problem } from '../problem.ts';
import type { ReadSource } from '../source.ts';
import { type ProfileDeps, type ProfileResult, parseProfile } from './profile.ts';

export interface Catalogue {
  /** Names of all profiles there are. */
  readonly names: readonly string[];
  /** Folders that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly folder: string; readonly message: string }[];
  /** Names that two files in the site's own folders share, with the files. */
  readonly doubled: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** The profile of that name; undefined where there is none. */
  load(name: string): Promise<ProfileResult> | undefined;
}

/** What was parsed before with the same dependencies: site files of a city name the same few profiles. */
const PARSED = new WeakMap<
  ProfileDeps,
  Map<string, { readonly text: string; readonly result: ProfileResult }>
>();

/** `folders` are the site's own; they win over `builtIn`. Paths are absolute; folders below them are searched too. */
export async function openCatalogue(
  builtIn: string,
  folders: readonly string[],
  deps: ProfileDeps,
  read: ReadSource,
): Promise<Catalogue> {
  const unreadable: { folder: string; message: string }[] = [];
  const list = async (folder: string): Promise<readonly string[]> => {
    try {
      const entries = await readdir(folder, { recursive: true });
      return entries.filter((entry) => /\.ya?ml$/.test(entry)).map((entry) => join(folder, entry));
    } catch (error) {
      unreadable.push({ folder, message: error instanceof Error ? error.message : String(error) });
      return [];
    }
  };
  const own = (await Promise.all(folders.map(list))).flat().sort();
  const files = new Map<string, string>();
  for (const file of await list(builtIn)) files.set(stem(file), file);
  const byName = Map.groupBy(own, stem);
  for (const [name, [file]] of byName) if (file !== undefined) files.set(name, file);
  const loaded = new Map<string, Promise<ProfileResult>>();
  const parse = async (file: string): Promise<ProfileResult> => {
    const source = await read(file);
    if (source.ok) return parsed(source.text, file, deps);
    const at = { file, line: 1, column: 1 };
    return { ok: false, problems: [problem(at, [], `cannot be read: ${source.message}`, source.fix)] };
  };
  return {
    names: [...files.keys()].sort(),
    unreadable,
    doubled: [...byName].filter(([, all]) => all.length > 1).map(([name, all]) => ({ name, files: all })),
    load(name) {
      const file = files.get(name);
      if (file === undefined) return undefined;
      const known = loaded.get(name) ?? parse(file);
      loaded.set(name, known);
      return known;
    },
  };
}

function parsed(text: string, file: string, deps: ProfileDeps): ProfileResult {
  const known = PARSED.get(deps) ?? new Map();
  PARSED.set(deps, known);
  const before = known.get(file);
  if (before?.text === text) return before.result;
  const result = parseProfile(text, file, deps);
  known.set(file, { text, result });
  return result;
}

function stem(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '');
}
