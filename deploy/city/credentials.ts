/**
 * `node deploy/city/credentials.ts --site <id> --out <folder> < agents.txt`: an account for every agent id on standard input (one
 * a line) and one for the city's receiver, each with a password of its own. Writes, readable by the owner alone:
 * passwords.csv    agent,password: for the site files (`username`, `password`)
 * mosquitto.passwd hashed, for mosquitto's password_file
 * users.conf       for NATS, with what each may publish and subscribe
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface Account {
  readonly user: string;
  readonly password: string;
}

export const RECEIVER = 'receiver';
/** Ids are topic levels and user names: nothing that NATS, MQTT or a file of users gives a meaning. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** As mosquitto_passwd 2.0 does. */
const ITERATIONS = 101;

/** Throws where an id is none, or is there twice. */
export function accountsFor(agents: readonly string[]): readonly Account[] {
  const seen = new Set<string>();
  for (const id of [...agents, RECEIVER]) {
    if (!ID.test(id)) throw new Error(`agent id "${id}": expected letters, digits, _ and -, at most 64`);
    if (seen.has(id)) throw new Error(`agent id "${id}" is there twice`);
    seen.add(id);
  }
  return [...seen].map((user) => ({ user, password: randomBytes(18).toString('base64url') }));
}

/** Lines `user:$7$iterations$salt$hash` (PBKDF2-HMAC-SHA512), as mosquitto 2.0 reads them. */
export function mosquittoPasswords(accounts: readonly Account[]): string {
  return accounts
    .map(({ user, password }) => {
      const salt = randomBytes(12);
      const hash = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
      return `${user}:$7$${ITERATIONS}$${salt.toString('base64')}$${hash.toString('base64')}\n`;
    })
    .join('');
}

/**
 * Accounts of NATS. MQTT topics are subjects with dots in place of slashes. Subscriptions of QoS 1 are delivered on a subject
 * of NATS' own, `$MQTT.sub.>`; `#` of MQTT is the level above it too. The password stands here as it is: NATS knows only bcrypt besides.
 */
export function natsUsers(site: string, accounts: readonly Account[]): string {
  const root = `kerbside.v1.${site}`;
  const users = accounts.map(({ user, password }) => {
    const own = `${root}.${user}`;
    const [publish, subscribe] =
      user === RECEIVER
        ? [
            [`${root}.time`, `${root}.*.cmd.*.*`],
            [root, `${root}.>`, '$MQTT.sub.>'],
          ]
        : [
            ['state', 'generation', 'data.*', 'backlog.*', 'gap', 'describe.*', 'cmd.*.result'].map(
              (name) => `${own}.${name}`,
            ),
            [`${own}.state`, `${own}.generation`, `${own}.cmd.*.*`, `${root}.time`, '$MQTT.sub.>'],
          ];
    const list = (subjects: readonly string[]) =>
      `[${subjects.map((one) => JSON.stringify(one)).join(', ')}]`;
    return `      { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}, permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)} } }`;
  });
  return `accounts {\n  CITY {\n    jetstream: enabled\n    users: [\n${users.join('\n')}\n    ]\n  }\n}\n`;
}

function main(): void {
  const { values } = parseArgs({ options: { site: { type: 'string' }, out: { type: 'string' } } });
  const { site = '', out } = values;
  if (!ID.test(site) || out === undefined) throw new Error('expected --site <id> and --out <folder>');
  const agents = readFileSync(0, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const accounts = accountsFor(agents);
  mkdirSync(out, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(out, name), text, { mode: 0o600 });
  write('passwords.csv', accounts.map(({ user, password }) => `${user},${password}\n`).join(''));
  write('mosquitto.passwd', mosquittoPasswords(accounts));
  write('users.conf', natsUsers(site, accounts));
}

if (import.meta.main) main();
