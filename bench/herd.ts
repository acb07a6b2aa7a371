/**
 * `npm run bench:herd -- [--agents 1000] [--steady 120] [--blackout 600] [--broker mosquitto|nats] [--out docs/city]`: a city of
 * agents at 1 reading a second each, at mosquitto or at three NATS servers, all behind one network that is cut and comes back
 * for all at once. Prints one JSON line with the steady cost and how they came back; `--out` keeps it as herd.json with the
 * curves as herd.svg. Ends with an error where a reading is lost.
 *
 * Logs lie in memory where there is /dev/shm: each gateway has a card of its own, and this machine only one disk.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { accountsFor, RECEIVER } from '../deploy/city/credentials.ts';
import { now, openCity } from '../hw-sim/fleet/city.ts';
import { planFleet } from '../hw-sim/fleet/plan.ts';
import { mosquitto } from '../tests/support/brokers.ts';
import { natsCluster } from '../tests/support/nats-cluster.ts';
import { program } from '../tests/support/programs.ts';
import { picture } from './herd/picture.ts';
import { curvesOf, type HerdSample, returnsOf } from './herd/returns.ts';
import { cpuOf, memoryOf } from './soak/agent.ts';
import { machine } from './soak/report.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000' },
    steady: { type: 'string', default: '120' },
    blackout: { type: 'string', default: '600' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '14' },
    broker: { type: 'string', default: 'mosquitto' },
    out: { type: 'string' },
  },
});
const agents = Number(values.agents);
const seed = Number(values.seed);
/** Until the last agent is up, and until everything is told, ms. */
const PATIENCE = 600_000;
const SITE = 'city';

await using stack = new AsyncDisposableStack();
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const state = mkdtempSync(join(memory, 'kerbside-herd-'));
stack.defer(() => rmSync(state, { recursive: true, force: true, maxRetries: 3 }));
const ids = planFleet({ agents, seed, brokers: 1, window: 1, clones: 0, wrongClocks: 0 }).map(
  ({ agent }) => agent,
);
const at = values.broker === 'nats' ? await nats() : await oneBroker();
const city = stack.use(
  await openCity({
    agents,
    seed,
    brokers: at.urls,
    site: SITE,
    workers: Number(values.workers),
    state,
    ...at.access,
  }),
);
await until(() => city.facts().connected === agents, 'all agents connected');
const began = now();
const samples: HerdSample[] = [];
let last = { at: now(), broker: at.cpu(), fleet: city.facts().cpu, verify: cpuOf(city.verifier.pid) };
const sampler = setInterval(() => samples.push(sample()), 1000);
stack.defer(() => clearInterval(sampler));

// Every agent has told its first window, with its descriptions.
await sleep(15_000);
const before = steadyMark();
await sleep(Number(values.steady) * 1000);
const steady = steadyOf(before, steadyMark());
process.stderr.write(`${JSON.stringify({ steady })}\n`);

const cutAt = now();
city.carrier.cut();
await sleep(Number(values.blackout) * 1000);
city.mark();
await sleep(1500);
const restoredAt = now();
city.carrier.restore();
await until(
  () => city.returns().filter(({ replayed }) => replayed !== undefined).length === agents,
  'all agents back',
);
await sleep(20_000);
const returns = returnsOf(city.returns(), restoredAt);
const traffic = city.facts().traffic;
await city.settle(PATIENCE);
clearInterval(sampler);
const facts = city.facts();
const verdict = await city.verdict();
const result = {
  bench: 'herd',
  date: new Date().toISOString().slice(0, 16),
  machine: machine(),
  broker: at.name,
  agents,
  readings_per_s: agents,
  blackout_s: Number(values.blackout),
  steady,
  back: returns,
  replay: {
    records: Math.round(agents * Number(values.blackout)),
    broker_cpu_peak: Math.max(
      ...samples.filter(({ t }) => t >= restoredAt - began).map(({ broker }) => broker),
    ),
    bytes_up: traffic.up,
  },
  memory_mb: { agents: Math.round(facts.rss / 1e6), brokers: at.pss() },
  load: loadRange(),
  verify: {
    balances: verdict.balanced,
    records: verdict.records,
    stored: facts.stored,
    missing: verdict.missing,
    sent_again: verdict.resent,
    conflicts: verdict.conflicts,
  },
};
const curves = curvesOf(samples, city.links, { began, cutAt, restoredAt, agents });
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'herd.json'), `${JSON.stringify({ ...result, curves }, undefined, 1)}\n`);
  writeFileSync(join(values.out, 'herd.svg'), picture(result, curves));
}
console.log(JSON.stringify(result));
process.exitCode = verdict.balanced && verdict.records === facts.stored ? 0 : 1;

interface At {
  readonly name: string;
  readonly urls: readonly string[];
  readonly access: Pick<Parameters<typeof openCity>[0], 'password' | 'receiver'>;
  cpu(): number;
  /** MB, all nodes. */
  pss(): number;
}

async function oneBroker(): Promise<At> {
  const path = program('mosquitto');
  if (path === undefined) throw new Error('mosquitto is missing: apt-get install mosquitto');
  const broker = stack.use(
    await mosquitto(path, ['max_queued_messages 0', 'max_inflight_messages 1000', 'max_connections -1']),
  );
  return {
    name: 'mosquitto',
    urls: [`mqtt://127.0.0.1:${broker.port}`],
    access: {},
    cpu: () => cpuOf(broker.pid),
    pss: () => Math.round(memoryOf(broker.pid).pss / 1e6),
  };
}

async function nats(): Promise<At> {
  const path = program('nats-server');
  if (path === undefined) throw new Error('nats-server is missing: apt-get install nats-server');
  const accounts = accountsFor(ids);
  const passwords = new Map(accounts.map(({ user, password }) => [user, password]));
  const password = (user: string) => passwords.get(user) ?? '';
  const passwordFile = join(state, 'password');
  writeFileSync(passwordFile, password(RECEIVER));
  const cluster = stack.use(await natsCluster(path, SITE, accounts));
  const sum = (of: (pid: number) => number) => cluster.pids.reduce((all, pid) => all + of(pid), 0);
  return {
    name: 'NATS, three nodes',
    urls: cluster.urls,
    access: { password, receiver: { username: RECEIVER, passwordFile } },
    cpu: () => sum(cpuOf),
    pss: () => Math.round(sum((pid) => memoryOf(pid).pss) / 1e6),
  };
}

function sample(): HerdSample {
  const { connected, backlog, received, cpu } = city.facts();
  const present = { at: now(), broker: at.cpu(), fleet: cpu, verify: cpuOf(city.verifier.pid) };
  const seconds = (present.at - last.at) / 1000;
  const share = (name: 'broker' | 'fleet' | 'verify') =>
    Math.round(((present[name] - last[name]) / seconds) * 1000) / 1000;
  const one: HerdSample = {
    t: present.at - began,
    connected,
    backlog,
    received,
    broker: share('broker'),
    fleet: share('fleet'),
    verify: share('verify'),
    load: loadavg()[0] ?? 0,
  };
  last = present;
  return one;
}

function steadyMark() {
  const { traffic, acknowledged, cpu } = city.facts();
  return { at: now(), traffic, acknowledged, cpu, broker: at.cpu(), verify: cpuOf(city.verifier.pid) };
}

/** Each second of the steady state: shares are of one core. */
function steadyOf(from: ReturnType<typeof steadyMark>, to: ReturnType<typeof steadyMark>) {
  const seconds = (to.at - from.at) / 1000;
  const digits = (value: number) => Number(value.toPrecision(3));
  const day = 86_400 / seconds / agents / 1e6;
  return {
    seconds: Math.round(seconds),
    acknowledged_per_s: digits((to.acknowledged - from.acknowledged) / seconds),
    broker_cpu: digits((to.broker - from.broker) / seconds),
    verify_cpu: digits((to.verify - from.verify) / seconds),
    agents_cpu: digits((to.cpu - from.cpu) / seconds),
    up_mb_per_agent_day: digits((to.traffic.up - from.traffic.up) * day),
    down_mb_per_agent_day: digits((to.traffic.down - from.traffic.down) * day),
  };
}

function loadRange(): readonly [number, number] {
  const loads = samples.map(({ load }) => Math.round(load * 10) / 10);
  return [Math.min(...loads), Math.max(...loads)];
}

async function until(met: () => boolean, what: string): Promise<void> {
  for (const end = now() + PATIENCE; !met(); await sleep(250))
    if (now() > end) throw new Error(`waited in vain: ${what}: ${JSON.stringify(city.facts())}`);
}
