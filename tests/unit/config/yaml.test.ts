/** Files that are no YAML, or no text at all: a place and a sentence, never an exception, never a long wait. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { siteDeps } from '../../../agent/cli/site.ts';
import { loadSite } from '../../../agent/config/load.ts';
import { LARGEST_FILE } from '../../../agent/config/source.ts';
import { parseTree } from '../../../agent/config/tree.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const CASES: readonly (readonly [what: string, text: string | Uint8Array, expected: string])[] = [
  [
    'a tab as indentation',
    'site:\n\tid: a\n',
    'site.yaml:2:1 a tab stands where indentation belongs; write spaces, two a level',
  ],
  [
    'a key twice',
    `${MINIMAL}rate: 1\nrate: 2\n`,
    'site.yaml:8:1 the same key stands twice in one map; remove one of them',
  ],
  [
    'two documents',
    `${MINIMAL}---\na: 1\n`,
    'site.yaml:7:1 more than one document in the file; remove the line ---',
  ],
  ['an unknown alias', `${MINIMAL}rate: *speed\n`, 'site.yaml:7:7 '],
  ['an unknown tag', `${MINIMAL}rate: !js 1\n`, 'site.yaml:7:7 not valid YAML: Unresolved tag: !js'],
  [
    'an alias to the map it stands in',
    'a: &a\n  b: *a\n',
    'site.yaml:2:3 an alias names a part that it stands in',
  ],
  ['a merge key', 'a: &a { b: 1 }\nc: { <<: *a }\n', 'site.yaml:2:6 merge keys (<<) are not read'],
  [
    'a key of its own kind',
    '__proto__: { polluted: true }\n',
    'site.yaml:1:1 the key __proto__ is not allowed',
  ],
  ['a list as a key', '[a, b]: 1\n', 'site.yaml:1:1 expected a word as key, got a map or list'],
  [
    'an empty file',
    '',
    'site.yaml:1:1 expected a map with site:, agent:, lines: and devices:, got no key at all',
  ],
  ['a list', '- a\n', 'site.yaml:1:1 expected a map with site:, agent:, lines: and devices:, got a list'],
  [
    'UTF-16',
    new Uint8Array([0xff, 0xfe, 0x73, 0]),
    'cannot be read: it is written in UTF-16; save it as UTF-8',
  ],
  [
    'GBK',
    new Uint8Array([0x61, 0x3a, 0x20, 0xca, 0xbe, 0xb7, 0xb6]),
    'cannot be read: it is not UTF-8 (perhaps GBK or Latin-1); save it as UTF-8',
  ],
  ['no text', new Uint8Array([1, 0, 2]), 'it holds zero bytes, so it is no text'],
  [
    'too much',
    ' '.repeat(LARGEST_FILE + 1),
    `it has ${LARGEST_FILE + 1} bytes, at most ${LARGEST_FILE} are read`,
  ],
  ['a deep hole', '['.repeat(20_000), ': '],
  [
    'a bomb of aliases',
    Array.from({ length: 9 }, (_, i) => {
      const before = i === 0 ? '"x"' : `*a${i - 1}`;
      return `a${i}: &a${i} [${Array(9).fill(before).join(', ')}]`;
    }).join('\n'),
    'more than 50000 values (aliases multiply what they name)',
  ],
];

describe('what is no site file', () => {
  test.each(CASES)('%s', async (_, text, expected) => {
    const [first = ''] = await folder.problems(text);
    expect(first).toContain(expected);
  });

  test('a byte order mark is no harm', async () => {
    expect(await folder.problems(`\uFEFF${MINIMAL}`)).toEqual([]);
  });

  test('a file that is not there, and a folder', async () => {
    const missing = await loadSite(join(folder.dir, 'none.yaml'), siteDeps());
    expect(missing.ok ? [] : missing.problems.map(({ message }) => message)[0]).toContain(
      'there is no such file',
    );
    const dir = await loadSite(folder.dir, siteDeps());
    expect(dir.ok ? [] : dir.problems.map(({ message }) => message)[0]).toContain('it is a folder');
  });

  test('an alias means the last anchor of its name before it', () => {
    const parsed = parseTree('a: &x 1\nb: *x\nc: &x 2\nd: *x\n', 'f.yaml');
    const values = parsed.ok && parsed.root.kind === 'map' ? [...parsed.root.entries.values()] : [];
    expect(values.map(({ node }) => (node.kind === 'scalar' ? node.value : undefined))).toEqual([1, 1, 2, 2]);
  });
});
