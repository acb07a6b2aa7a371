/**
 * Two hundred agents at a broker get another configuration in waves, each its own file out of one template: a bad one stops
 * at the first wave and has returned there; a good one goes through, also where the city's machine dies on the way.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { render } from '../../agent/config/render.ts';
import { type CityBroker, startBroker } from '../../hw-sim/city/broker.ts';
import { type ConfigAgent, configAgent, fewProfiles } from '../support/config-agents.ts';
import { FastClock } from '../support/fast-clock.ts';
import { CITY, folder, IN_MEMORY } from '../support/update-bundles.ts';
import { wavesCommand, wavesOf } from '../support/waves-command.ts';

const AGENTS = 200;
const NAMES = Array.from({ length: AGENTS }, (_, i) => `pole-${String(i + 1).padStart(3, '0')}`);
/** Nobody listens there. */
const NOWHERE = 'mqtt://127.0.0.1:9';
const MAIN = new URL('../../agent/main.ts', import.meta.url);

const stack = new AsyncDisposableStack();
let home: string;
let broker: CityBroker;
let agents: ConfigAgent[];

/** The template of all poles; what differs comes from the table. */
const template = (url: string, more = '') => `vars: { pole: null, every: 10s }
site:
  id: street
  timezone: Asia/Shanghai
  position: { lat: 31.2304, lon: 121.4737, datum: WGS84 }
agent: { id: "\${var:pole}" }
state: ./state
lines:
  - { id: rs485-1, port: /dev/ttyUSB0 }
devices:
  - { id: meter-1, line: rs485-1, profile: eastron-sdm630, address: 1 }
${more}uplinks:
  - { id: city, mqtt: { url: "${url}" } }
`;
const METER_2 = '  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 2 }\n';

/** A folder of site files as `kerbside config render` writes it. */
function sitesIn(name: string, text: string): string {
  const dir = join(home, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'template.yaml'), text);
  const rows = NAMES.map((pole, i) => ({ line: i + 2, cells: { file: pole, pole } }));
  for (const file of render(rows, './template.yaml').files)
    writeFileSync(join(dir, `${file.name}.yaml`), file.text);
  return dir;
}

beforeAll(async () => {
  home = stack.use(await folder(IN_MEMORY)).path;
  broker = stack.use(await startBroker({ port: 0 }));
  const clock = new FastClock(20);
  const deps = fewProfiles(join(home, 'profiles'), 'eastron-sdm630', 'eastron-sdm120');
  const first = sitesIn('first', template(broker.url));
  agents = await Promise.all(
    NAMES.map((name) =>
      configAgent({
        dir: join(home, 'devices', name),
        files: {
          'site.yaml': readFileSync(join(first, `${name}.yaml`), 'utf8'),
          'template.yaml': template(broker.url),
        },
        deps,
        clock,
      }),
    ),
  );
  for (const agent of agents) stack.use(agent);
  writeFileSync(join(home, 'city.pem'), CITY.secret);
}, 120_000);
afterAll(() => stack.disposeAsync());

const argsOf = (id: string, ...more: readonly string[]) =>
  wavesCommand({ home, broker: broker.url, id }, [
    '--sign',
    `${CITY.key.id}=${join(home, 'city.pem')}`,
    '--out',
    join(home, 'out', id),
    '--why',
    'meters of the shops',
    '--watch',
    '60s',
    ...more,
  ]);
const perAgent = (id: string) => ['--bundle', join(home, 'out', id, '{site}', '{agent}')];
const runningWith = (devices: number) => agents.filter(({ site }) => site.devices.length === devices).length;
const statesOf = (agent: ConfigAgent | undefined) => agent?.history.map(({ state }) => state);

test('a folder with a wrong file is told whole, and nothing is sent', async () => {
  const sites = sitesIn('wrong', template(broker.url, METER_2.replace('sdm120', 'sdm1200')));
  writeFileSync(join(sites, 'pole-007.yaml'), 'extends: ./template.yaml\nvars: { pol: pole-007 }\n');
  const { said, error } = await wavesOf(argsOf('wrong', '--site-files', sites, ...perAgent('wrong')));
  expect(error).toMatch(/template\.yaml:\d+:\d+ devices\[1\]\.profile/);
  expect(error).toMatch(/pole-007\.yaml:2:9 vars\.pol: /);
  expect(said).toEqual([]);
  // That of the template is told once.
  expect(error?.match(/devices\[1\]\.profile/g)).toHaveLength(1);
  expect(agents.every(({ history }) => history.length === 1)).toBe(true);
}, 120_000);

test('one that silences the uplink is stopped in the first wave, which has returned', async () => {
  const sites = sitesIn('bad', template(NOWHERE));
  const { said, end } = await wavesOf(
    argsOf('bad', '--site-files', sites, ...perAgent('bad'), '--waves', '3,5%,100%'),
  );
  expect(end).toMatchObject({ complete: false, done: 0, failed: 3, of: AGENTS, stopped_at: 1 });
  expect(
    said.filter((line) =>
      /^street\/pole-00\d: #\d+ was taken back: uplink:city was ok and is down/.test(line),
    ),
  ).toHaveLength(3);
  expect(said.at(-1)).toBe('stopped in wave 1: 3 of 3 failed; 197 agents were not asked');
  for (const agent of agents.slice(0, 3)) {
    expect(statesOf(agent)).toEqual(['returned', 'kept']);
    expect(readFileSync(join(agent.dir, 'template.yaml'), 'utf8')).toBe(template(broker.url));
    expect(agent.history[0]).toMatchObject({
      by: 'waves',
      why: expect.stringMatching(/^#\d+: meters of the shops$/),
    });
  }
  expect(agents.slice(3).every(({ history }) => history.length === 1)).toBe(true);
  // Whoever begins it again hears that it was there already, and changes nothing.
  const again = await wavesOf(
    argsOf('bad', '--site-files', sites, ...perAgent('bad'), '--waves', '3,5%,100%'),
  );
  expect(again.end).toMatchObject({ complete: false, failed: 3, stopped_at: 1 });
  expect(again.said.join('\n')).toMatch(/refused-before/);
  expect(statesOf(agents[0])).toEqual(['returned', 'kept']);
}, 120_000);

test('one that an agent finds wrong by itself changes nothing there, and stops', async () => {
  const text = template(broker.url).replace(
    'mqtt: {',
    'mqtt: { username: pole, password: "file:city.password",',
  );
  const sites = sitesIn('secret', text);
  const { said, end } = await wavesOf(argsOf('secret', '--site-files', sites, ...perAgent('secret')));
  expect(end).toMatchObject({ complete: false, failed: 1, stopped_at: 1 });
  expect(said.join('\n')).toMatch(/street\/pole-001: #\d+ was refused \(failed-trial\): .*city\.password/);
  expect(statesOf(agents[0])).toEqual(['returned', 'kept']);
}, 120_000);

test("a good one reaches all that are there, also over the death of the city's machine; the others are caught up", async () => {
  const away = [agents[5], agents[120]].flatMap((one) => one ?? []);
  for (const agent of away) await agent.leave();
  const sites = sitesIn('good', template(broker.url, METER_2));
  const args = argsOf('good', '--site-files', sites, ...perAgent('good'), '--at-once', '15');
  const child = fork(MAIN, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const died = once(child, 'exit');
  // In the middle of the third wave.
  await expect.poll(() => runningWith(2), { timeout: 120_000, interval: 20 }).toBeGreaterThan(20);
  child.kill('SIGKILL');
  await died;
  expect(runningWith(2)).toBeLessThan(60);

  const { said, end } = await wavesOf(args);
  expect(end).toMatchObject({ complete: true, done: AGENTS - 2, failed: 0 });
  expect(end.silent).toEqual(['street/pole-006', 'street/pole-121']);
  expect(said).toContain('street/pole-121: it is offline');
  expect(said.at(-1)).toBe(
    'not there, to be caught up by the same command: street/pole-006, street/pole-121',
  );
  expect(runningWith(2)).toBe(AGENTS - 2);
  // Nobody was asked twice for the same: one change each, besides what was returned before.
  for (const agent of agents.filter((one) => !away.includes(one))) {
    expect(statesOf(agent)?.[0]).toBe('kept');
    expect(agent.history.filter(({ to }) => to === agent.history[0]?.to)).toHaveLength(1);
    expect(readFileSync(join(agent.dir, 'template.yaml'), 'utf8')).toBe(template(broker.url, METER_2));
  }

  // They come back while somebody waits for them.
  const caught = wavesOf([...args, '--catch-up', '60s']);
  for (const agent of away) await agent.comeBack();
  expect((await caught).end).toMatchObject({ complete: true, done: AGENTS, silent: [] });
  expect(runningWith(2)).toBe(AGENTS);
}, 600_000);

test('a patch changes what runs at each; one it does not fit is named and keeps its file', async () => {
  const [odd] = agents;
  if (odd === undefined) throw new Error('no agent');
  const own = 'extends: ./template.yaml\nvars: { pole: pole-001 } # by hand\n';
  writeFileSync(join(odd.dir, 'site.yaml'), own);
  await expect.poll(() => odd.history[0], { timeout: 30_000 }).toMatchObject({ by: 'file', state: 'kept' });
  // Every pole has lines of its own: the patch stands on what all have.
  const patch = createTwoFilesPatch(
    'site.yaml',
    'site.yaml',
    'extends: ./template.yaml\nvars:\n',
    'extends: ./template.yaml\nvars:\n  every: 20s\n',
  );
  writeFileSync(join(home, 'every.patch'), patch);
  writeFileSync(join(home, 'three.txt'), 'street/pole-002\nstreet/pole-003\nstreet/pole-001\n');
  const given = ['--patch', join(home, 'every.patch'), '--agents', join(home, 'three.txt')];
  const args = argsOf('patch', ...given, '--bundle', join(home, 'out', 'patch'), '--waves', '2,100%');
  const { end, said } = await wavesOf(args);
  expect(end).toMatchObject({ complete: false, done: 2, failed: 1, stopped_at: 2 });
  expect(said.join('\n')).toMatch(
    /street\/pole-001: #\d+ was refused \(failed-trial\): the patch does not fit/,
  );
  expect(agents[1]?.text).toBe('extends: ./template.yaml\nvars:\n  every: 20s\n  pole: pole-002\n');
  expect(odd.text).toBe(own);
}, 120_000);

test('the same name with other texts is refused before anything is sent', async () => {
  const sites = sitesIn('good', template(broker.url, METER_2.replace('address: 2', 'address: 3')));
  const { error } = await wavesOf(argsOf('good', '--site-files', sites, ...perAgent('good')));
  expect(error).toMatch(/roll-out good was begun with other texts/);
  cpSync(join(home, 'out', 'good'), join(home, 'out', 'other'), { recursive: true });
  const { error: other } = await wavesOf(argsOf('other', '--site-files', sites, ...perAgent('other')));
  expect(other).toMatch(/holds the bundles of roll-out good/);
}, 120_000);
