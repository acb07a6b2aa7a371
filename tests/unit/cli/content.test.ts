/** `kerbside content`: a key is made, a document signed with it, and a site says whether it would take it. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MINIMAL } from '../config/site-folder.ts';
import { pack, picture } from '../sign/content/pack.ts';
import { kerbside } from './kerbside.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-cli-content-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('keygen, sign, verify, media', async () => {
  const cli = (...args: string[]) => kerbside(['content', ...args], { cwd: dir });
  const made = await cli('keygen', 'city-2026', '--out', 'city.pem');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(statSync(join(dir, 'city.pem')).mode & 0o777).toBe(0o600);
  expect(await cli('keygen', 'city-2026', '--out', 'city.pem')).toMatchObject({
    code: 3,
    err: expect.stringContaining('there is such a file'),
  });
  const key = made.out.replace(/^- /, '').trim();
  writeFileSync(join(dir, 'site.yaml'), `${MINIMAL}content: { keys: [${key}] }\n`);

  const now = Date.now();
  const document = pack(3, {
    issued: new Date(now).toISOString(),
    expires: new Date(now + 86_400_000).toISOString(),
    scope: { sites: ['demo-street'] },
  });
  writeFileSync(join(dir, 'pack.json'), JSON.stringify(document));
  const sign = ['--key', 'city.pem', '--id', 'city-2026', '--out', 'signed.json'];
  expect(await cli('sign', 'pack.json', ...sign)).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^pack version 3, until .* signed by city-2026/),
  });
  expect(await cli('verify', 'signed.json')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^pack version 3, signed by city-2026, until .*: 2 templates$/m),
  });

  writeFileSync(join(dir, 'bad.json'), JSON.stringify({ ...document, version: 'x' }));
  expect(await cli('sign', 'bad.json', ...sign)).toMatchObject({
    code: 3,
    err: expect.stringContaining('signing of bad.json failed: version'),
  });
  const signed = readFileSync(join(dir, 'signed.json'), 'utf8');
  writeFileSync(join(dir, 'forged.json'), signed.replace('"payload":"ey', '"payload":"ez'));
  expect(await cli('verify', 'forged.json')).toMatchObject({
    code: 1,
    out: expect.stringContaining('bad-signature'),
  });

  writeFileSync(join(dir, 'a.png'), picture(2_000).bytes);
  const [item] = JSON.parse((await cli('media', 'a.png')).out);
  expect(item).toEqual({ file: 'a.png', as: `${picture(2_000).item.sha256}.png`, item: picture(2_000).item });
});
