/** `kerbside csr --token`: the key is made in the token and stays there; request, certificate and check go by it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { authority, certificate, newKeys, pem, signedRequest } from '../../support/authority.ts';
import { PIN, SoftToken, softHsm } from '../../support/soft-token.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';
import { kerbside, type Outcome } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
afterAll(() => folder[Symbol.dispose]());

const URI = 'pkcs11:token=kerbside;object=device';
const UPLINK = `uplinks:
  - id: city
    mqtt:
      url: mqtts://broker.city.example
      cert: file:state/tls/device.pem
      key: { pkcs11: "${URI}", pin: "file:token.pin" }
`;

describe.skipIf(softHsm === undefined)('kerbside csr --token', () => {
  it('makes the key in the token, and everything is held to it', async () => {
    using token = new SoftToken();
    const env = { ...token.env };
    const run = (...args: string[]): Promise<Outcome> => kerbside(args, { cwd, env });
    folder.write('site.yaml', STREET);
    writeFileSync(join(cwd, 'token.pin'), `${PIN}\n`);
    writeFileSync(join(cwd, 'wrong.pin'), '11112222\n');
    const make = (...more: string[]) => run('csr', 'make', '--token', URI, ...more);

    // Not on a command line, and not without; a wrong one has its words.
    expect((await make('--pin', PIN)).err).toContain('it is no reference');
    expect((await make()).err).toContain('it asks for a PIN');
    const wrong = await make('--pin', 'file:wrong.pin');
    expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('the token refuses the PIN')]);
    const none = await run(
      'csr',
      'make',
      '--token',
      'pkcs11:token=none;object=device',
      '--pin',
      'file:token.pin',
    );
    expect(none.err).toContain('no such token (plugged in: kerbside');

    const made = await make('--pin', 'file:token.pin', '--json');
    expect([made.code, made.err]).toEqual([0, '']);
    const { request, access } = JSON.parse(made.out) as { request: string; access: string[] };
    expect(access).toContain('never extractable');
    const again = await make('--pin', 'file:token.pin', '--out', 'again.csr');
    expect(again.err).toContain('was there already');
    expect((await make('--pin', 'file:token.pin', '--new-key')).err).toContain('there is one of this name');

    const root = await authority('CN=City root');
    const leaf = await signedRequest(request, root);
    expect(
      (await signedRequest(readFileSync(join(cwd, 'again.csr'), 'utf8'), root)).publicKey.rawData,
    ).toEqual(leaf.publicKey.rawData);
    writeFileSync(join(cwd, 'leaf.pem'), pem(leaf));
    writeFileSync(join(cwd, 'root.pem'), pem(root.cert));
    const stranger = await certificate('CN=pole-0817', (await newKeys()).publicKey, root, false);
    writeFileSync(join(cwd, 'stranger.pem'), pem(stranger));
    const install = (file: string) => run('csr', 'install', file, '--ca', 'root.pem', '--token', URI);
    expect((await install('stranger.pem')).err).toContain('it is for another key');
    const done = await install('leaf.pem');
    expect([done.code, done.err]).toEqual([0, '']);
    expect(done.out).toContain(`key: { pkcs11: "${URI}", pin:`);
    // Nothing but the certificate, which is no secret.
    expect(readdirSync(join(cwd, 'state/tls'))).toEqual(['device.pem']);

    folder.write('site.yaml', `${STREET}${UPLINK}`);
    const right = await run('check');
    expect([right.code, right.out]).toEqual([0, expect.stringContaining('key device in the token kerbside')]);
    writeFileSync(join(cwd, 'state/tls/device.pem'), pem(stranger));
    const misfit = await run('check', '--json');
    expect([misfit.code, JSON.parse(misfit.out).problems]).toEqual([
      1,
      [
        expect.objectContaining({
          path: 'uplinks[0].mqtt.key',
          message: expect.stringContaining('another key'),
        }),
      ],
    ]);
    token.pullOut();
    expect((await run('check')).err).toContain('no such token (none is plugged in)');
    token.plugIn();

    // Without --token it is made as ever, and what would be better is said.
    const bound = await run('csr', 'make');
    expect(bound.err).toContain(`with --token '${URI}'`);
  }, 240_000);

  it('the doctor says what kind of key an uplink has', async () => {
    using token = new SoftToken();
    token.makeKey('device');
    mkdirSync(join(cwd, 'state/tls'), { recursive: true });
    const stranger = await authority('CN=pole-0817');
    writeFileSync(join(cwd, 'state/tls/device.pem'), pem(stranger.cert));
    writeFileSync(join(cwd, 'token.pin'), `${PIN}\n`);
    folder.write('site.yaml', `${STREET}${UPLINK.replace('broker.city.example', '127.0.0.1:1')}`);
    const { out } = await kerbside(['doctor', '--json'], { cwd, env: token.env });
    const { findings } = JSON.parse(out) as { findings: { about: string; state: string; says: string }[] };
    expect(findings.find(({ about }) => about === 'uplink city, our key')).toMatchObject({
      state: 'fault',
      says: expect.stringContaining('the certificate is for another key than the one in the token kerbside'),
    });
  }, 120_000);
});
