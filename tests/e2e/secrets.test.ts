/**
 * No secret in the clear: a site whose every secret can be recognised runs, is used and misused; then everything it has
 * said, answered and written is searched for each of them, as it is and in the usual disguises; and what is in the
 * diagnostics bundles that were made from afar, on its shell, and on its shell when it had stopped.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { CITY } from '../support/update-bundles.ts';
import { kerbside } from '../unit/cli/kerbside.ts';
import { MINIMAL } from '../unit/config/site-folder.ts';

/** Each is in no other word of the agent. */
const SECRETS = {
  mqtt: 'zq-mqtt-7f3a9c51d0',
  http: 'zq-http-5b8e2d64a7',
  camera: 'zq-camera-91c4e7b3f2',
  line: 'zq-line-3d6f8a2b9e',
  wifi: 'zq-wifi-6e1d9c4a75',
  bundle: 'zq-bundle-4c9e2b7d18',
  person: 'zq-person-2a7c5e9d18 rides',
  wrong: 'zq-wrong-8d4b6f1e3c rides',
  guessed: 'zqguessedcode4f9a',
} as const;

const SITE = `${MINIMAL}state: ./state
log: { window: 200ms }
lines:
  - { id: posts, http: { listen: "127.0.0.1:0", token: "file:secrets/line" } }
cameras:
  - id: camera-1
    source: "http://127.0.0.1:9/snapshot.jpg"
    username: watcher
    password: "file:secrets/camera"
    tasks: [vehicles]
console:
  listen: "127.0.0.1:0"
  remote: { listen: "127.0.0.1:0" }
  service: { power_up: true, wifi: { password: "file:secrets/wifi" } }
fleet: { keys: [{ id: ${CITY.key.id}, public: "${CITY.key.public}" }], token: "file:secrets/bundle" }
uplinks:
  - { id: city, mqtt: { url: "mqtt://127.0.0.1:9", username: pole, password: "\${env:MQTT_SECRET}" } }
  - { id: archive, http: { url: "http://127.0.0.1:9/in", token: "file:secrets/http" } }
`;

let dir: string;
let agent: AgentProcess;
/** What the API has answered, but for what hands a secret to whom it is for. */
const answers: string[] = [];
/** Secrets that the agent made itself. */
const made: Record<string, string> = {};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-secrets-'));
  mkdirSync(join(dir, 'secrets'));
  for (const name of ['http', 'camera', 'line', 'wifi', 'bundle'] as const) {
    writeFileSync(join(dir, 'secrets', name), `${SECRETS[name]}\n`);
  }
  writeFileSync(join(dir, 'site.yaml'), SITE);
  agent = startAgent(join(dir, 'site.yaml'), { MQTT_SECRET: SECRETS.mqtt });
  await agent.ready;
}, 60_000);
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

/** The secret itself, and as it would stand in a URL, in Basic authentication, in hex or backwards over an edge. */
function disguises(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret);
  // Base 64 of a part of it shows at each of the three alignments.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  const texts = [
    secret,
    encodeURIComponent(secret),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(texts)].filter((text) => text.length >= 8).map((text) => Buffer.from(text));
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function use(): Promise<void> {
  const { link } = await agent.ready;
  const { origin } = new URL(link);
  made.link = new URL(link).searchParams.get('code') ?? '';
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const key = (entered.headers.get('location') ?? '').split('#key=')[1] ?? '';
  made.cookie = cookie.split('=')[1] ?? '';
  made.key = key;
  const person = { cookie, 'x-kerbside-key': key };
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${origin}${path}`, init);
    return `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
  };
  const post = (path: string, body: object, headers: Record<string, string> = person) =>
    ask(`/api/v1${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  answers.push(await post('/people', { name: 'anna', role: 'viewer', password: SECRETS.person }));
  const login = await post('/login', { name: 'anna', password: SECRETS.person }, {});
  expect(login).toMatch(/^200 /);
  answers.push(await post('/login', { name: 'anna', password: SECRETS.wrong }, {}));
  answers.push(await post('/login', { name: 'nobody', password: SECRETS.wrong }, {}));
  answers.push(await ask(`/login?code=${SECRETS.guessed}`));
  answers.push(await ask('/api/v1/session', { headers: { authorization: `Bearer ${SECRETS.guessed}` } }));
  answers.push(await post('/people', { name: 'anna', role: 'viewer', password: SECRETS.wrong }));
  const token = await post('/tokens', { name: 'app', role: 'administrator' });
  made.token = /"secret":"(kb_[\w-]+)"/.exec(token)?.[1] ?? '';
  const another = JSON.parse((await post('/links', { role: 'viewer' })).replace(/^[^{]*?\] /, ''));
  made.code = another.code;
  made.short = another.short;
  for (const value of Object.values(made)) expect(value.length).toBeGreaterThan(7);
  const { paths } = JSON.parse(
    (await ask('/api/v1/openapi.json', { headers: person })).replace(/^.*?\] (?=\{)/s, ''),
  );
  for (const [path, methods] of Object.entries(paths as Record<string, { get?: object }>)) {
    if (methods.get === undefined || path === '/stream') continue;
    answers.push(await ask(`/api/v1${path.replace(/\{\w+\}/g, 'camera-1')}`, { headers: person }));
  }
  // As a city asks for it: the command comes to the same router.
  const wish = { id: 'make-1', device: 'agent', point: 'diagnostics', expires_in_s: 60 };
  answers.push(await post('/commands', { ...wish, value: JSON.stringify({ why: 'a search' }) }));
  answers.push(await ask('/metrics', { headers: { authorization: `Bearer ${made.token}` } }));
  for (const path of ['/healthz', '/readyz', '/']) answers.push(await ask(path));
}

test('none is in what the agent says, answers and writes', async () => {
  await use();
  const label = await kerbside(['label', '--access', 'site.yaml'], { cwd: dir });
  made.label = /[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}/.exec(label.out)?.[0] ?? '';
  expect(made.label).toHaveLength(14);
  const shown = await kerbside(['config', 'show', 'site.yaml'], {
    cwd: dir,
    env: { MQTT_SECRET: SECRETS.mqtt },
  });

  const bundles = join(dir, 'state', 'diagnostics');
  const bundlesThere = () =>
    (existsSync(bundles) ? readdirSync(bundles) : []).filter((one) => one.endsWith('.gz'));
  await expect.poll(bundlesThere, { timeout: 30_000 }).toHaveLength(1);
  const local = await kerbside(['diagnostics', 'running.tar.gz', '--why', 'a search'], { cwd: dir });
  expect(local.out).toMatch(/doctor\.json .*kerbside doctor/);

  // Uplinks and camera have tried by then, and said that nobody answers.
  await expect.poll(() => agent.log.join('\n'), { timeout: 20_000 }).toMatch(/city/);
  await agent.stop();
  writeFileSync(join(dir, 'agent.log'), agent.log.join('\n'));
  const args = ['diagnostics', 'stopped.tar.gz', '--log', 'agent.log'];
  const stopped = await kerbside(args, { cwd: dir, env: { MQTT_SECRET: SECRETS.mqtt } });
  expect(stopped.out).toMatch(/health\.json.*the agent does not run/);
  const inside = [
    join(bundles, bundlesThere()[0] ?? ''),
    join(dir, 'running.tar.gz'),
    join(dir, 'stopped.tar.gz'),
  ];
  const unpacked = inside.flatMap((archive, i) => {
    const to = join(dir, `unpacked-${i}`);
    mkdirSync(to);
    execFileSync('tar', ['xzf', archive, '-C', to]);
    const files = readdirSync(to);
    for (const name of [
      'about.json',
      'contents.json',
      'doctor.json',
      'log.jsonl',
      'site.yaml',
      'events.json',
    ])
      expect(files).toContain(name);
    expect(JSON.parse(readFileSync(join(to, 'doctor.json'), 'utf8')).findings.length).toBeGreaterThan(3);
    return files.map((name) => [`${archive}: ${name}`, readFileSync(join(to, name))] as const);
  });
  const places = new Map<string, Buffer>([
    ['log', Buffer.from(agent.log.filter((line) => !line.startsWith('http')).join('\n'))],
    ...answers.map((text, i) => [`answer ${i}: ${text.slice(0, 60)}`, Buffer.from(text)] as const),
    ...unpacked,
    ['diagnostics', Buffer.from(local.out + local.err + stopped.out + stopped.err)],
    ['config show', Buffer.from(shown.out + shown.err)],
    ...[...filesBelow(join(dir, 'state'))].map(
      (file) => [file.slice(dir.length), readFileSync(file)] as const,
    ),
  ]);
  expect([...places.keys()].some((name) => name.endsWith('/log.db'))).toBe(true);
  const found = Object.entries({ ...SECRETS, ...made }).flatMap(([name, secret]) => {
    const needles = disguises(secret);
    return [...places]
      .filter(([, bytes]) => needles.some((needle) => bytes.includes(needle)))
      .map(([place]) => `${name} in ${place}`);
  });
  expect(found).toEqual([]);
  // The search itself finds: what is no secret is there.
  expect([...places.values()].some((bytes) => bytes.includes('pole-0817'))).toBe(true);
  expect(
    disguises(SECRETS.mqtt).some((needle) =>
      Buffer.from(`x${SECRETS.mqtt}y`).toString('base64').includes(needle.toString()),
    ),
  ).toBe(true);
}, 180_000);
