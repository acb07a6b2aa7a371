/** Two hundred devices at a broker, updated in waves by the command of the city; a bad version stops at the first. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { type CityBroker, startBroker } from '../../hw-sim/city/broker.ts';
import { type FleetAgent, fleetAgent } from '../support/fleet-agents.ts';
import { folder, IN_MEMORY, makeRelease } from '../support/update-bundles.ts';
import { wavesCommand, wavesOf } from '../support/waves-command.ts';

const AGENTS = 200;
const stack = new AsyncDisposableStack();
let home: string;
let broker: CityBroker;
let agents: FleetAgent[];

beforeAll(async () => {
  home = stack.use(await folder(IN_MEMORY)).path;
  broker = stack.use(await startBroker({ port: 0 }));
  const clock = new SystemClock();
  const names = Array.from({ length: AGENTS }, (_, i) => `pole-${String(i + 1).padStart(3, '0')}`);
  agents = await Promise.all(names.map((name) => fleetAgent(broker.url, join(home, 'devices'), name, clock)));
  for (const agent of agents) stack.use(agent);
  await writeFile(
    join(home, 'agents.txt'),
    `# the fleet\n${names.map((name) => `street/${name}`).join('\n')}\n`,
  );
  const now = {
    issued: new Date(Date.now() - 60_000).toISOString(),
    expires: new Date(Date.now() + 86_400_000).toISOString(),
  };
  const trial = { within_s: 60, soak_s: 0 };
  await makeRelease(join(home, 'good'), { version: '0.2.0', change: { ...now, trial } });
  await makeRelease(join(home, 'bad'), { version: '0.3.0', behaviour: 'dies', change: { ...now, trial } });
}, 60_000);
afterAll(() => stack.disposeAsync());

const waves = (bundle: string, id: string, ...more: string[]) =>
  wavesOf(
    wavesCommand({ home, broker: broker.url, id }, [
      ...['--agents', join(home, 'agents.txt'), '--bundle', join(home, bundle)],
      ...more,
    ]),
  );

const versions = () => new Set(agents.map(({ device }) => device.version));

test('the plan is printed and nothing is sent', async () => {
  const { said } = await waves('good', 'plan', '--dry-run');
  expect(said.slice(0, 4)).toEqual([
    'wave 1: 1 agents (street/pole-001)',
    'wave 2: 9 agents (street/pole-002, street/pole-003, street/pole-004 …)',
    'wave 3: 40 agents (street/pole-011, street/pole-012, street/pole-013 …)',
    'wave 4: 150 agents (street/pole-051, street/pole-052, street/pole-053 …)',
  ]);
  expect(versions()).toEqual(new Set(['0.1.0']));
});

test('a bad version is stopped at the first, which has returned', async () => {
  const { said, end } = await waves('bad', 'bad');
  expect(end).toMatchObject({ complete: false, done: 0, failed: 1, of: AGENTS, stopped_at: 1 });
  expect(said).toContain(
    'street/pole-001: 0.3.0 was taken back: it was started 3 times and was not found good',
  );
  expect(said.at(-1)).toBe('stopped in wave 1: 1 of 1 failed; 199 agents were not asked');
  expect(agents[0]?.device.starts).toEqual(['0.1.0', '0.3.0', '0.3.0', '0.3.0', '0.1.0']);
  expect(agents.slice(1).every(({ device }) => device.starts.length === 1)).toBe(true);
}, 60_000);

test('a good version reaches all of them, and a roll-out that is begun again asks nobody twice', async () => {
  const { end } = await waves('good', 'good');
  expect(end).toMatchObject({ complete: true, done: AGENTS, failed: 0 });
  expect(versions()).toEqual(new Set(['0.2.0']));
  const starts = agents.map(({ device }) => device.starts.length);
  const again = await waves('good', 'good');
  expect(again.end).toMatchObject({ complete: true, done: AGENTS });
  expect(agents.map(({ device }) => device.starts.length)).toEqual(starts);
  // Its memory lost, everybody says that it has it already.
  await writeFile(
    join(home, 'good.json'),
    JSON.stringify({ id: 'good', fates: { 'street/pole-001': { state: 'sent' } } }),
  );
  expect((await waves('good', 'good')).end).toMatchObject({ complete: true, done: AGENTS });
  expect(agents.map(({ device }) => device.starts.length)).toEqual(starts);
  const kept = JSON.parse(await readFile(join(home, 'good.json'), 'utf8'));
  expect(kept.fates['street/pole-200']).toEqual({ state: 'done', what: '0.2.0' });
}, 120_000);
