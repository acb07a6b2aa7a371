/** The documents keep up: what the code has they name, and where they point there is something. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const manifest = JSON.parse(read('package.json')) as Readonly<
  Record<'dependencies' | 'devDependencies' | 'scripts', Readonly<Record<string, string>>>
>;

/** Every document that people read, but the changelog, which tells of what was. */
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'models/README.md',
  ...['docs', 'drivers'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
];

/** Files a document points to, from the repository's root. */
function links(file: string): readonly string[] {
  return [...read(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(file), target)).replace(/\/$/, ''));
}

describe('documents', () => {
  test('are found', () => {
    expect(documents.length).toBeGreaterThan(20);
    expect(links('README.md').length).toBeGreaterThan(10);
  });

  test('point to what is there', () => {
    const dead = documents.flatMap((file) =>
      links(file)
        .filter((target) => !existsSync(target))
        .map((target) => `${file} → ${target}`),
    );
    expect(dead).toEqual([]);
  });

  test('below docs/ each is pointed to from another', () => {
    const reached = new Set(documents.flatMap((file) => links(file).filter((target) => target !== file)));
    expect(documents.filter((file) => file.startsWith('docs/') && !reached.has(file))).toEqual([]);
  });

  test('name npm scripts that exist', () => {
    const wrong = documents.flatMap((file) =>
      [...read(file).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !(script in manifest.scripts))
        .map((script) => `${file}: npm run ${script}`),
    );
    expect(wrong).toEqual([]);
  });

  test('say of every dependency why it is there', () => {
    const rows =
      read('docs/dependencies.md')
        .match(/^\|.*$/gm)
        ?.join('\n') ?? '';
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const missing = names
      .filter((name) => !name.startsWith('@types/'))
      .filter((name) => !new RegExp(`(^|[ ,|])${name.replace('/', '\\/')}([ ,|]|$)`, 'm').test(rows));
    expect(missing).toEqual([]);
  });

  test('name every room of the house', () => {
    const architecture = read('docs/architecture.md');
    const rooms = new Set(
      sourceFiles()
        .filter((file) => existsSync(file) && file.includes('/') && !/^(\.ci|tests|bench|docs)\//.test(file))
        .map((file) =>
          file
            .split('/')
            .slice(0, file.startsWith('agent/') ? 2 : 1)
            .join('/'),
        ),
    );
    expect(rooms.size).toBeGreaterThan(10);
    expect([...rooms].filter((room) => !architecture.includes(`\`${room}\``))).toEqual([]);
  });

  test('name every command of kerbside, and every one they name exists', () => {
    const commands = [...read('agent/main.ts').matchAll(/import\('\.\/cli\/([a-z-]+)\.ts'\)/g)].map(
      ([, name = '']) => name,
    );
    expect(commands.length).toBeGreaterThan(10);
    const cells = [...read('docs/operations.md').matchAll(/^\| (`[a-z]+`(?:, `[a-z]+`)*) \|/gm)];
    const listed = cells.flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', '));
    expect(commands.filter((name) => !listed.includes(name))).toEqual([]);
    const unknown = documents.flatMap((file) =>
      [...read(file).matchAll(/(?:`|^)kerbside (?:-- )?([a-z]+)\b/gm)]
        .map(([, name = '']) => name)
        .filter((name) => !commands.includes(name))
        .map((name) => `${file}: kerbside ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});
