/** `people`, `certificate`, `label --access` and what `check` says of a certificate, as somebody types them. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isLabelCode } from '../../../agent/console/service/label-code.ts';
import { MINIMAL } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

/** Each command is a process, and machines are busy. */
const SLOW = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerbside-access-'));
  await writeFile(join(folder, 'site.yaml'), MINIMAL);
  const service = 'service: { power_up: true, wifi: { password: "file:wifi" } }';
  await writeFile(join(folder, 'linked.yaml'), `${MINIMAL}console: { ${service} }\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: string, input = '') => kerbside(args.split(' '), { cwd: folder, input });
const state = (file: string) => join(folder, 'state', 'console', file);

test(
  'people are added and listed while the agent is stopped, with the password from standard input',
  async () => {
    expect(await run('people add anna --role administrator', 'lantern rides past eleven\n')).toMatchObject({
      code: 0,
      out: '',
    });
    const kept = await readFile(state('people.json'), 'utf8');
    expect(kept).toContain('$argon2id$');
    expect(kept).not.toContain('lantern');
    expect((await stat(state('people.json'))).mode & 0o777).toBe(0o600);
    expect((await run('people list')).out).toMatch(/anna +administrator +20\d\d-/);
    const weak = await run('people add bert', 'bertbertbert');
    expect([weak.code, weak.err]).toEqual([1, expect.stringContaining('password refused')]);
  },
  SLOW,
);

test(
  'a certificate is made and shown as a browser shows it; one that is none is told by check',
  async () => {
    const { code, out } = await run('certificate');
    expect(code).toBe(0);
    const cert = new X509Certificate(await readFile(state('tls.crt')));
    expect(out).toContain(`certificate  SHA-256 ${cert.fingerprint256}`);
    expect((await stat(state('tls.key'))).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, 'a.crt'), await readFile(state('tls.crt')));
    await writeFile(join(folder, 'a.key'), 'none');
    await writeFile(
      join(folder, 'named.yaml'),
      `${MINIMAL}console: { remote: { cert: ./a.crt, key: ./a.key } }\n`,
    );
    const wrong = await run('check named.yaml');
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringMatching(/^console\.remote\.cert: certificate .* refused/),
    ]);
  },
  SLOW,
);

test(
  'label --access draws a new code, of which nothing but a hash is kept, and the fingerprints',
  async () => {
    const { code, out, err } = await run('label --access linked.yaml');
    expect([code, err]).toEqual([0, '']);
    const { width, height } = await sharp(Buffer.from(out)).metadata();
    expect((width ?? 0) / (height ?? 1)).toBeGreaterThan(1);
    expect(out).toContain('https://kerbside.local:8444/service');
    const { fingerprint256 } = new X509Certificate(await readFile(state('tls.crt')));
    expect(out).toContain(fingerprint256.slice(0, 48));
    const printed = /[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}/.exec(out)?.[0] ?? '';
    expect(await isLabelCode(join(folder, 'state'), printed)).toBe(true);
    expect(await readFile(state('label.json'), 'utf8')).not.toContain(printed);
    expect((await run('label --access site.yaml')).err).toContain('no service link');
  },
  SLOW,
);
