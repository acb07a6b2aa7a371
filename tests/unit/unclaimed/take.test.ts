/** A claim that is taken, step by step: a power cut at any of them leaves the image or the unit. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { finishRestore } from '../../../agent/backup/plan.ts';
import { soleClaim } from '../../../agent/backup/sole.ts';
import { load } from '../../../agent/cli/site.ts';
import { type TakeOptions, takeClaim } from '../../../agent/compose/unclaimed/take.ts';
import { CITY_KEY, claimText } from '../../support/claims.ts';
import { STREET } from '../config/site-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'kerbside-take-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const SITE = `${STREET}state: ../var\nprofiles: [./profiles]\n`;
const FILES = { 'site.yaml': SITE, 'profiles/README.md': 'none yet\n' };

let folders = 0;
/** An image with a log and a key on its card. */
function image() {
  const dir = join(root, `image-${++folders}`);
  mkdirSync(join(dir, 'etc'), { recursive: true });
  mkdirSync(join(dir, 'var'));
  writeFileSync(join(dir, 'var/device-key.pem'), 'of the image');
  return { dir, siteFile: join(dir, 'etc/site.yaml') };
}
const take = (siteFile: string, text: string, more: Partial<TakeOptions> = {}) =>
  takeClaim(Buffer.from(text), {
    siteFile,
    keys: [CITY_KEY.key],
    hardware: ['cpu:1'],
    now: Date.now(),
    load: (file) => load(file, 'skip'),
    refuseWhileRunning: async () => {},
    ...more,
  });
const claim = claimText(SITE, { files: FILES });

test('a power cut at any step leaves the image or the unit, never between', async () => {
  const steps: string[] = [];
  expect(await take(image().siteFile, claim, { before: (step) => void steps.push(step) })).toMatchObject({
    ok: true,
    agent: 'pole-0817',
    console: '127.0.0.1:8080',
  });
  expect(steps.length).toBeGreaterThan(8);
  const outcomes: string[] = [];
  for (const [cut] of steps.entries()) {
    const { dir, siteFile } = image();
    let done = 0;
    const before = () => {
      if (done++ === cut) throw new Error('power cut');
    };
    await expect(take(siteFile, claim, { before })).rejects.toThrow('power cut');
    // What the next start does.
    finishRestore(siteFile);
    const named = existsSync(siteFile);
    const key = existsSync(join(dir, 'var/device-key.pem'));
    const identity = existsSync(join(dir, 'var/identity.json'));
    expect([cut, named, key, identity]).toEqual([cut, named, !named, named]);
    if (named) expect(existsSync(join(dir, 'etc/profiles/README.md'))).toBe(true);
    outcomes.push(named ? 'unit' : 'image');
    // Either can go on: the image takes the claim, the unit knows that it has.
    expect(await take(siteFile, claim)).toMatchObject(named ? { ok: false, code: 'used' } : { ok: true });
  }
  expect(outcomes.slice(0, 2)).toEqual(['image', 'image']);
  expect(new Set(outcomes.slice(2))).toEqual(new Set(['unit']));
});

test('is refused while another is at it, and not for ever by one that was killed', async () => {
  const { siteFile } = image();
  const sole = soleClaim(siteFile);
  expect(await take(siteFile, claim)).toMatchObject({ ok: false, code: 'busy' });
  sole?.[Symbol.dispose]();
  writeFileSync(`${siteFile}.claiming`, 'another-boot 1');
  expect(await take(siteFile, claim)).toMatchObject({ ok: true });
  expect(existsSync(`${siteFile}.claiming`)).toBe(false);
});

test('is refused where its site file is wrong, with the place in it, and changes nothing', async () => {
  const { dir, siteFile } = image();
  const wrong = claimText('', { files: { 'site.yaml': SITE.replace('address: 1', 'adress: 1') } });
  const result = await take(siteFile, wrong);
  expect(result).toMatchObject({ ok: false, code: 'site-wrong' });
  expect(!result.ok && result.facts.problems).toMatch(
    /^site\.yaml:\d+:\d+ devices\[0\]\.adress: unknown key/m,
  );
  expect(existsSync(siteFile)).toBe(false);
  expect(existsSync(join(dir, 'etc/.restore-site'))).toBe(false);
  expect(readFileSync(join(dir, 'var/device-key.pem'), 'utf8')).toBe('of the image');
});

test('is refused where the card cannot be written, with the reason', async () => {
  const { dir, siteFile } = image();
  // A file where a folder has to be: as true for root as for anybody.
  writeFileSync(join(dir, 'etc/.restore-site'), '');
  expect(await take(siteFile, claim)).toMatchObject({ ok: false, code: 'not-written' });
  expect(existsSync(siteFile)).toBe(false);
});

const second = claimText(SITE, { id: 'claim-0002', files: FILES });
test('a claim of before is no claim again where another came between, site file or not', async () => {
  const { siteFile } = image();
  expect(await take(siteFile, claim)).toMatchObject({ ok: true });
  expect(await take(siteFile, second)).toMatchObject({ ok: false, code: 'claimed' });
  expect(await take(siteFile, second, { again: true })).toMatchObject({ ok: true });
  rmSync(siteFile);
  expect(await take(siteFile, claim)).toMatchObject({ ok: false, code: 'used' });
});
