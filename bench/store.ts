/**
 * `node bench/store.ts [--hours 6] [--rounds 300] [--dir folder]`: what the log costs. One JSON line a figure, with its
 * aim. Give a folder on the disk in question: on a memory file system nothing is ever written.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { silent } from '../agent/core/log.ts';
import type { Reading } from '../agent/core/reading.ts';
import type { Clock, ClockMapping } from '../agent/core/time/clock.ts';
import { SystemClock } from '../agent/core/time/system-clock.ts';
import type { Unit } from '../agent/core/unit.ts';
import { openStore, type PointFacts, type Store } from '../agent/store/store.ts';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '300' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const hours = Number(values.hours);
const rounds = Number(values.rounds);
const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}`;

/** Five points of each of eight devices, as electricity meters have them. */
const POINTS: readonly (readonly [
  point: string,
  unit: Unit,
  decimals: number,
  start: number,
  step: number,
])[] = [
  ['voltage', 'V', 1, 230, 0.3],
  ['current', 'A', 3, 4.2, 0.05],
  ['power', 'W', 1, 950, 12],
  ['frequency', 'Hz', 2, 50, 0.02],
  ['energy', 'kW.h', 2, 12_345.67, 0],
];
const FACTS = new Map(
  POINTS.map(([point, unit, decimals]): [string, PointFacts] => [
    point,
    {
      type: 'number',
      unit,
      decimals,
      aggregation: point === 'energy' ? 'counter' : 'mean',
      lane: 'telemetry',
      every: 4000,
    },
  ]),
);

/** mulberry32 */
let state = 1;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const walk = POINTS.map(([, , , start]) => Array.from({ length: 8 }, () => start));
let polls = 0;

/** One answer: five readings of one device. */
function poll(time: number): Reading[] {
  const device = polls++ % 8;
  return POINTS.map(([point, unit, decimals, , step], i) => {
    const line = walk[i] ?? [];
    const next =
      (line[device] ?? 0) + (point === 'energy' ? (random() < 0.3 ? 0.01 : 0) : (random() - 0.5) * step);
    line[device] = next;
    const value = Math.round(next * 10 ** decimals) / 10 ** decimals;
    return { device: `meter-${device + 1}`, point, value, unit, quality: 'good', time };
  });
}

/** A clock that runs as fast as the bench can commit. */
class FastClock implements Clock {
  readonly #real = new SystemClock();
  readonly boot = this.#real.boot;
  #now = this.#real.mono();

  pass(ms: number): void {
    this.#now += ms;
  }
  mono(): number {
    return this.#now;
  }
  mapping(): ClockMapping {
    return this.#real.mapping();
  }
  onMapping(): Disposable {
    return { [Symbol.dispose]() {} };
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal);
  }
  after(ms: number, run: () => void): Disposable {
    return this.#real.after(ms, run);
  }
}

function opened(dir: string, clock: Clock): Promise<Store> {
  const config = { window: 5000, budget: 512 * 2 ** 20, maxAge: 30 * 86_400_000, ring: 20 * 2 ** 20 };
  const describe = (_: string, point: string) => FACTS.get(point);
  return openStore({ dir, agent: 'bench', timezone: 'Europe/Berlin', config, clock, log: silent, describe });
}

function written(): number {
  return Number(readFileSync('/proc/self/io', 'latin1').match(/^write_bytes: (\d+)$/m)?.[1] ?? Number.NaN);
}

function tell(figure: string, facts: object): void {
  console.log(JSON.stringify({ bench: 'store', figure, ...facts, machine, node: process.version }));
}

async function inFolder<T>(run: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(values.dir, 'kerbside-bench-'));
  try {
    return await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** 10 readings/s from 40 points, 5 s windows: two polls a second of five points each. */
async function ordinaryDay(dir: string): Promise<void> {
  const clock = new FastClock();
  const store = await opened(dir, clock);
  const before = written();
  const windows = hours * 720;
  let count = 0;
  for (let window = 0; window < windows; window++) {
    const readings: Reading[] = [];
    for (let i = 0; i < 10; i++) {
      clock.pass(500);
      readings.push(...poll(clock.mono() - 1 + random() * 0.8));
    }
    const { ranges } = await store.append(readings, []);
    count += readings.length;
    store.settle('city', 'telemetry', { low: ranges.telemetry?.first ?? 0, above: [] });
  }
  const bytes = written() - before;
  await store[Symbol.asyncDispose]();
  const size = statSync(store.file).size;
  tell('bytes on disk per reading', {
    value: round(size / count),
    aim: 8,
    readings: count,
    file_bytes: size,
    hours,
  });
  const perDay = (bytes / hours) * 24;
  tell('bytes written per day', { value: Math.round(perDay), aim: 200_000_000, hours, commits: windows });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** CPU of the whole process (main and store thread) from the hub's arrays to the commit. */
async function cpu(dir: string, perCommit: number, commits: number, aim: number): Promise<void> {
  const clock = new SystemClock();
  const store = await opened(dir, clock);
  const pieces = Array.from({ length: 20 }, () =>
    Array.from({ length: perCommit / 5 }, () => poll(clock.mono())).flat(),
  );
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) await store.append(pieces[i % pieces.length] ?? [], []);
  };
  await run(Math.ceil(commits / 5));
  const before = process.cpuUsage();
  await run(commits);
  const { user, system } = process.cpuUsage(before);
  await store[Symbol.asyncDispose]();
  const value = round((user + system) / (commits * perCommit));
  tell('CPU per reading, µs', { value, aim, per_commit: perCommit, commits });
}

/** The same readings as plain rows with better-sqlite3 alone: one row per reading, the same FULL, the same commits. */
async function ingest(dir: string): Promise<void> {
  const clock = new SystemClock();
  const store = await opened(dir, clock);
  const pieces = Array.from({ length: 20 }, () =>
    Array.from({ length: 200 }, () => poll(clock.mono())).flat(),
  );
  const db = new Database(join(dir, 'bare.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE readings (seq INTEGER PRIMARY KEY, device TEXT, point TEXT, value REAL, quality TEXT, time REAL)',
  );
  const insert = db.prepare(
    'INSERT INTO readings (device, point, value, quality, time) VALUES (?, ?, ?, ?, ?)',
  );
  const rows = db.transaction((readings: readonly Reading[]) => {
    for (const { device, point, value, quality, time } of readings)
      insert.run(device, point, value, quality, time);
  });
  let ours = 0;
  let bare = 0;
  // Turn by turn, so that the disk's moods meet both.
  for (let i = -20; i < rounds; i++) {
    const readings = pieces[Math.abs(i) % pieces.length] ?? [];
    const a = performance.now();
    await store.append(readings, []);
    const b = performance.now();
    rows(readings);
    const c = performance.now();
    if (i < 0) continue;
    ours += b - a;
    bare += c - b;
  }
  db.close();
  await store[Symbol.asyncDispose]();
  const rate = (ms: number) => Math.round((rounds * 1000) / (ms / 1000));
  tell('ingest against bare better-sqlite3', {
    value: round(bare / ours),
    aim: 1,
    ours_per_s: rate(ours),
    bare_per_s: rate(bare),
    per_commit: 1000,
    commits: rounds,
  });
}

await inFolder(ordinaryDay);
await inFolder((dir) => cpu(dir, 1000, rounds, 3));
await inFolder((dir) => cpu(dir, 50, rounds * 5, 15));
await inFolder(ingest);
