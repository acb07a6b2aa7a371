/** A revision: the texts of a site file and its templates, named by their hash. */
import { createHash } from 'node:crypto';
import { dirname, relative, resolve } from 'node:path';
import { AgentError } from '../../core/errors.ts';
import type { Site } from '../../core/site.ts';
import type { SiteDeps } from '../deps.ts';
import { loadSite, type SiteFacts } from '../load.ts';
import type { Problem } from '../problem.ts';
import { readSource, type Source } from '../source.ts';

/** Absolute path → text. The first is the site file. */
export type Texts = ReadonlyMap<string, string>;

export interface Revision {
  readonly id: string;
  readonly texts: Texts;
}

export type Loaded =
  | {
      readonly ok: true;
      readonly revision: Revision;
      readonly site: Site;
      readonly facts: SiteFacts;
      /** What else was read, own profiles, secrets, certificates: path → digest. */
      readonly named: ReadonlyMap<string, string>;
    }
  /** `text`: of the site file, where it could be read. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly text?: string };

/** The same texts at the same places below the site file's folder give the same id on every machine. */
export function revisionOf(file: string, texts: Texts): Revision {
  const hash = createHash('sha256');
  const places = Array.from(texts, ([path, text]) => [placeOf(file, path), text] as const);
  for (const [place, text] of places.sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${place.length} ${text.length}\n${place}${text}`);
  return { id: hash.digest('hex').slice(0, 16), texts };
}

/** Loads a site with texts in place of what is on the disk. Secrets are resolved, and are in no revision. */
export async function loadRevision(
  file: string,
  deps: SiteDeps,
  instead: Texts = new Map(),
): Promise<Loaded> {
  const read = deps.read ?? readSource;
  const seen = new Map<string, string>();
  const noting = async (name: string): Promise<Source> => {
    const text = instead.get(name);
    const source = text === undefined ? await read(name) : ({ ok: true, text } as const);
    if (source.ok) seen.set(name, source.text);
    return source;
  };
  const result = await loadSite(file, { ...deps, read: noting });
  if (!result.ok) {
    const text = seen.get(file);
    return { ok: false, problems: result.problems, ...(text === undefined ? {} : { text }) };
  }
  // Only what is a site file or a template: files with secrets are read through the same hands.
  const texts = new Map([file, ...result.facts.files].map((name) => [name, seen.get(name) ?? ''] as const));
  const named = [...seen].flatMap(([name, text]) =>
    // Built-in profiles come with a release, which the next start runs.
    texts.has(name) || isBelow(deps.profiles, name) ? [] : [[name, digest(text)] as const],
  );
  const { site, facts } = result;
  return { ok: true, revision: revisionOf(file, texts), site, facts, named: new Map(named) };
}

/** New texts of a site file and of templates, by their path below its folder. Throws `config-invalid` for one that leads out. */
export function textsAt(file: string, text: string, templates: Readonly<Record<string, string>>): Texts {
  const beside = Object.entries(templates).map(([place, content]) => {
    const path = pathOf(file, place);
    if (place.startsWith('/') || path === file || placeOf(file, path).startsWith('..'))
      throw new AgentError('config-invalid', `template ${place} is not beside the site file`);
    return [path, content] as const;
  });
  return new Map([[file, text], ...beside]);
}

/** Whether the disk holds these texts now. */
export async function onDisk(texts: Texts, read = readSource): Promise<boolean> {
  for (const [path, text] of texts) {
    const source = await read(path);
    if (!source.ok || source.text !== text) return false;
  }
  return true;
}

/** Files of `named` that hold something else now, or are gone; as paths from the site file's folder. */
export async function replaced(
  file: string,
  named: ReadonlyMap<string, string>,
  read = readSource,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [path, before] of named) {
    const source = await read(path);
    if (!source.ok || digest(source.text) !== before) found.push(placeOf(file, path));
  }
  return found;
}

/** As it is kept: places relative to the site file's folder, so that a site can be moved. */
export function revisionText(file: string, { texts }: Revision): string {
  return JSON.stringify({ v: 1, texts: Array.from(texts, ([path, text]) => [placeOf(file, path), text]) });
}

/** Undefined where the text is no revision. */
export function readRevision(file: string, kept: string): Revision | undefined {
  try {
    const { texts } = JSON.parse(kept) as { texts: [string, string][] };
    const map = new Map(
      texts.map(([place, text]) => {
        if (typeof place !== 'string' || typeof text !== 'string') throw new TypeError('no texts');
        return [pathOf(file, place), text] as const;
      }),
    );
    if (!map.has(file)) return undefined;
    return revisionOf(file, map);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isBelow(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith('..');
}

function placeOf(file: string, path: string): string {
  // The site file may be called anything: a copy of it under another name is the same revision.
  if (path === file) return 'site.yaml';
  return relative(dirname(file), path);
}

/** Where a place is on this machine. */
function pathOf(file: string, place: string): string {
  return place === 'site.yaml' ? file : resolve(dirname(file), place);
}
