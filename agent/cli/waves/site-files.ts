/** A folder of site files, as `kerbside config render` writes it, as configurations of agents: each checked as `kerbside check` does. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { loadSite } from '../../config/load.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { readSource } from '../../config/source.ts';
import { readExtended } from '../../config/template.ts';
import { AgentError } from '../../core/errors.ts';
import { shownPath, siteDeps } from '../site.ts';
import { nameOfTarget, type Target } from './plan.ts';

/** The line that names a template, up to its value. */
const EXTENDS = /^(extends:[ \t]*)(?:"[^"\n]*"|'[^'\n]*'|[^\s#]+)/m;

export interface SiteFile {
  readonly target: Target;
  readonly text: string;
  /** Texts of its templates, by their path below the folder. */
  readonly templates: Readonly<Record<string, string>>;
}

/**
 * Site files of a folder, by name. A file that another one extends is a template and none of its own. Throws
 * `config-invalid` with all problems of all files.
 */
export async function readSiteFiles(folder: string): Promise<readonly SiteFile[]> {
  const root = resolve(folder);
  const names = (await readdir(root)).filter((name) => /\.ya?ml$/.test(name)).sort();
  const extended = new Map<string, readonly string[]>();
  for (const name of names) {
    const file = join(root, name);
    extended.set(file, (await readExtended(file, readSource)).files);
  }
  const templates = new Set([...extended.values()].flatMap(([, ...below]) => below));
  const sites = [...extended].filter(([file]) => !templates.has(file));
  const deps = siteDeps('skip');
  // A fault of a template is one, however many extend it.
  const problems = new Set<string>();
  const files = new Map<string, SiteFile>();
  for (const [file, [, ...below]] of sites) {
    const result = await loadSite(file, deps);
    if (!result.ok) {
      for (const found of result.problems as readonly Problem[])
        problems.add(formatProblem(found, shownPath));
      continue;
    }
    const target = { site: result.site.id, agent: result.site.agent.id };
    const name = nameOfTarget(target);
    if (files.has(name)) problems.add(`${shownPath(file)} is a second file for ${name}`);
    else files.set(name, { target, ...(await packed(root, [file, ...below])) });
  }
  if (problems.size > 0)
    throw new AgentError('config-invalid', `the site files are not right:\n${[...problems].join('\n')}`);
  if (files.size === 0) throw new AgentError('config-invalid', `${shownPath(root)} holds no site file`);
  return [...files.values()];
}

/**
 * The texts of a site file and of the templates it extends, one behind the other, as they will lie on the device: a template
 * from elsewhere comes to lie beside what extends it, which then says so.
 */
async function packed(root: string, chain: readonly string[]): Promise<Pick<SiteFile, 'text' | 'templates'>> {
  const texts = await Promise.all(chain.map((file) => readFile(file, 'utf8')));
  const places: string[] = [];
  for (const [at, file] of chain.entries()) {
    const inside = relative(root, file);
    const before = places[at - 1];
    if (before === undefined) places.push(basename(file));
    else if (inside.startsWith('..')) places.push(join(dirname(before), basename(file)));
    else places.push(inside);
  }
  for (const [at, text] of texts.entries()) {
    const [from = '', to] = [places[at], places[at + 1]];
    const [file = '', next = ''] = [chain[at], chain[at + 1]];
    if (to === undefined || relative(dirname(from), to) === relative(dirname(file), next)) continue;
    texts[at] = text.replace(EXTENDS, (_, head: string) => `${head}./${relative(dirname(from), to)}`);
  }
  const [text = '', ...below] = texts;
  return { text, templates: Object.fromEntries(below.map((one, at) => [places[at + 1] ?? '', one])) };
}
