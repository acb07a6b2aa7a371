/**
 * A city of many poles at real brokers: processes that hold the poles, the mobile network between, the time of the city, and
 * `kerbside verify` as its receiver.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'mqtt';
import { monotonic } from '../world/world-clock.ts';
import { type Carrier, openCarrier, type Traffic } from './carrier.ts';
import type { FromWorker, Return, ToWorker, WorkerFacts, WorkerPlan } from './messages.ts';
import { type PolePlan, planFleet } from './plan.ts';
import { startVerifier, type Verdict, type Verifier } from './verifier.ts';

export interface CityOptions {
  readonly agents: number;
  readonly seed: number;
  /** mqtt://host:port of each broker. */
  readonly brokers: readonly string[];
  /** Readings a second of each agent. Default 1. */
  readonly rate?: number;
  /** ms. Default 5000. */
  readonly window?: number;
  /** Default 0. */
  readonly clones?: number;
  readonly wrongClocks?: number;
  /** Processes that hold the poles. Default 2. */
  readonly workers?: number;
  readonly site?: string;
  /** Records of backlog a second for each agent. Default 2000, as in the field. */
  readonly replayRate?: number;
  readonly payload?: 'json' | 'columns';
  readonly compression?: 'none' | 'zstd';
  /** Folder for the logs; default: one in the folder for temporary files, removed at the end. */
  readonly state?: string;
  /** Password of an agent at the broker, and of the receiver. Absent: anybody may come in. */
  readonly password?: (user: string) => string;
  readonly receiver?: { readonly username: string; readonly passwordFile: string };
}

export interface CityFacts extends Omit<WorkerFacts, 'rivals' | 'quiet'> {
  readonly rivals: readonly string[];
  readonly traffic: Traffic;
  /** Records the receiver said last that it has. */
  readonly received: number;
}

export interface LinkChange {
  readonly index: number;
  readonly up: boolean;
  /** CLOCK_MONOTONIC, ms. */
  readonly at: number;
}

export interface City extends AsyncDisposable {
  readonly plan: readonly PolePlan[];
  readonly carrier: Carrier;
  readonly verifier: Verifier;
  /** Pids of the processes that hold the poles. */
  readonly workers: readonly number[];
  readonly links: readonly LinkChange[];
  facts(): CityFacts;
  /** From here on how each comes back is measured. */
  mark(): void;
  returns(): readonly Return[];
  /** No more readings; resolves when everything is acknowledged and received, rejects with what is not after `ms`. */
  settle(ms: number): Promise<void>;
  /** What the receiver says, and whether all agents with an id of their own balance. */
  verdict(): Promise<Verdict & { readonly ownBalance: boolean }>;
}

const WORKER = new URL('./worker.ts', import.meta.url);
/** The city tells its time this often, ms. */
const TIME_EVERY = 5000;
/** As an agent in the field: small young generations, two malloc arenas. */
const FLAGS = ['--max-semi-space-size=8'];

interface Process {
  readonly child: ChildProcess;
  readonly started: Promise<void>;
  facts: WorkerFacts | undefined;
  returns: readonly Return[];
}

export async function openCity(options: CityOptions): Promise<City> {
  const { agents, seed, brokers, rate = 1, window = 5000, site = 'city', workers = 2 } = options;
  await using stack = new AsyncDisposableStack();
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'kerbside-fleet-')));
  if (options.state === undefined)
    stack.defer(() => rm(state, { recursive: true, force: true, maxRetries: 3 }));
  const carrier = stack.use(await openCarrier(brokers));
  const verifier = stack.use(await startVerifier({ brokers, site, ...options.receiver }));
  const { clones = 0, wrongClocks = 0 } = options;
  const plan = planFleet({ agents, seed, brokers: brokers.length, window, clones, wrongClocks });
  const links: LinkChange[] = [];
  const processes = Array.from({ length: Math.min(workers, plan.length) }, (_, i): Process => {
    const own = plan.filter(({ index }) => index % workers === i);
    return startProcess(links, {
      poles: own.map((pole) => ({
        ...pole,
        dir: join(state, pole.machine),
        ...(options.password === undefined ? {} : { password: options.password(pole.agent) }),
      })),
      site,
      brokers: carrier.urls,
      rate,
      window,
      replayRate: options.replayRate ?? 2000,
      payload: options.payload ?? 'columns',
      compression: options.compression ?? 'none',
    });
  });
  stack.defer(async () => {
    await Promise.all(processes.map(({ child }) => stopped(child)));
  });
  await mkdir(state, { recursive: true });
  await Promise.all(processes.map(({ started }) => started));
  stack.use(tellTime(brokers, site, options));

  const facts = (): CityFacts => {
    const all = processes.flatMap(({ facts: one }) => one ?? []);
    const sum = (of: (one: WorkerFacts) => number) => all.reduce((total, one) => total + of(one), 0);
    return {
      connected: sum(({ connected }) => connected),
      stored: sum(({ stored }) => stored),
      acknowledged: sum(({ acknowledged }) => acknowledged),
      backlog: sum(({ backlog }) => backlog),
      refused: sum(({ refused }) => refused),
      dropped: sum(({ dropped }) => dropped),
      resent: sum(({ resent }) => resent),
      unheard: sum(({ unheard }) => unheard),
      rss: sum(({ rss }) => rss),
      cpu: sum(({ cpu }) => cpu),
      waiting: all.flatMap(({ waiting }) => waiting),
      rivals: all.flatMap(({ rivals }) => rivals).sort(),
      traffic: carrier.traffic(),
      received: verifier.records,
    };
  };
  const say = (message: ToWorker) => {
    for (const { child } of processes) child.send(message);
  };
  const owned = stack.move();
  return {
    plan,
    carrier,
    verifier,
    workers: processes.map(({ child }) => child.pid ?? 0),
    links,
    facts,
    mark: () => say({ do: 'mark' }),
    returns: () => processes.flatMap(({ returns }) => returns),
    async settle(ms) {
      say({ do: 'quiet' });
      // Facts of before then may show a moment in which nothing happened to wait.
      const quiet = () => processes.every(({ facts: last }) => last?.quiet === true);
      for (const end = performance.now() + ms; ; await sleep(250)) {
        const now = facts();
        if (quiet() && now.unheard === 0 && now.backlog === 0 && now.received >= now.acknowledged) return;
        if (performance.now() > end) throw new Error(`the city is not settled: ${JSON.stringify(now)}`);
      }
    },
    verdict: async () => {
      const verdict = await verifier.verdict();
      const contested = new Set(plan.flatMap((pole) => (pole.contested ? [pole.agent] : [])));
      const off = verdict.lanes.filter(
        ({ agent, missing, awaited, conflicts, outOfOrder }) =>
          !contested.has(agent) && missing + awaited + conflicts + outOfOrder > 0,
      );
      return { ...verdict, ownBalance: off.length + verdict.broken === 0 };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function startProcess(links: LinkChange[], plan: WorkerPlan): Process {
  const child = fork(WORKER, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: FLAGS });
  const started = Promise.withResolvers<void>();
  const one: Process = { child, started: started.promise, facts: undefined, returns: [] };
  child.on('message', (message: FromWorker) => {
    if (message.tell === 'started') started.resolve();
    else if (message.tell === 'facts') one.facts = message.facts;
    else if (message.tell === 'links') links.push(...message.links);
    else if (message.tell === 'returns') one.returns = message.returns;
  });
  child.once('exit', (code, signal) =>
    started.reject(new Error(`a process of poles ended (${signal ?? `exit code ${code}`}) before it was up`)),
  );
  child.send({ do: 'start', plan } satisfies ToWorker);
  return one;
}

/** Ends a process of poles; one that takes longer than 20 s is left to nobody. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.send({ do: 'stop' } satisfies ToWorker);
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await gone;
  clearTimeout(late);
}

/** Poles without a clock of their own take it from here. */
function tellTime(
  brokers: readonly string[],
  site: string,
  { receiver, password }: CityOptions,
): AsyncDisposable {
  const client = connect(brokers[0] ?? '', {
    servers: brokers.map((url) => {
      const { hostname, port } = new URL(url);
      return { host: hostname, port: Number(port || 1883), protocol: 'mqtt' as const };
    }),
    protocolVersion: 4,
    clientId: `fleet-time-${process.pid}`,
    ...(receiver === undefined || password === undefined
      ? {}
      : { username: receiver.username, password: password(receiver.username) }),
  });
  client.on('error', () => undefined);
  const tell = () =>
    client.publish(`kerbside/v1/${site}/time`, JSON.stringify({ time: new Date().toISOString() }));
  const timer = setInterval(tell, TIME_EVERY);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}

/** Now, on the clock of `LinkChange.at` and `Return`. */
export const now = monotonic;
