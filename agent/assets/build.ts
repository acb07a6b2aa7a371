/**
 * Makes the pages ready at start, without a bundler: types are stripped, imports are turned into content-hashed
 * addresses (dependencies first, so that a hash covers all below it), and everything is compressed once. Runs on a
 * thread of its own, for it takes some hundred milliseconds of work; the thread ends when it is done.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Asset, Built, PageSource } from './asset.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

/** Modules of installed packages as browsers take them, by the name the pages import. */
const PACKAGES: Readonly<Record<string, () => string>> = {
  preact: () => resolved('preact'),
  'preact/hooks': () => resolved('preact/hooks'),
  htm: () => resolved('htm'),
  'htm/preact': () => resolved('htm/preact'),
  uplot: () => join(dirname(resolved('uplot')), 'uPlot.esm.js'),
};

/** Specifiers of static and dynamic imports, and the attribute of JSON ones. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*)(['"])([\w@./-]+)\2(\s+with\s*\{[^}]*\})?/g;

interface Linked {
  readonly url: string;
  /** Addresses of everything it needs at once, itself included. */
  readonly needs: ReadonlySet<string>;
}

class Build {
  readonly assets = new Map<string, Asset>();
  readonly #modules = new Map<string, Promise<Linked>>();

  /** Address of a module with all it imports. Circles of imports cannot be hashed and are not allowed. */
  module(file: string, path: readonly string[] = []): Promise<Linked> {
    if (path.includes(file)) throw new Error(`circle of imports: ${[...path, file].join(' → ')}`);
    const built = this.#modules.get(file) ?? this.#module(file, [...path, file]);
    this.#modules.set(file, built);
    return built;
  }

  /** Several style sheets as one, in this order. */
  async styles(files: readonly string[]): Promise<string> {
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    return this.#add('style.css', texts.join(''));
  }

  async file(file: string, name = basename(file)): Promise<string> {
    return this.#add(name, await readFile(file, 'utf8'));
  }

  async #module(file: string, path: readonly string[]): Promise<Linked> {
    const text = await readFile(file, 'utf8');
    if (extname(file) === '.json') {
      const url = await this.#add(
        `${basename(file, '.json')}.js`,
        `export default ${JSON.stringify(JSON.parse(text))};\n`,
      );
      return { url, needs: new Set([url]) };
    }
    const source =
      extname(file) === '.ts' ? tidy(stripTypeScriptTypes(text)) : text.replace(/\n\/\/# source.*\n?/, '\n');
    const targets = new Map<string, Linked>();
    const needs = new Set<string>();
    for (const [, keyword = '', , specifier = ''] of source.matchAll(SPECIFIER)) {
      const target = this.#target(file, specifier);
      if (target === undefined) continue;
      const built = await this.module(target, path);
      targets.set(specifier, built);
      // What is imported by a call comes later.
      if (!keyword.includes('(')) for (const url of built.needs) needs.add(url);
    }
    const linked = source.replace(SPECIFIER, (whole, keyword, quote, specifier) => {
      const target = targets.get(specifier);
      return target === undefined ? whole : `${keyword}${quote}${target.url}${quote}`;
    });
    const stem = basename(file).replace(/(\.module|\.esm)?\.(ts|m?js)$/, '');
    const inner =
      basename(dirname(file)) === 'pages' || !file.endsWith('.ts') ? '' : `${basename(dirname(file))}-`;
    const url = await this.#add(`${inner}${stem}.js`, linked);
    needs.add(url);
    return { url, needs };
  }

  #target(from: string, specifier: string): string | undefined {
    if (specifier.startsWith('.')) return join(dirname(from), specifier);
    return PACKAGES[specifier]?.();
  }

  async #add(name: string, text: string): Promise<string> {
    const hash = createHash('sha256').update(text).digest('base64url').slice(0, 12);
    const extension = extname(name);
    const asset = await packed(`${basename(name, extension)}.${hash}${extension}`, text);
    this.assets.set(asset.name, asset);
    return `/assets/${asset.name}`;
  }
}

/** Everything the pages are made of. */
async function build({
  folder,
  page = 'index.html',
  modules,
  styles,
  sheets,
  icon,
}: PageSource): Promise<Built> {
  const built = new Build();
  const values: Record<string, string> = {};
  for (const name of modules) {
    const { url, needs } = await built.module(join(folder, `${name}.ts`));
    values[name] = url;
    if (name !== modules[0]) continue;
    const links = Array.from(needs, (need) => `<link rel="modulepreload" href="${need}">`);
    values.preload = links.join('\n    ');
  }
  values.style = await built.styles(styles.map((name) => join(folder, 'style', `${name}.css`)));
  for (const [name, specifier, file] of sheets ?? []) {
    values[name] = await built.file(join(dirname(resolved(specifier)), file));
  }
  values.icon = await built.file(join(folder, icon));
  const template = await readFile(join(folder, page), 'utf8');
  const html = template.replace(/%([a-z-]+)%/g, (whole, name: string) => values[name] ?? whole);
  return { assets: [...built.assets.values()], page: await packed('index.html', html) };
}

async function packed(name: string, text: string): Promise<Asset> {
  const identity = Buffer.from(text);
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(identity, { level: 9 }),
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  ]);
  return { name, type: TYPES[extname(name)] ?? 'application/octet-stream', identity, gzip: zipped, brotli };
}

/** Stripped types leave blanks behind, and comments need not travel. */
function tidy(source: string): string {
  return source
    .replace(/^\s*\/\*\*?[\s\S]*?\*\/\s*$/gm, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n');
}

function resolved(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}

parentPort?.postMessage(await build(workerData));
