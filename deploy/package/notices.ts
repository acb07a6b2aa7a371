/** Licences of everything that is in the package: npm packages, Node, model weights. Equal texts are printed once. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { files } from './tree.ts';

export interface ModelNotice {
  readonly name: string;
  readonly licence: string;
  readonly sha256: string;
  readonly source: string;
  readonly notice: string;
}

const LICENCE = /^(?:licen[cs]e|notice|copying|copyright)/i;

/** The file that Debian wants at /usr/share/doc/<package>/copyright. */
export async function notices(home: string): Promise<string> {
  const texts = new Map<string, string[]>();
  const add = (text: string, whose: string) => {
    const key = text.replaceAll('\r\n', '\n').trim();
    texts.set(key, [...(texts.get(key) ?? []), whose]);
  };
  add(await readFile(join(home, 'LICENSE'), 'utf8'), 'Kerbside');
  add(await readFile(join(home, 'runtime/LICENSE'), 'utf8'), 'Node.js, in runtime/');
  for (const { name, notice } of await modelNotices(home)) add(notice, `model ${name}`);
  for await (const file of files(join(home, 'node_modules'))) {
    if (!file.endsWith('/package.json')) continue;
    const { name, version, license } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof version !== 'string') continue;
    const whose = `${name} ${version} (${licenceName(license)})`;
    const folder = dirname(file);
    const own = (await readdir(folder)).filter((entry) => LICENCE.test(entry)).sort();
    if (own.length === 0)
      add('No licence text comes with these packages; the licence is the one named with each.', whose);
    for (const entry of own) add(await readFile(join(folder, entry), 'utf8').catch(() => ''), whose);
  }
  const parts = Array.from(texts, ([text, whose]) => `${whose.join('\n')}\n\n${text}\n`);
  return `Kerbside contains the works named below, each under the terms that follow its name.\n\n${parts.join(`\n${'-'.repeat(78)}\n\n`)}`;
}

/** What stands in the packs of the models that are shipped. */
export async function modelNotices(home: string): Promise<readonly ModelNotice[]> {
  const found: ModelNotice[] = [];
  for await (const file of files(join(home, 'models'))) {
    if (!file.endsWith('/model.yaml')) continue;
    const folder = dirname(file);
    const { licence, sha256, source } = parse(await readFile(file, 'utf8')) as Record<string, string>;
    const notice = await readFile(join(folder, 'NOTICE'), 'utf8');
    found.push({
      name: folder.split('/').pop() ?? '',
      licence: licence ?? '',
      sha256: sha256 ?? '',
      source: source ?? '',
      notice,
    });
  }
  return found;
}

function licenceName(field: unknown): string {
  if (typeof field === 'string') return field;
  const { type } = (field ?? {}) as { type?: unknown };
  return typeof type === 'string' ? type : 'see its text';
}
