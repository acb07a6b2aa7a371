/** Which files belong into a backup: of the state folder all that the agent could not make anew, of the site what it names. */
import { createReadStream, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Entry, isInside } from './archive.ts';

/** What the agent makes anew, what belongs to a running process, and what stands in a backup in another form (the log). */
const LEFT_OUT = [
  /^compile-cache$/,
  /^crash(?:es\.json|-mark)$/,
  /^log(?:-[0-9a-f]{16})?\.db/,
  /^rescue\.tmp/,
  /^\.restore$/,
  /^before-restore$/,
  // Staged and former versions of the agent: a backup is of what it knows, not of what it is.
  /^updates?$/,
  /(?:^|\/)node_modules$/,
  /\.(?:new|part|tmp|sock)$/,
];
/** Files that are secrets, or hold some. */
const SECRET =
  /(?:^|\/)(?:[^/]*\.(?:pem|key|p12|pfx)(?:\.bad)?|[^/]*(?:flows_cred|credential|secret|password|passphrase)[^/]*|tokens\.json|[^/]*-key|key)$/i;
/** Larger ones are read when their turn comes, bytes. */
const IN_MEMORY = 1024 * 1024;
/** Of a file that a site names, bytes. */
const LARGEST_SITE_FILE = 64 * 1024 * 1024;

export function isSecretFile(path: string): boolean {
  return SECRET.test(path);
}

/** Files of the state folder. What vanishes meanwhile was not meant to stay. */
export function stateEntries(state: string, secrets: boolean): Entry[] {
  return filesBelow(state, '', (path) => LEFT_OUT.some((rule) => rule.test(path))).flatMap((path) =>
    !secrets && isSecretFile(path) ? [] : entry('state', state, path),
  );
}

export interface SiteEntries {
  readonly entries: readonly Entry[];
  /** Named by the site file, but outside its folder. */
  readonly outside: readonly string[];
  readonly environment: readonly string[];
}

/**
 * The site file, its templates (`read`, absolute) and whatever its texts name inside its folder. `document`: the merged
 * document as plain values. Folders are taken only below `profiles`.
 */
export function siteEntries(
  siteFile: string,
  read: readonly string[],
  document: unknown,
  state: string,
  secrets: boolean,
): SiteEntries {
  const folder = dirname(siteFile);
  const wanted = new Set([siteFile, ...read]);
  const secretFiles = new Set<string>();
  const environment = new Set<string>();
  for (const { text, list } of textsOf(document)) {
    const name = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
    if (name !== undefined) environment.add(name);
    const isReference = text.startsWith('file:');
    const path = resolve(folder, isReference ? text.slice(5) : text);
    if (path === folder || isWithin(state, path)) continue;
    const kind = kindOf(path);
    if (kind === 'file' && (isReference || isWithin(folder, path))) wanted.add(path);
    if (kind === 'file' && isReference) secretFiles.add(path);
    if (kind === 'folder' && list === 'profiles')
      for (const file of filesBelow(path, '', (one) => !/\.ya?ml$|^[^.]*$/.test(one)))
        wanted.add(join(path, file));
  }
  const entries: Entry[] = [];
  const outside: string[] = [];
  for (const file of wanted) {
    if (!secrets && (secretFiles.has(file) || isSecretFile(file))) continue;
    const path = relative(folder, file).split(sep).join('/');
    if (!isInside(path)) outside.push(file);
    else entries.push(...entry('site', folder, path));
  }
  return { entries, outside, environment: [...environment].sort() };
}

function entry(area: Entry['area'], folder: string, path: string): Entry[] {
  const file = join(folder, path);
  try {
    const { size } = lstatSync(file);
    if (area === 'site' && size > LARGEST_SITE_FILE) return [];
    if (size > IN_MEMORY) return [{ area, path, bytes: () => createReadStream(file) }];
    return [{ area, path, bytes: readFileSync(file) }];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function filesBelow(folder: string, prefix: string, leftOut: (path: string) => boolean): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((found) => {
      const path = prefix === '' ? found.name : `${prefix}/${found.name}`;
      if (leftOut(path)) return [];
      if (found.isDirectory()) return filesBelow(folder, path, leftOut);
      return found.isFile() ? [path] : [];
    });
}

/** All texts of a document, with the name of the list they stand in. */
function* textsOf(value: unknown, list = ''): Generator<{ readonly text: string; readonly list: string }> {
  if (typeof value === 'string') {
    if (value !== '' && !value.includes('\0') && value.length < 1024) yield { text: value, list };
  } else if (Array.isArray(value)) for (const one of value) yield* textsOf(one, list);
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) yield* textsOf(one, key);
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? 'file' : found?.isDirectory() ? 'folder' : undefined;
}
