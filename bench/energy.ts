/**
 * `node bench/energy.ts [--points 200] [--rounds 30] [--every 300]`: what a day's account costs, recomputed from the log.
 * `points` registers read every `every` seconds, half of them in a tree of circuits, with sums over them. Beside it a
 * plain SQL query over the same rollups in a table of columns, and what reading and decoding the rows alone takes. One JSON
 * line a figure, with its aim.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { EnergyBook } from '../agent/control/energy/book.ts';
import type { Circuit, EnergyConfig, EnergyMeter } from '../agent/core/energy/energy.ts';
import { silent } from '../agent/core/log.ts';
import type { Reading } from '../agent/core/reading.ts';
import type { Clock, ClockMapping } from '../agent/core/time/clock.ts';
import { OpenRegisters } from '../agent/store/open-registers.ts';
import { decodeRow } from '../agent/store/rollup/row.ts';
import { openStore } from '../agent/store/store.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '30' },
    every: { type: 'string', default: '300' },
  },
});
const points = Number(values.points);
const rounds = Number(values.rounds);
const every = Number(values.every) * 1000;
const ZONE = 'Asia/Shanghai';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MORNING = Date.parse('2027-03-01T00:00:00+08:00');
const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}`;

/** A clock that the bench moves: two days are written in seconds. */
let mono = 1000;
const mapping: ClockMapping = {
  boot: 'bench',
  mono,
  wall: MORNING - 2 * HOUR,
  rate: 1,
  rank: 'ntp',
  uncertaintyMs: 1,
};
const clock: Clock = {
  boot: 'bench',
  mono: () => mono,
  mapping: () => mapping,
  onMapping: () => ({ [Symbol.dispose]: () => {} }),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

const name = (i: number) => `meter-${i}`;
const ratedKw = (i: number) => 5 + (i % 40);

function configOf(): EnergyConfig {
  const meters: EnergyMeter[] = Array.from({ length: points }, (_, i) => ({
    kind: 'register',
    id: name(i),
    title: { en: name(i) },
    carrier: 'electricity',
    device: name(i),
    point: 'energy-import',
    unit: 'kW.h',
    every,
    ratios: [],
    reactive: [],
  }));
  const circuits: Circuit[] = Array.from({ length: points / 2 }, (_, i) => ({
    id: name(i),
    title: { en: name(i) },
    meter: name(i),
    ...(i === 0 ? {} : { fedBy: name(Math.floor((i - 1) / 8)) }),
    ...(i > points / 16 ? { code: ['01A10', '01B10', '01C10', '01D10'][i % 4] ?? '01A10' } : {}),
    tolerance: 0.02,
    loss: 0,
  }));
  for (let i = 0; i < 20; i++)
    meters.push({
      kind: 'virtual',
      id: `sum-${i}`,
      title: { en: `sum-${i}` },
      carrier: 'electricity',
      plus: [name(i), name(i + 20), name(i + 40)],
      minus: [name(i + 60)],
    });
  return {
    id: 'energy',
    title: { en: 'Bench' },
    codes: 'national',
    moreCodes: {},
    meters,
    circuits,
    accounts: [],
    tariffs: [],
    factors: [],
    holidays: [],
    workdays: [],
    line: 0.9,
  };
}

async function write(dir: string): Promise<string> {
  const store = await openStore({
    dir,
    agent: 'bench',
    timezone: ZONE,
    config: { window: 5000, budget: 512 * 2 ** 20, maxAge: 30 * DAY, ring: 20 * 2 ** 20 },
    clock,
    log: silent,
    hardware: 'bench:1',
    describe: () => ({
      type: 'number',
      unit: 'kW.h',
      decimals: 2,
      aggregation: 'counter',
      lane: 'meter',
      every,
    }),
  });
  for (let passed = 0; passed < DAY + 5 * HOUR; ) {
    // A commit an hour: the rollups do not depend on where it is.
    const readings: Reading[] = [];
    for (let end = passed + HOUR; passed < end; passed += every) {
      mono += every;
      for (let i = 0; i < points; i++) {
        const value = Math.round((1000 + i + (ratedKw(i) * passed) / HOUR) * 100) / 100;
        readings.push({
          device: name(i),
          point: 'energy-import',
          value,
          unit: 'kW.h',
          quality: 'good',
          time: mono,
        });
      }
    }
    await store.append(readings, []);
  }
  const { file } = store;
  await store[Symbol.asyncDispose]();
  return file;
}

interface Figures {
  readonly median: number;
  readonly worst: number;
  /** Of this thread, a round: what a loaded machine does not change much. */
  readonly cpu: number;
}

function timed(run: () => unknown): Figures {
  // What the first rounds compile is not what a running agent pays.
  for (let i = 0; i < 3; i++) run();
  const before = process.threadCpuUsage();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const { user, system } = process.threadCpuUsage(before);
  const cpu = (user + system) / 1000 / rounds;
  return { median: times[Math.floor(times.length / 2)] ?? 0, worst: times.at(-1) ?? 0, cpu };
}

function say(what: string, { median, worst, cpu }: Figures, more: object = {}): void {
  const rounded = (ms: number) => Math.round(ms * 100) / 100;
  console.log(
    JSON.stringify({
      what,
      points,
      median_ms: rounded(median),
      worst_ms: rounded(worst),
      cpu_ms: rounded(cpu),
      ...more,
      machine,
      load: loadavg()[0],
    }),
  );
}

const dir = mkdtempSync(join(tmpdir(), 'kerbside-energy-'));
try {
  const file = await write(dir);
  const [from, to] = [MORNING, MORNING + DAY];
  using registers = new OpenRegisters(file, ZONE);
  const book = new EnergyBook({
    config: configOf(),
    timezone: ZONE,
    settlementDay: 1,
    read: (...asked) => registers.read(...asked),
    dayMeans: (...asked) => registers.dayMeans(...asked),
  });
  const account = book.account(from, to, to);
  const wrong = account.meters.filter(({ id, quantity }) => {
    const i = /^meter-(\d+)$/.exec(id)?.[1];
    return i !== undefined && Math.abs((quantity ?? 0) - 24 * ratedKw(Number(i))) > 0.02;
  });
  if (wrong.length > 0) throw new Error(`the account is wrong for ${wrong.length} meters`);

  say(
    'account of a day',
    timed(() => book.account(from, to, to)),
    { aim_ms: 100 },
  );
  say(
    'tick of a quarter (account of the day, completeness, branches of 24 h)',
    timed(() => book.tick(from, to, [])),
  );

  const db = new Database(file, { readonly: true });
  const rows = db.prepare<[number, number], { start: number; body: Buffer }>(
    'SELECT start, body FROM rollup_quarter WHERE start >= ? AND start < ?',
  );
  say(
    'rows of the day read and decoded',
    timed(() => rows.all(from, to).map(({ start, body }) => decodeRow(start, body))),
  );
  // The same rollups as columns, as somebody would lay them out to ask them by SQL: indexed, in memory.
  const plain = new Database(':memory:');
  plain.exec(
    'CREATE TABLE quarter (point INTEGER, start INTEGER, first REAL, last REAL, steps REAL, PRIMARY KEY (point, start)) WITHOUT ROWID',
  );
  const insert = plain.prepare('INSERT INTO quarter VALUES (?, ?, ?, ?, ?)');
  plain.transaction(() => {
    for (const { start, body } of rows.all(from, to))
      for (const [id, acc] of decodeRow(start, body)) insert.run(id, start, acc.first, acc.last, acc.steps);
  })();
  const query = plain.prepare(
    'SELECT point, max(last) - min(first) AS ran, count(*) AS quarters FROM quarter WHERE start >= ? AND start < ? GROUP BY point',
  );
  say(
    'plain SQL query over the rollups',
    timed(() => query.all(from, to)),
  );
  db.close();
  plain.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
