import { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { CLOCK_RANKS, type ClockMapping, wallAt } from '../../../agent/core/time/clock.ts';
import { NtpProbe } from '../../../agent/core/time/ntp-state.ts';
import { BUILD_DATE, SystemClock } from '../../../agent/core/time/system-clock.ts';
import { WallWatch } from '../../../agent/core/time/wall-watch.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, open, reading, until } from '../store/site.ts';

const YEAR = 365 * 86_400_000;
const MINUTE = 60_000;

/** A machine whose wall clock the test sets, with a clock that can be told better. */
class Machine extends VirtualClock {
  /** The wall clock is so far off true time, ms; it runs so many ppm fast. */
  off = 0;
  ppm = 0;
  synchronized = false;
  touched: number | undefined;
  readonly rows: ClockMapping[] = [];
  readonly #truth: number;

  constructor(start: number, rank: ClockMapping['rank'], off = 0) {
    super(start + off);
    this.#truth = start - this.mono();
    this.off = off;
    this.remap({ mono: this.mono(), wall: start + off, rate: 1, rank, uncertaintyMs: 1 });
    this.onMapping((mapping) => void this.rows.push(mapping));
  }

  truth(): number {
    return this.#truth + this.mono();
  }
  wall(): number {
    return this.truth() + this.off + (this.mono() * this.ppm) / 1e6;
  }
  now(): number {
    return wallAt(this.mapping(), this.mono()).time;
  }
  learn(mapping: Omit<ClockMapping, 'boot' | 'rate'>): boolean {
    if (CLOCK_RANKS.indexOf(mapping.rank) < CLOCK_RANKS.indexOf(this.mapping().rank)) return false;
    this.remap({ ...mapping, rate: 1 });
    return true;
  }
  watch(): WallWatch {
    const ntp = (asked: number) => ({
      synchronized: this.synchronized,
      asked,
      ...(this.touched === undefined ? {} : { touched: this.touched }),
    });
    return new WallWatch({ clock: this, log: silent, wall: () => this.wall(), ntp });
  }
}

const START = Date.UTC(2027, 2, 28, 0, 30);

test('a jump of a year that nobody stands behind changes nothing; one by NTP counts from there on', async () => {
  const machine = new Machine(START, 'ntp');
  machine.synchronized = true;
  machine.touched = START;
  using _ = machine.watch();
  await machine.advance(10_000);
  machine.off = YEAR;
  await machine.advance(10 * MINUTE);
  expect(machine.rows).toEqual([]);
  expect(machine.now()).toBe(machine.truth());
  // NTP puts it right: as if nothing had been.
  machine.off = 0;
  machine.touched = machine.wall();
  await machine.advance(MINUTE);
  expect(machine.rows).toEqual([]);
  // NTP says it is a year later.
  machine.off = YEAR;
  machine.touched = machine.wall();
  await machine.advance(2000);
  expect(machine.rows.length).toBe(1);
  expect(machine.now()).toBe(machine.truth() + YEAR);
});

test('a clock that goes back by an hour is not followed until NTP stands behind it', async () => {
  const machine = new Machine(START, 'ntp');
  machine.synchronized = true;
  machine.touched = START;
  using _ = machine.watch();
  await machine.advance(30 * MINUTE);
  machine.off = -60 * MINUTE;
  // What NTP did before the jump says nothing of it, although its mark is later than the new time.
  machine.touched = machine.truth();
  await machine.advance(10 * MINUTE);
  expect(machine.rows).toEqual([]);
  machine.touched = machine.wall();
  await machine.advance(1000);
  expect(machine.rows.length).toBe(1);
});

test('leap second: a step is one row, a smear is followed within a fifth of a second', async () => {
  const machine = new Machine(Date.UTC(2028, 11, 31, 23, 59), 'ntp');
  machine.synchronized = true;
  using _ = machine.watch();
  await machine.advance(MINUTE);
  machine.off = -1000;
  await machine.advance(5 * MINUTE);
  expect(machine.rows.length).toBe(1);
  expect(machine.now() - machine.wall()).toBe(0);

  const smeared = new Machine(START, 'ntp');
  smeared.synchronized = true;
  using __ = smeared.watch();
  smeared.ppm = -1e6 / 86_400;
  let worst = 0;
  for (let hour = 0; hour < 24; hour++) {
    await smeared.advance(60 * MINUTE);
    worst = Math.max(worst, Math.abs(smeared.now() - smeared.wall()));
  }
  expect(worst).toBeLessThan(200);
  expect(smeared.rows.length).toBeGreaterThan(5);
  expect(smeared.rows.length).toBeLessThan(12);
}, 60_000);

test('summer time begins: true time knows none', async () => {
  const zone = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
  try {
    const machine = new Machine(START, 'ntp');
    machine.synchronized = true;
    const wall = () => new Date(machine.wall()).getTime();
    using _ = new WallWatch({
      clock: machine,
      log: silent,
      wall,
      ntp: (asked) => ({ synchronized: true, asked }),
    });
    await machine.advance(60 * MINUTE);
    expect(new Date(machine.now()).getHours()).toBe(3);
    expect(machine.rows).toEqual([]);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test('a clock set by hand: forward raises a floor, a battery clock is followed, a time by a server is not touched', async () => {
  const floor = new Machine(START, 'floor', -30 * MINUTE);
  using _ = floor.watch();
  floor.off = 0;
  await floor.advance(2000);
  expect(floor.mapping().rank).toBe('floor');
  expect(floor.now()).toBe(floor.truth());
  floor.off = -YEAR;
  await floor.advance(2000);
  expect(floor.now()).toBe(floor.truth());

  const battery = new Machine(START, 'server');
  using __ = battery.watch();
  await battery.advance(2000);
  battery.off = -5 * MINUTE;
  await battery.advance(2000);
  expect(battery.now()).toBe(battery.wall());

  const told = new Machine(START, 'server', -YEAR);
  told.learn({ mono: told.mono(), wall: told.truth(), rank: 'server', uncertaintyMs: 500 });
  using ___ = told.watch();
  await told.advance(2000);
  told.off += 5 * MINUTE;
  await told.advance(2000);
  expect(told.now()).toBe(told.truth());
});

test('a dead battery at boot, NTP after five minutes: everything of the boot gets its true time, in order', async () => {
  using at = folder();
  const machine = new Machine(START, 'floor', -YEAR);
  using _ = machine.watch();
  const { store } = await open(at.dir, { clock: machine });
  const truths: number[] = [];
  const append = async () => {
    await machine.advance(10_000);
    truths.push(machine.truth());
    await store.append([reading('voltage', truths.length, machine.mono())], []);
  };
  for (let i = 0; i < 30; i++) await append();
  using source = openLogSource(store.file);
  expect(source.read('telemetry', 1, 1)?.records[0]).toMatchObject({
    rank: 'floor',
    time: (truths[0] ?? 0) - YEAR,
  });
  machine.off = 0;
  machine.synchronized = true;
  for (let i = 0; i < 30; i++) await append();
  const records = source.read('telemetry', 1, 1000)?.records ?? [];
  expect(records.map(({ time }) => time)).toEqual(truths);
  expect(new Set(records.map(({ rank }) => rank))).toEqual(new Set(['ntp']));
  expect(records.map((one) => (one.kind === 'reading' ? one.value : 0))).toEqual(truths.map((_, i) => i + 1));
  const events = source.read('event', 1, 1000)?.records ?? [];
  expect(events.filter((one) => one.kind === 'event' && one.event === 'clock').length).toBe(1);
  await store[Symbol.asyncDispose]();
});

test('the time of the last commit is a floor for a battery clock that shows less, and NTP is above it', async () => {
  using at = folder();
  const first = await open(at.dir);
  await first.clock.advance(60 * MINUTE);
  await first.store.append([reading('voltage', 1, first.clock.mono())], []);
  await first.store[Symbol.asyncDispose]();
  const last = wallAt(first.clock.mapping(), first.clock.mono()).time;
  const machine = new Machine(Date.UTC(2026, 11, 1), 'server');
  Object.defineProperty(machine, 'boot', { value: 'next-boot' });
  machine.remap({ ...machine.mapping() });
  const told: number[] = [];
  const again = await open(at.dir, { clock: machine, onLastKnown: (wall) => void told.push(wall) });
  expect(told).toEqual([last]);
  await again.store.append([reading('voltage', 2, machine.mono())], []);
  using source = openLogSource(again.store.file);
  const newest = () => source.read('telemetry', 2, 1)?.records[0];
  expect(newest()).toMatchObject({ time: last, rank: 'floor' });
  const truth = last + 60 * MINUTE;
  machine.remap({ mono: machine.mono(), wall: truth, rate: 1, rank: 'ntp', uncertaintyMs: 5 });
  await again.store.append([reading('voltage', 3, machine.mono())], []);
  expect(newest()).toMatchObject({ time: truth, rank: 'ntp' });
  await again.store[Symbol.asyncDispose]();
});

test('ranks at start by what keeps the clock; floors; what is impossible is not learnt', () => {
  const wall = BUILD_DATE + 100 * 86_400_000;
  const ranks = (['ntp', 'rtc', 'nobody'] as const).map(
    (keeper) => new SystemClock({ wall, keeper }).mapping().rank,
  );
  expect(ranks).toEqual(['ntp', 'server', 'floor']);
  // Before its own build date: a dead battery, whatever keeps it.
  const dead = new SystemClock({ wall: 0, keeper: 'rtc' });
  expect(dead.mapping()).toMatchObject({ rank: 'floor', wall: BUILD_DATE });
  dead.atLeast(wall);
  expect(dead.mapping()).toMatchObject({ rank: 'floor', wall });
  dead.atLeast(wall - 1000);
  expect(dead.mapping().wall).toBe(wall);
  expect(dead.learn({ mono: dead.mono(), wall: BUILD_DATE - 1, rank: 'ntp', uncertaintyMs: 1 })).toBe(false);
  expect(dead.learn({ mono: dead.mono(), wall: Number.NaN, rank: 'ntp', uncertaintyMs: 1 })).toBe(false);
  expect(dead.learn({ mono: dead.mono(), wall, rank: 'server', uncertaintyMs: 500 })).toBe(true);
  expect(dead.learn({ mono: dead.mono(), wall, rank: 'floor', uncertaintyMs: 500 })).toBe(false);
  expect(dead.learn({ mono: dead.mono(), wall, rank: 'ntp', uncertaintyMs: 5 })).toBe(true);
  dead.atLeast(wall + YEAR);
  expect(dead.mapping()).toMatchObject({ rank: 'ntp', wall });
});

test('the state of NTP: its mark in the file system, else a program that is asked, else not known', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-ntp-'));
  try {
    const flag = join(dir, 'synchronized');
    using nobody = new NtpProbe(flag, [['kerbside-no-such-program', [], /./]]);
    expect(nobody.state(5)).toEqual({ synchronized: false, asked: 5 });
    using asked = new NtpProbe(flag, [[process.execPath, ['-e', 'console.log("yes")'], /^yes$/m]]);
    expect(asked.state(7).synchronized).toBe(false);
    await until('the answer', () => asked.state(8).synchronized);
    expect(asked.state(9)).toEqual({ synchronized: true, asked: 7 });
    using other = new NtpProbe(flag, [[process.execPath, ['-e', 'console.log("no")'], /^yes$/m]]);
    other.state(1);
    writeFileSync(flag, '');
    utimesSync(flag, 1_800_000_000, 1_800_000_000);
    expect(other.state(2)).toEqual({ synchronized: true, touched: 1_800_000_000_000, asked: 2 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a program that is not there leaves nothing behind however often it is asked for, and nothing is signalled for it', async () => {
  const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  const spawn = vi.spyOn(ChildProcess.prototype, 'spawn' as 'kill');
  const listened = vi.spyOn(EventTarget.prototype, 'addEventListener');
  try {
    const probe = new NtpProbe(join(tmpdir(), 'kerbside-no-such-file'), [
      ['kerbside-no-such-program', [], /./],
    ]);
    for (let minute = 1; minute <= 5; minute++)
      await until('the next question', () => {
        probe.state(minute * MINUTE);
        return spawn.mock.calls.length >= minute;
      });
    // In the moment in which the last one failed to start.
    probe[Symbol.dispose]();
    expect(kill).not.toHaveBeenCalled();
    expect(listened.mock.contexts.filter((one) => one instanceof AbortSignal)).toEqual([]);
  } finally {
    vi.restoreAllMocks();
  }
});

test('a program that is still asked when the probe ends is ended', async () => {
  const kill = vi.spyOn(ChildProcess.prototype, 'kill');
  try {
    const probe = new NtpProbe(join(tmpdir(), 'kerbside-no-such-file'), [
      [process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], /./],
    ]);
    probe.state(MINUTE);
    probe[Symbol.dispose]();
    const child = kill.mock.contexts[0] as ChildProcess;
    await until('its end', () => child.signalCode !== null);
    expect(child.signalCode).toBe('SIGTERM');
  } finally {
    vi.restoreAllMocks();
  }
});
