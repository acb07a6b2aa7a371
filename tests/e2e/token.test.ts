/**
 * A gateway whose key was made in a token (SoftHSM2 stands in for a TPM) and never leaves it: asked for, certified, logged
 * in with at a real mosquitto that wants client certificates, pulled out and plugged in again.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { samePublicKey } from '../../agent/core/certificate.ts';
import { startAgent } from '../support/agent-process.ts';
import { authority, certificate, newKeys, pem, signedRequest } from '../support/authority.ts';
import { mosquittoWith } from '../support/brokers.ts';
import { freePort } from '../support/free-port.ts';
import { program } from '../support/programs.ts';
import { PIN, SoftToken, softHsm } from '../support/soft-token.ts';
import { kerbside } from '../unit/cli/kerbside.ts';
import { openCity } from './city.ts';
import { openSite } from './site.ts';

const broker = program('mosquitto');
const vector = (name: string) => fileURLToPath(new URL(`../vectors/tls/${name}.pem`, import.meta.url));
const URI = 'pkcs11:token=kerbside;object=device';
const KEYS = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/g;
const STATE = 'kerbside/v1/demo-street/pole-0817/state';

test.runIf(broker !== undefined && softHsm !== undefined)(
  'a key in a token',
  { timeout: 300_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const token = stack.use(new SoftToken());
    const site = stack.use(await openSite({ camera: false, broker: false, brokerUrl: 'mqtt://127.0.0.1:1' }));
    const root = await authority('CN=City units');
    writeFileSync(join(site.dir, 'units.pem'), pem(root.cert));
    writeFileSync(join(site.dir, 'token.pin'), `${PIN}\n`);

    // One door for units, with certificates; one for the city.
    const [units, city] = [await freePort(), await freePort()];
    const settings = [
      'per_listener_settings true',
      'persistence false',
      `listener ${city} 127.0.0.1`,
      'allow_anonymous true',
      `listener ${units} 127.0.0.1`,
      'allow_anonymous true',
      `cafile ${join(site.dir, 'units.pem')}`,
      `certfile ${vector('broker')}`,
      `keyfile ${vector('broker-key')}`,
      'require_certificate true',
      'use_identity_as_username true',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ];
    let running = await mosquittoWith(broker ?? '', city, settings);
    stack.defer(() => running[Symbol.asyncDispose]());
    const receiver = stack.use(await openCity(`mqtt://127.0.0.1:${city}`));

    // The technician's way: request, signature, certificate.
    const env = { ...token.env };
    const run = (...args: string[]) => kerbside(args, { cwd: site.dir, env });
    const made = await run('csr', 'make', '--token', URI, '--pin', 'file:token.pin', '--json');
    expect([made.code, made.err]).toEqual([0, '']);
    const leaf = pem(await signedRequest((JSON.parse(made.out) as { request: string }).request, root));
    writeFileSync(join(site.dir, 'leaf.pem'), leaf);
    const installed = await run('csr', 'install', 'leaf.pem', '--ca', 'units.pem', '--token', URI);
    expect([installed.code, installed.err]).toEqual([0, '']);
    const uplink = {
      id: 'city',
      mqtt: {
        url: `mqtts://127.0.0.1:${units}`,
        ca: `file:${vector('ca')}`,
        cert: 'file:state/tls/device.pem',
        key: { pkcs11: URI, pin: 'file:token.pin' },
      },
    };
    site.rewrite({ uplinks: [uplink] });

    const agent = stack.use(startAgent(site.file, env));
    await agent.ready;
    await receiver.until(() => receiver.records.size > 50, 'readings by the key in the token', 60_000);

    // The PIN is no argument and in no environment, of the agent or of what it started.
    const family = processesBelow(agent.pid);
    expect(family.some((text) => text.includes('token/process.ts'))).toBe(true);
    for (const text of family) expect(text).not.toContain(PIN);
    expect(agent.log.join('\n')).not.toContain(PIN);

    // Pulled out: the link, which needs no key any more, ends with the reason.
    token.pullOut();
    await receiver.until(
      () => (receiver.topics.get(STATE) as { state?: string })?.state === 'offline',
      'the unit going offline without its token',
      60_000,
    );
    await expect
      .poll(() => agent.log.join('\n'), { timeout: 60_000 })
      .toMatch(/the token does not sign any more|no token that is plugged in has such a key/);
    const before = receiver.records.size;
    token.plugIn();
    await receiver.until(
      () => receiver.records.size > before + 50,
      'readings after the token is back',
      90_000,
    );

    await receiver.until(
      () => receiver.ledger.report().missing === 0,
      'all that was measured without it',
      60_000,
    );

    // A broker that was gone is found again, by a new log-in.
    await running[Symbol.asyncDispose]();
    running = await mosquittoWith(broker ?? '', city, settings);
    const again = receiver.records.size;
    await receiver.until(
      () => receiver.records.size > again + 20,
      'readings after the broker is back',
      90_000,
    );
    await agent.stop();
    // The private key lies nowhere in the state folder, nor does the PIN.
    const found: KeyObject[] = [];
    const ours = new X509Certificate(leaf).publicKey;
    for (const path of readdirSync(site.state, { recursive: true, withFileTypes: true })) {
      // Compiled code holds the words of our own sources.
      if (!path.isFile() || path.parentPath.includes('compile-cache')) continue;
      const bytes = readFileSync(join(path.parentPath, path.name));
      expect(bytes.includes('BOUND KEY'), path.name).toBe(false);
      found.push(...[...bytes.toString('latin1').matchAll(KEYS)].flatMap(([text]) => publicHalf(text)));
      expect(bytes.includes(PIN), path.name).toBe(false);
    }
    // The one that signs evidence, so that the search is known to find keys.
    expect(found.length).toBeGreaterThan(0);
    for (const key of found) expect(samePublicKey(key, ours)).toBe(false);
    expect(readdirSync(join(site.state, 'tls'))).toEqual(['device.pem']);

    // With a certificate of another key the agent runs, and says what is wrong.
    const other = await certificate('CN=pole-0817', (await newKeys()).publicKey, root, false);
    writeFileSync(join(site.state, 'tls/device.pem'), pem(other));
    const wrong = stack.use(startAgent(site.file, env));
    await wrong.ready;
    await expect
      .poll(() => wrong.log.join('\n'), { timeout: 60_000 })
      .toContain('the certificate is for another key');
  },
);

/** Of what is a key. */
function publicHalf(text: string): KeyObject[] {
  try {
    return [createPublicKey(text)];
  } catch {
    return [];
  }
}

/** Command lines and environments of a process and all below it. */
function processesBelow(root: number): string[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const stat = read(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const below = (pid: number): boolean => pid === root || (pid > 1 && below(parents.get(pid) ?? 0));
  return [...parents.keys()]
    .filter(below)
    .map((pid) => `${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/environ`)}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
