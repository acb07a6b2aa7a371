/** Claims: what is refused and why, any bytes, and a factory image that becomes a named unit once. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkClaim, readClaim } from '../../../agent/backup/claim.ts';
import { CLAIM_TYPE, newContentKey, sealEnvelope, UPDATE_TYPE } from '../../../agent/core/envelope.ts';
import { seeded } from '../../support/seeded.ts';
import { kerbside } from '../cli/kerbside.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';

const NOW = Date.UTC(2027, 3, 1);
const city = newContentKey('city-1');
const other = newContentKey('city-1');
const CLAIM = {
  v: 1,
  id: 'claim-0001',
  site: 'demo-street',
  agent: 'pole-0817',
  issued: new Date(NOW).toISOString(),
  expires: new Date(NOW + 86_400_000).toISOString(),
  hardware: ['cpu:1', 'cpu:2'],
  siteFile: 'site.yaml',
  files: { 'site.yaml': STREET },
};
const FACTS = { keys: [city.key], hardware: ['cpu:2', 'machine:x'], now: NOW + 1000, used: [] };
const bytes = (
  claim: object,
  secret = city.secret,
  type: typeof CLAIM_TYPE | typeof UPDATE_TYPE = CLAIM_TYPE,
) => Buffer.from(JSON.stringify(sealEnvelope(Buffer.from(JSON.stringify(claim)), 'city-1', secret, type)));

describe('a claim', () => {
  it('is taken by the hardware it is for', () => {
    expect(checkClaim(bytes(CLAIM), FACTS)).toMatchObject({
      ok: true,
      key: 'city-1',
      claim: { agent: 'pole-0817' },
    });
    expect(checkClaim(bytes({ ...CLAIM, hardware: 'any' }), { ...FACTS, hardware: [] })).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ['another key', bytes(CLAIM, other.secret), {}, 'does not fit its bytes'],
    ['a document of another kind', bytes(CLAIM, city.secret, UPDATE_TYPE), {}, 'payloadType'],
    ['other hardware', bytes(CLAIM), { hardware: ['cpu:3'] }, 'for other hardware'],
    ['too late', bytes(CLAIM), { now: NOW + 86_400_000 }, 'expired'],
    ['a clock that is wrong', bytes(CLAIM), { now: 0 }, 'clock'],
    ['a second time', bytes(CLAIM), { used: ['claim-0001'] }, 'taken here before'],
    ['a path that leads out', bytes({ ...CLAIM, files: { 'site.yaml': STREET, '../x': '' } }), {}, 'files'],
    ['no site file', bytes({ ...CLAIM, siteFile: 'pole.yaml' }), {}, 'no file pole.yaml'],
    ['too much', bytes({ ...CLAIM, files: { 'site.yaml': 'x'.repeat(600_000) } }), {}, 'more than'],
  ])('is refused: %s', (_, given, facts, why) => {
    const checked = checkClaim(given, { ...FACTS, ...facts });
    expect(checked.ok ? 'taken' : checked.reason).toContain(why);
    if (!checked.ok) expect(checked.fix).toMatch(/\.$/);
  });

  const INPUTS = Number(process.env.FUZZ_INPUTS ?? 5000);
  it(`${INPUTS} documents of seeded nonsense, signed and not, are read without throwing and never taken`, () => {
    const random = seeded(20270404);
    const right = Buffer.from(JSON.stringify(CLAIM));
    const signed = bytes(CLAIM);
    let taken = 0;
    for (let i = 0; i < INPUTS; i++) {
      const payload = Buffer.from(right);
      for (let n = 0; n < 3; n++) payload[Math.floor(random() * payload.length)] = Math.floor(random() * 256);
      readClaim(payload.subarray(0, random() < 0.2 ? Math.floor(random() * payload.length) : undefined));
      const envelope = Buffer.from(signed);
      const at = Math.floor(random() * envelope.length);
      const before = envelope[at];
      envelope[at] = Math.floor(random() * 256);
      if (envelope[at] !== before && checkClaim(envelope, FACTS).ok) taken += 1;
    }
    // The name of the key and blanks of JSON are not under the signature.
    expect(taken).toBe(0);
  });
});

describe('kerbside claim', () => {
  const folder = new SiteFolder();
  const cwd = folder.dir;
  const unit = join(cwd, 'unit');
  const WARNING = expect.stringMatching(/^warning: the claim is for any hardware.*--hardware.*\n$/);
  afterAll(() => folder[Symbol.dispose]());

  it('makes a factory image a named unit, once, by file and by code', async () => {
    folder.write('sites/pole.yaml', STREET.replace('agent:\n', 'state: ./var\nagent:\n'));
    const shown = await kerbside(['claim', 'show', '--json'], { cwd });
    const { hardware } = JSON.parse(shown.out) as { hardware: string[] };
    const keygen = await kerbside(['content', 'keygen', 'city-1', '--out', 'city.key', '--json'], { cwd });
    const only = hardware[0] === undefined ? [] : ['--hardware', hardware[0]];
    const order = ['claim', 'make', 'sites/pole.yaml', '--key', 'city.key', '--id', 'city-1', '--out'];
    const make = await kerbside([...order, 'pole.claim', ...only], { cwd });
    expect([make.code, make.err]).toEqual([0, only.length === 0 ? WARNING : '']);

    // The image: a log and a key that were on its card, keys of the city, an address for codes.
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(readFileSync(join(cwd, 'pole.claim')));
    }).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    mkdirSync(join(unit, 'var'), { recursive: true });
    writeFileSync(join(unit, 'var/device-key.pem'), 'of the image');
    writeFileSync(
      join(unit, 'claim.yaml'),
      `keys: ${JSON.stringify([JSON.parse(keygen.out)])}\nurl: http://127.0.0.1:${port}/claims/{code}\n`,
    );
    const site = join(unit, 'site.yaml');
    const take = await kerbside(['claim', 'take', 'k7qx-29td', '--site', site, '--json'], { cwd });
    expect([take.code, take.err]).toEqual([0, '']);
    expect(JSON.parse(take.out)).toMatchObject({
      ok: true,
      agent: 'pole-0817',
      site: 'demo-street',
      key: 'city-1',
    });
    expect(asked).toEqual(['/claims/K7QX-29TD']);
    expect(readFileSync(site, 'utf8')).toContain('id: pole-0817');
    // Another key with the first start: that of the image is out of the way.
    expect(existsSync(join(unit, 'var/device-key.pem'))).toBe(false);
    expect(readdirSync(join(unit, 'var/before-restore'))).toEqual(['device-key.pem']);
    server.close();

    const again = await kerbside(['claim', 'take', 'pole.claim', '--site', site], { cwd });
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringContaining('claim failed: it was taken here before'),
    ]);
    const any = await kerbside([...order, 'second.claim', '--json'], { cwd });
    // What a program reads stays as it is.
    expect(JSON.parse(any.out)).toMatchObject({ hardware: 'any' });
    expect([any.code, any.err]).toEqual([0, WARNING]);
    const second = await kerbside(['claim', 'take', 'second.claim', '--site', site], { cwd });
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('this unit is claimed already')]);
  }, 240_000);
});
