/**
 * Everything together for a long time: the street with its devices, camera and buses, the agent with two uplinks, Node-RED
 * and somebody at the console, faults switched on and off by seed. What grows, hangs or is lost is measured from outside.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { ReceiverLedger, type Report } from '../../agent/cli/verify/ledger.ts';
import { readPayload } from '../../agent/cli/verify/payload.ts';
import { receiveHttp } from '../../agent/cli/verify/receive-http.ts';
import type { Ledger, PartHealth } from '../../agent/core/view.ts';
import { runFaultPlan } from '../../hw-sim/fault-plan.ts';
import { freePort } from '../../hw-sim/free-port.ts';
import { loadScenario, type Scenario } from '../../hw-sim/scenario.ts';
import type { ScenarioFault } from '../../hw-sim/scenario-faults.ts';
import { siteFile } from '../../hw-sim/site-file.ts';
import { type StreetParts, startStreet } from '../../hw-sim/street-parts.ts';
import { startTransit } from '../../hw-sim/street-transit.ts';
import { type Collected, memoryOf, type SoakAgent, startSoakAgent } from './agent.ts';
import { type ClientCounts, type ConsoleClient, launchBrowser, openClient } from './client.ts';
import { type PlannedFault, planOf, type Windows, windowsOf } from './plan.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** World time per real time. */
  readonly rate: number;
  /** Pictures a second. */
  readonly cameraRate: number;
  /** Path of chromium; absent: nobody has the pages open, only the API is used. */
  readonly browser?: string;
  readonly say: (line: string) => void;
}

/** Of one moment; bytes, minutes since the agent was up. */
export interface Sample {
  readonly minute: number;
  readonly pss: number;
  /** What of it is neither a file nor shared. */
  readonly own: number;
  /** The same of Node-RED; null while it starts anew. */
  readonly nodeRed: number | null;
  readonly files: number;
  readonly load: number;
}

export interface CollectedAt extends Collected {
  readonly minute: number;
  readonly files: number;
}

export interface SoakRun {
  readonly options: Omit<SoakOptions, 'say' | 'browser'> & { readonly browser: boolean };
  readonly windows: Windows;
  readonly plan: readonly PlannedFault[];
  readonly samples: readonly Sample[];
  readonly collected: readonly CollectedAt[];
  /** CPU of the agent, of one core. */
  readonly cpu: number;
  /** Health before the first fault and at the end. */
  readonly healthBefore: readonly PartHealth[];
  readonly healthAfter: readonly PartHealth[];
  /** Points of polled devices without a good reading at the end, which had one before the first fault. */
  readonly silent: readonly string[];
  readonly ledgers: readonly Ledger[];
  readonly reports: Readonly<Record<'city' | 'archive', Report>>;
  readonly client: ClientCounts;
  /** Lines the agent logged, by level. */
  readonly logged: Readonly<Record<string, number>>;
  readonly ended: boolean;
}

/** ms */
const SAMPLE = 2000;
const COLLECT = 5 * 60_000;
const DRAIN = 60_000;

export async function runSoak(options: SoakOptions): Promise<SoakRun> {
  const { minutes, seed, say } = options;
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'kerbside-soak-'));
  stack.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const browser = options.browser === undefined ? undefined : await launchBrowser(options.browser);
  stack.defer(() => browser?.close());
  const street = stack.use(
    await startStreet({
      scenario: await scenarioOf(options.cameraRate),
      speed: options.rate,
      ports: join(dir, 'ports'),
    }),
  );
  const books = {
    city: new ReceiverLedger({ complete: true }),
    archive: new ReceiverLedger({ complete: true }),
  };
  street.broker?.onMessage((topic, payload) => {
    if (/\/(data|backlog)\/[a-z]+$/.test(topic)) books.city.take(readPayload(payload));
  });
  let archiveAway = false;
  const archive = stack.use(
    await receiveHttp(
      { port: 0, agent: '+', judge: () => (archiveAway ? { status: 503 } : undefined) },
      books.archive,
    ),
  );
  const { site, screen } = await writeSite(street, dir, archive.port, stack);
  const log = join(dir, 'agent.log');
  const agent = stack.use(await startSoakAgent(site, log, join(dir, 'probe.jsonl')));
  // By this key the agent knows that it is the panel that tells what it shows.
  const key = await readFile(join(dir, 'agent/sign/screen/key'), 'utf8');
  const client = stack.use(
    await openClient({
      link: agent.link,
      browser,
      screen: `${screen}?key=${key}`,
    }),
  );
  const began = performance.now();
  const minute = () => (performance.now() - began) / 60_000;
  const windows = windowsOf(minutes);
  const plan = planOf(seed, windows);
  const ofStreet = plan.filter((one): one is ScenarioFault => !isBeside(one));
  const faults = runFaultPlan(ofStreet, { ...street, say });
  stack.use(faults);
  const timers = beside(plan, {
    'archive-away': () => {
      archiveAway = true;
      return () => {
        archiveAway = false;
      };
    },
    'camera-away': () => {
      const fault = street.camera?.inject('refuse');
      return () => fault?.[Symbol.dispose]();
    },
  });
  stack.defer(() => {
    for (const timer of timers) clearTimeout(timer);
  });

  const samples: Sample[] = [];
  const collected: CollectedAt[] = [];
  let before: { health: readonly PartHealth[]; good: ReadonlySet<string> } | undefined;
  const marks = collectionsOf(windows);
  for (let at = 0; at < windows.end && agent.alive; at = minute() * 60_000) {
    samples.push(sampleOf(agent, minute()));
    if (before === undefined && at >= (windows.faults[0]?.[0] ?? 0) * 0.9)
      before = await stateOf(client, options.rate);
    if (marks[0] !== undefined && at >= marks[0]) {
      marks.shift();
      const found = await agent.collect();
      const counts = client.counts();
      if (found === undefined) say(`minute ${minute().toFixed(1)}: the probe gave no answer`);
      else {
        collected.push({ minute: minute(), files: agent.openFiles(), ...found });
        say(progress(minute(), samples.at(-1), found, counts));
      }
    }
    await sleep(Math.min(SAMPLE, Math.max(1, windows.end - minute() * 60_000)));
  }
  const cpu = agent.cpu() / ((performance.now() - began) / 1000);
  const ended = !agent.alive;
  const after = await stateOf(client, options.rate);
  const ledgers = await drained(client, books);
  const counts = client.counts();
  await client[Symbol.asyncDispose]();
  await agent.stop();
  return {
    options: {
      minutes,
      seed,
      rate: options.rate,
      cameraRate: options.cameraRate,
      browser: options.browser !== undefined,
    },
    windows,
    plan,
    samples,
    collected,
    cpu,
    healthBefore: before?.health ?? [],
    healthAfter: after.health,
    silent: [...(before?.good ?? [])].filter((point) => !after.good.has(point)),
    ledgers,
    reports: { city: books.city.report(), archive: books.archive.report() },
    client: counts,
    logged: await levelsOf(log),
    ended,
  };
}

/** The street of `npm start`, with a meter behind a gateway on the network. */
async function scenarioOf(cameraRate: number): Promise<Scenario> {
  const street = await loadScenario('street');
  return {
    ...street,
    cameras: street.cameras.map((camera) => ({ ...camera, rate: cameraRate })),
    lines: [
      ...street.lines,
      {
        id: 'gateway',
        tcp: true,
        baud: 9600,
        format: '8N1',
        duplex: 'half',
        devices: [{ id: 'meter-behind', model: 'eastron-sdm120', every: 5000 }],
      },
    ],
  };
}

async function writeSite(
  street: StreetParts,
  dir: string,
  archive: number,
  stack: AsyncDisposableStack,
): Promise<{ site: string; screen: string }> {
  const transit = stack.use(await startTransit(street, dir, new AbortController().signal));
  const port = await freePort(8090);
  const at = {
    broker: street.broker?.url ?? '',
    console: 1,
    nodeRed: 2,
    state: './agent',
    sign: { ...transit.sign, screen: port },
  };
  const site = parse(siteFile(street, at));
  const file = join(dir, 'site.yaml');
  await mkdir(join(dir, 'agent'), { recursive: true });
  await writeFile(
    file,
    stringify({
      ...site,
      uplinks: [...site.uplinks, { id: 'archive', http: { url: `http://127.0.0.1:${archive}/` } }],
      console: { listen: '127.0.0.1:0' },
      node_red: { enabled: true, listen: '127.0.0.1:0' },
    }),
  );
  return { site: file, screen: `http://127.0.0.1:${port}/` };
}

type Beside = Exclude<PlannedFault, ScenarioFault>;

function isBeside(one: PlannedFault): one is Beside {
  return one.fault === 'archive-away' || one.fault === 'camera-away';
}

function beside(
  plan: readonly PlannedFault[],
  on: Readonly<Record<Beside['fault'], () => () => void>>,
): NodeJS.Timeout[] {
  const timers: NodeJS.Timeout[] = [];
  for (const one of plan.filter(isBeside)) {
    timers.push(
      setTimeout(() => {
        const off = on[one.fault]();
        timers.push(setTimeout(off, one.for));
      }, one.at),
    );
  }
  return timers;
}

/** When garbage is collected: all along, so that memory shows what stays; and thrice at the end of each quiet window. */
function collectionsOf({ end, quiet }: Windows): number[] {
  const marks: number[] = [];
  for (let at = COLLECT; at < end; at += COLLECT) marks.push(at);
  const compared = quiet.flatMap(([from, to]) => {
    const step = Math.min(60_000, (to - from) / 4);
    return [2.5, 1.5, 0.5].map((back) => to - back * step);
  });
  const near = (at: number) => compared.some((one) => Math.abs(one - at) < 90_000);
  return [...marks.filter((at) => !near(at)), ...compared].sort((a, b) => a - b);
}

function sampleOf(agent: SoakAgent, minute: number): Sample {
  const child = agent.nodeRed();
  let nodeRed: number | null = null;
  try {
    if (child !== undefined) nodeRed = memoryOf(child).own;
  } catch {
    // It is starting anew.
  }
  return { minute, ...agent.memory(), nodeRed, files: agent.openFiles(), load: loadavg()[0] ?? 0 };
}

/** Readings of devices that are polled are good within this time, ms of the machine. */
const FRESH = 60_000;

async function stateOf(client: ConsoleClient, rate: number) {
  const { now, points } = await client.points();
  const good = points.filter(
    ({ quality, time }) => quality === 'good' && time !== null && now - time < FRESH * rate,
  );
  return {
    health: await client.health(),
    good: new Set(good.map(({ device, point }) => `${device}/${point}`)),
  };
}

/** The ledgers once both receivers have all that was stored, or after a minute. */
async function drained(
  client: ConsoleClient,
  books: Readonly<Record<string, ReceiverLedger>>,
): Promise<readonly Ledger[]> {
  const first = await client.ledgers();
  const stored = new Map(first.map(({ uplink, stored }) => [uplink, stored]));
  const behind = () =>
    Object.entries(books).some(([uplink, ledger]) => ledger.report().records < (stored.get(uplink) ?? 0));
  for (const end = performance.now() + DRAIN; behind() && performance.now() < end; ) await sleep(500);
  return first;
}

function progress(
  minute: number,
  sample: Sample | undefined,
  { heap, timers }: Collected,
  { calls, failed }: ClientCounts,
): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `minute ${minute.toFixed(1)}: PSS ${mb(sample?.pss ?? 0)} MB, Node-RED ${mb(sample?.nodeRed ?? 0)} MB, heap ${mb(heap)} MB, ${timers} timers, ${sample?.files} files, ${calls} calls (${failed} failed), load ${sample?.load.toFixed(1)}`;
}

async function levelsOf(file: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const level = /"level":"?(\w+)"?/.exec(line)?.[1];
    if (level !== undefined) counts[level] = (counts[level] ?? 0) + 1;
  }
  return counts;
}
