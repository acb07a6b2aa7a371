/**
 * One agent of the simulated city: the real log and the real uplinks, composed in this process instead of in threads of their
 * own, so that hundreds fit into it. What a gateway has around them (lines, rollups' readers, console) is not here. The only
 * file of the simulator that imports the agent; it runs in processes of its own (worker.ts).
 */
import { createHash, randomBytes } from 'node:crypto';
import { silent } from '../../agent/core/log.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { Heads } from '../../agent/core/record.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { ToldTime } from '../../agent/core/time/told-time.ts';
import { WallWatch } from '../../agent/core/time/wall-watch.ts';
import { Committer } from '../../agent/store/committer.ts';
import { openLog } from '../../agent/store/opening.ts';
import { Packer } from '../../agent/store/packer.ts';
import { openLogSource } from '../../agent/store/reader.ts';
import { Ring } from '../../agent/store/ring.ts';
import { startPumps } from '../../agent/uplink/pumps.ts';
import type { FromThread } from '../../agent/uplink/thread-contract.ts';
import { chance, drift } from '../world/random.ts';
import type { PolePlan } from './plan.ts';

export interface PoleOptions {
  readonly plan: PolePlan;
  readonly site: string;
  /** Folder for its log. */
  readonly dir: string;
  /** In the order it tries them. */
  readonly brokers: readonly string[];
  /** Readings a second. */
  readonly rate: number;
  /** Longest time from a reading to its commit, ms. */
  readonly window: number;
  readonly replayRate: number;
  readonly payload: 'json' | 'columns';
  readonly compression: 'none' | 'zstd';
  /** Its own, as user name and password. */
  readonly password?: string;
  tell(message: FromThread): void;
}

export interface Pole extends AsyncDisposable {
  /** Records in the log, all lanes. */
  readonly stored: number;
  /** Last number of its readings. */
  readonly head: number;
  /** No more readings are made; what is logged still leaves. */
  quiet(): void;
}

const POINTS = [
  ['voltage', 'V', 1, 230, 4],
  ['current', 'A', 3, 0.42, 0.05],
  ['power', 'W', 1, 96, 12],
  ['temperature', 'Cel', 1, 18, 8],
  ['humidity', '%', 1, 60, 20],
] as const;
/** Values wander over so long, ms. */
const WALK = 600_000;
/** Sizes of files and disk, which only the health of a store looks at. */
const NOBODY_ASKS = { used: 0, file: 0, wal: 0, commitMs: 0, written: -1, free: 1 };
const HOUR = 3_600_000;
const YEAR_2038 = Date.UTC(2038, 0, 19, 3, 14, 8);
/** A wrong clock changes its mind this often, ms. */
const WRONG_FOR = 45_000;

export function openPole(options: PoleOptions): Pole {
  const { plan, dir, rate, window } = options;
  const clock = clockOf(plan);
  const told = new ToldTime(clock, silent);
  const stack = new AsyncDisposableStack();
  const wall = wallOf(plan);
  if (wall !== undefined)
    stack.use(
      new WallWatch({ clock, log: silent, wall, ntp: (now) => ({ synchronized: false, asked: now }) }),
    );

  const instance = randomBytes(8).toString('hex');
  const now = () => ({ boot: clock.boot, now: clock.mono(), mapping: clock.mapping() });
  const { log, opened } = openLog({
    dir,
    agent: plan.agent,
    hardware: `simulated:${plan.machine}`,
    timezone: 'UTC',
    budget: 64 * 1024 * 1024,
    maxAge: 30 * 24 * HOUR,
    heedLastKnown: false,
    instance,
    ...now(),
  });
  stack.defer(() => log.closeClean(clock.boot, clock.mono()));
  const packer = new Packer((_, point) => {
    const [, unit, decimals] = POINTS.find(([name]) => name === point) ?? POINTS[0];
    return { type: 'number', unit, decimals, aggregation: 'mean', lane: 'telemetry', every: 1000 / rate };
  });
  const ring = new Ring(20_000_000);
  let stored = 0;
  let head = 0;
  const heads = (all: Heads) => {
    head = all.telemetry;
    stored = Object.values(all).reduce((sum, last) => sum + last, 0);
  };
  heads(opened.heads);
  let wake = () => {};
  const committer = new Committer({
    instance,
    clock,
    packer,
    ring,
    onCommitted: (done) => {
      heads(done.heads);
      wake();
    },
    onFailed: (failure) => {
      throw new Error(`log of ${plan.machine}: ${failure.message}`);
    },
    onDropped: () => {},
  });
  committer.connect((commit) => committer.committed({ ...log.commit(commit), statistics: NOBODY_ASKS }));
  stack.use(
    clock.onMapping((mapping) => {
      committer.learn(mapping);
      committer.note({ event: 'clock', severity: 'info', time: clock.mono(), body: { ...mapping } });
      committer.kick();
    }),
  );

  const source = openLogSource(log.db.name);
  stack.use(source);
  const pumps = startPumps({
    configs: [configOf(options)],
    site: options.site,
    agent: plan.agent,
    ...(plan.clone === 'blind' ? {} : { machine: machineOf(plan.machine) }),
    source,
    clock,
    log: silent,
    descriptions: () => DESCRIBED,
    submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
    tell: (message) => {
      if (message.from === 'settle') committer.settle(message.uplink, message.lane, message.cursor);
      if (message.from === 'time')
        told.take({
          rank: 'server',
          by: 'city',
          mono: message.mono,
          wall: message.wall,
          uncertaintyMs: message.uncertaintyMs,
        });
      options.tell(message);
    },
    logFailed: (error) => {
      throw error;
    },
  });
  stack.defer(() => {
    committer.kick(true);
    committer.end();
  });
  stack.use(pumps);
  wake = () => pumps.wake();
  stack.defer(() => {
    wake = () => {};
  });

  let timer: Disposable | undefined;
  let made = 0;
  let until = clock.mono();
  const produce = () => {
    timer = clock.after(window, produce);
    const end = clock.mono();
    const count = Math.round(((end - until) / 1000) * rate);
    const readings = Array.from({ length: count }, (_, i) =>
      readingOf(plan.seed, made + i, until + ((i + 1) * (end - until)) / count),
    );
    made += count;
    if (count > 0) until = end;
    ring.push(
      packer.pack(readings, []),
      () => {},
      () => {},
    );
    committer.kick();
  };
  timer = clock.after(plan.phase, produce);
  const quiet = () => {
    timer?.[Symbol.dispose]();
    timer = undefined;
  };
  stack.defer(quiet);

  return {
    get stored() {
      return stored;
    },
    get head() {
      return head;
    },
    quiet,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function readingOf(seed: number, n: number, time: number): Reading {
  const [point, unit, decimals, middle, width] = POINTS[n % POINTS.length] ?? POINTS[0];
  const noise = (chance(seed, n) - 0.5) * width * 0.1;
  const value = middle + drift(seed, n % POINTS.length, time, WALK) * width + noise;
  const factor = 10 ** decimals;
  return { device: 'meter', point, value: Math.round(value * factor) / factor, unit, quality: 'good', time };
}

function configOf({ plan, brokers, replayRate, payload, compression, password }: PoleOptions) {
  const [url = '', ...fallbacks] = brokers;
  return {
    id: 'city',
    kind: 'mqtt' as const,
    url,
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
    clientId: plan.agent,
    keepAlive: 30_000,
    inFlight: 16,
    maxMessage: 131_072,
    replayRate,
    payload,
    compression,
    ...(password === undefined ? {} : { username: plan.agent, password }),
  };
}

/** As the agent makes it of the id of its hardware. */
function machineOf(machine: string) {
  const hardware = createHash('sha256').update(`kerbside simulated:${machine}`).digest('hex').slice(0, 16);
  return { hardware, instance: randomBytes(8).toString('hex') };
}

/** A pole's clock follows NTP; a dead one shows 1970, and the others are what their battery and people make of them. */
function clockOf({ clock }: PolePlan): SystemClock {
  if (clock === 'dead') return new SystemClock({ wall: 0, keeper: 'nobody' });
  return new SystemClock({ wall: Date.now(), keeper: clock === undefined ? 'ntp' : 'rtc' });
}

/** The wall clock of the machine where it is wrong, Unix epoch ms. */
function wallOf({ clock, seed }: PolePlan): (() => number) | undefined {
  if (clock !== 'jumps' && clock !== 'summer') return undefined;
  const born = performance.now();
  return () => {
    const turn = Math.floor((performance.now() - born) / WRONG_FOR);
    if (clock === 'summer') return Date.now() + (turn % 2 === 1 ? HOUR : 0);
    if (turn === 2) return YEAR_2038;
    const hours = turn === 0 ? 0 : Math.floor((chance(seed, turn) - 0.5) * 48);
    return Date.now() + hours * HOUR;
  };
}

const DESCRIBED = [
  {
    hash: 'simulated-meter-1',
    description: {
      device: 'meter',
      title: { en: 'Simulated meter' },
      class: 'electricity-meter',
      brand: 'Simulated',
      model: 'meter',
      points: POINTS.map(([id, unit, decimals]) => ({
        id,
        title: { en: id },
        type: 'number' as const,
        unit,
        decimals,
        access: 'read' as const,
        aggregation: 'mean' as const,
        lane: 'telemetry' as const,
      })),
    },
  },
];
