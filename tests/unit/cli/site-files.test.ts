/** A folder of site files as a roll-out carries it: which are sites, what is wrong, and where templates come to lie. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleSiteFiles } from '../../../agent/cli/waves/bundles.ts';
import { readSiteFiles } from '../../../agent/cli/waves/site-files.ts';
import { CITY, folder, write } from '../../support/update-bundles.ts';
import { MINIMAL } from '../config/site-folder.ts';

const TEMPLATE = MINIMAL.replace('pole-0817', `"\${var:pole}"`).replace(/^/, 'vars: { pole: null }\n');
const extending = (place: string, pole: string) => `extends: ${place} # ours\nvars: { pole: ${pole} }\n`;

let home: Awaited<ReturnType<typeof folder>>;
beforeEach(async () => {
  home = await folder();
});
afterEach(() => home[Symbol.asyncDispose]());

describe('a folder of site files', () => {
  test('whose template lies beside them keeps every text', async () => {
    await write(home.path, {
      'sites/pole.yaml': TEMPLATE,
      'sites/a.yaml': extending('./pole.yaml', 'pole-1'),
      'sites/b.yaml': extending('./pole.yaml', 'pole-2'),
    });
    const files = await readSiteFiles(`${home.path}/sites`);
    expect(files.map(({ target }) => target.agent)).toEqual(['pole-1', 'pole-2']);
    expect(files[0]).toMatchObject({
      text: extending('./pole.yaml', 'pole-1'),
      templates: { 'pole.yaml': TEMPLATE },
    });
  });

  test('whose template lies elsewhere, as kerbside config render leaves it, says where it comes to lie', async () => {
    await write(home.path, {
      'pole.yaml': TEMPLATE.replace(/^/, 'extends: shared/base.yaml\n'),
      'shared/base.yaml': 'log: { window: 2s }\n',
      'sites/a.yaml': extending('../pole.yaml', 'pole-1'),
    });
    const [file] = await readSiteFiles(`${home.path}/sites`);
    expect(file?.text).toBe(extending('./pole.yaml', 'pole-1'));
    expect(file?.templates).toEqual({
      'pole.yaml': TEMPLATE.replace(/^/, 'extends: ./base.yaml\n'),
      'base.yaml': 'log: { window: 2s }\n',
    });
  });

  test('tells all problems of all files, and two files for one agent', async () => {
    await write(home.path, {
      'a.yaml': MINIMAL,
      'b.yaml': MINIMAL,
      'c.yaml': `${MINIMAL}lamp: 1\n`,
    });
    await expect(readSiteFiles(home.path)).rejects.toThrow(
      /b\.yaml is a second file for demo-street\/pole-0817\n.*c\.yaml:7:1 lamp/,
    );
  });

  test('becomes the same bundles byte by byte where a roll-out is taken up again', async () => {
    await write(home.path, { 'sites/a.yaml': MINIMAL });
    const files = await readSiteFiles(`${home.path}/sites`);
    const options = {
      id: 'r-1',
      out: `${home.path}/out`,
      key: { id: CITY.key.id, secret: CITY.secret },
      channel: 'stable',
      why: 'a test',
      anyway: false,
    };
    const manifest = `${home.path}/out/demo-street/pole-0817/manifest.json`;
    expect(await bundleSiteFiles(files, { ...options, now: 1_800_000_000_000 })).toBe('#1800000000');
    const first = await readFile(manifest, 'utf8');
    expect(await bundleSiteFiles(files, { ...options, now: 1_900_000_000_000 })).toBe('#1800000000');
    expect(await readFile(manifest, 'utf8')).toBe(first);
    const other = bundleSiteFiles(files, { ...options, why: 'another', now: 1_900_000_000_000 });
    await expect(other).rejects.toThrow('was begun with other texts');
  });
});
