/** The configurations of deploy/city for mosquitto as they are: TLS, passwords, and what each agent may do. NATS: cluster.test.ts. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { accountsFor, mosquittoPasswords, natsUsers, RECEIVER } from '../../deploy/city/credentials.ts';
import { mosquittoWith } from '../support/brokers.ts';
import { expectAccess } from '../support/city-access.ts';
import { freePort } from '../support/free-port.ts';
import { program } from '../support/programs.ts';

const path = program('mosquitto');
const file = (name: string) => fileURLToPath(new URL(`../../deploy/city/mosquitto/${name}`, import.meta.url));
const pem = (name: string) => fileURLToPath(new URL(`../vectors/tls/${name}.pem`, import.meta.url));

test.runIf(path !== undefined)('mosquitto keeps agents apart', { timeout: 60_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'kerbside-access-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const accounts = accountsFor(['pole-1', 'pole-2']);
  await writeFile(join(folder, 'passwd'), mosquittoPasswords(accounts), { mode: 0o600 });
  await writeFile(join(folder, 'acl'), await readFile(file('acl')), { mode: 0o600 });
  const port = await freePort();
  const config = (await readFile(file('mosquitto.conf'), 'utf8'))
    .replaceAll('/etc/mosquitto/conf.d/', `${folder}/`)
    .replace('/etc/mosquitto/certs/ca.pem', pem('ca'))
    .replace('/etc/mosquitto/certs/broker.pem', pem('broker'))
    .replace('/etc/mosquitto/certs/broker.key', pem('broker-key'))
    .replace('/var/lib/mosquitto/', `${folder}/`)
    .replace(/^listener 8883$/m, `listener ${port} 127.0.0.1`);
  const root = process.getuid?.() === 0 ? ['user root'] : [];
  stack.use(await mosquittoWith(path ?? '', port, [...config.split('\n'), ...root]));
  const passwords = new Map(accounts.map(({ user, password }) => [user, password]));
  const ca = await readFile(pem('ca'));
  await expectAccess(`mqtts://127.0.0.1:${port}`, ['pole-1', 'pole-2'], (user) => passwords.get(user) ?? '', {
    ca,
  });
});

test('accounts: a password of its own for each, and ids that mean nothing to a broker', () => {
  const accounts = accountsFor(['pole-1', 'pole-2']);
  expect(accounts.map(({ user }) => user)).toEqual(['pole-1', 'pole-2', RECEIVER]);
  expect(new Set(accounts.map(({ password }) => password)).size).toBe(3);
  for (const id of ['pole.1', 'a/b', '+', '#', '>', '*', 'a b', '', 'x'.repeat(65), 'péage'])
    expect(() => accountsFor([id]), id).toThrow('expected letters');
  expect(() => accountsFor(['pole-1', 'pole-1'])).toThrow('twice');
  expect(() => accountsFor([RECEIVER])).toThrow('twice');
  const users = natsUsers('city', accounts);
  expect(users).toContain('"kerbside.v1.city.pole-1.data.*"');
  expect(
    users.split('\n').filter((line) => line.includes('user: "pole-1"') && line.includes('pole-2')),
  ).toEqual([]);
});
