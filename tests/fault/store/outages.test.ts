/**
 * Long outages over virtual time, with the real store on a real disk and the real pump: 13 hours, 7 days, 30 days; a
 * broker that flaps; clocks that jump while the backlog is replayed; a log set back from a backup; a cloned card. The
 * receiver's ledger knows nothing of the sender.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Heads } from '../../../agent/core/record.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import type { Store, StoreOptions } from '../../../agent/store/store.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { CONFIG, folder, open, reading } from '../../unit/store/site.ts';
import { City } from '../../unit/uplink/city.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One agent on its card, with an uplink to `city`. */
class Pole {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly #pump: Pump;
  readonly #source;
  readonly #earlier;
  #written = 0;

  private constructor(store: Store, clock: VirtualClock, city: City, earlier: readonly string[]) {
    this.store = store;
    this.clock = clock;
    this.#source = openLogSource(store.file);
    this.#earlier = earlier.map(openLogSource);
    this.#pump = startPump({
      uplink: 'city',
      agent: 'agent-1',
      source: this.#source,
      connect: city.connect,
      clock,
      log: silent,
      inFlight: 16,
      replayRate: 0,
      earlier: () => this.#earlier,
      settle: (lane, cursor) => store.settle('city', lane, cursor),
      note: (key, lane, cursor) => store.settle(key, lane, cursor),
    });
    store.onCommitted(() => this.#pump.wake());
  }

  static async at(
    dir: string,
    city: City,
    clock: VirtualClock,
    options: Partial<StoreOptions> = {},
  ): Promise<Pole> {
    const { store } = await open(dir, { clock, ...options });
    return new Pole(store, clock, city, await store.earlier());
  }

  /** Lives for `ms`, with a commit of `2 * width` readings and now and then an event every `every` ms. */
  async live(ms: number, every = 60_000, width = 4): Promise<void> {
    for (let passed = 0; passed < ms; passed += every) {
      await this.clock.advance(every);
      const now = this.clock.mono();
      const n = this.#written++;
      const readings = Array.from({ length: width }, (_, i) => [
        reading('voltage', Math.sin(n * 7 + i) * 20 + 230, now - i),
        reading(i === 0 ? 'energy' : 'cars', i === 0 ? n : n % 9, now - i),
      ]).flat();
      const note = {
        event: 'agent',
        severity: n % 60 === 0 ? 'alarm' : 'info',
        time: now,
        body: { n },
      } as const;
      await this.store.append(readings, n % 10 === 0 ? [note] : []);
    }
  }

  /** Lives on, without new readings, until all that can still be sent has been acknowledged; gives the last numbers. */
  async drained(): Promise<Heads> {
    for (let i = 0; i < 2000; i++) {
      const { settled, heads, earlier } = this.#pump.tally();
      if (earlier === 0 && settled === Object.values(heads).reduce((sum, head) => sum + head, 0))
        return heads;
      await this.clock.advance(5000);
    }
    throw new Error(`not drained: ${JSON.stringify(this.#pump.tally())}`);
  }

  get tally() {
    return this.#pump.tally();
  }

  async stop(): Promise<void> {
    const stopped = this.#pump[Symbol.asyncDispose]();
    await this.clock.advance(600);
    await stopped;
    this.#source[Symbol.dispose]();
    for (const log of this.#earlier) log[Symbol.dispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** Numbers of each lane that retention took before they could be sent, as the gap records tell. */
function dropped(city: City): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { records } of city.messages)
    for (const record of records)
      if (record.kind === 'event' && record.event === 'gap') {
        const { lane, count } = record.body;
        sums[String(lane)] = (sums[String(lane)] ?? 0) + Number(count);
      }
  return sums;
}

test.each([
  ['13 hours', 13 * HOUR, 60_000],
  ['7 days', 7 * DAY, 10 * 60_000],
])(
  'an outage of %s: live data at once, then all of it, in order, nothing dropped',
  async (_, ms, every) => {
    using at = folder();
    const clock = new VirtualClock();
    const city = new City(clock);
    city.maxBytes = 65_536;
    const pole = await Pole.at(at.dir, city, clock);
    await pole.live(HOUR, every);
    await pole.drained();
    city.cut();
    await pole.live(ms, every);
    const before = city.ledger.report();
    const waiting = pole.store.heads();
    city.online = true;
    // The link is tried again within a minute; what is measured then goes before what has waited.
    await clock.advance(61_000);
    await pole.live(every, every);
    await clock.advance(1000);
    const fresh = city.messages.find(
      ({ envelope: { lane, last } }) => lane === 'telemetry' && last > waiting.telemetry,
    );
    expect(fresh?.envelope.stream).toBe('live');
    await pole.drained();
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true, resent: 0, outOfOrder: 0, gaps: {} });
    expect(report.records).toBeGreaterThan(before.records + (ms / every) * 8);
    const heads = pole.store.heads();
    for (const { lane, received } of report.lanes)
      expect([lane, received]).toEqual([lane, heads[lane as 'bulk']]);
    await pole.stop();
  },
  120_000,
);

test('an outage of 30 days on a small card: oldest bulk and telemetry go with a gap record, the rest arrives', async () => {
  using at = folder();
  const clock = new VirtualClock();
  const city = new City(clock);
  city.maxBytes = 65_536;
  const budget = 6_100_000;
  const pole = await Pole.at(at.dir, city, clock, { config: { ...CONFIG, budget, maxAge: 60 * DAY } });
  await pole.live(HOUR, 10 * 60_000);
  await pole.drained();
  city.cut();
  await pole.live(30 * DAY, 10 * 60_000, 20);
  city.online = true;
  const heads = await pole.drained();
  const report = city.ledger.report();
  expect(report).toMatchObject({ balanced: true, missing: 0, conflicts: 0, outOfOrder: 0 });
  const gone = dropped(city);
  // As documented: bulk before telemetry before meter, and of events and alarms nothing.
  expect(gone.bulk ?? 0).toBeGreaterThan(0);
  expect(
    Object.keys(gone).filter((lane) => lane === 'alarm' || lane === 'event' || lane === 'meter'),
  ).toEqual([]);
  for (const { lane, received, explained } of report.lanes) {
    const told = Object.values(explained).reduce((sum, count) => sum + count, 0);
    expect([lane, received + told]).toEqual([lane, heads[lane as 'bulk']]);
    if (lane === 'alarm' || lane === 'event' || lane === 'meter') expect(received).toBe(heads[lane]);
  }
  expect(pole.tally.dropped).toBeGreaterThan(0);
  await pole.stop();
}, 120_000);

test('a broker that flaps for a day, and clocks that jump a year ahead and back while the backlog is replayed', async () => {
  using at = folder();
  const clock = new VirtualClock();
  const city = new City(clock);
  city.delay = 5000;
  const random = seeded(20_270_401);
  const pole = await Pole.at(at.dir, city, clock);
  const { wall: _, ...right } = clock.mapping();
  for (let i = 0; i < 100; i++) {
    city.arriveWithoutAcknowledgement = Math.floor(random() * 4);
    city.cut();
    await pole.live(Math.ceil(random() * 10) * 60_000, 60_000);
    city.online = true;
    await clock.advance(Math.floor(random() * 30_000));
    if (i % 10 === 5) {
      const { mono, wall } = clock.mapping();
      const jump = (i % 20 === 5 ? 1 : -1) * 365 * DAY;
      clock.remap({ ...right, mono: clock.mono(), wall: wall + clock.mono() - mono + jump });
    }
  }
  city.online = true;
  const heads = await pole.drained();
  const report = city.ledger.report();
  // The same record under the same number, whatever time it was given: that is what `retimed` counts.
  expect(report).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0, gaps: {} });
  expect(report.resent).toBeGreaterThan(0);
  for (const { lane, received } of report.lanes)
    expect([lane, received]).toEqual([lane, heads[lane as 'bulk']]);
  await pole.stop();
}, 120_000);

test('a card set back to a backup begins a new epoch: no number that has left is given to another reading', async () => {
  using at = folder();
  const clock = new VirtualClock();
  const city = new City(clock);
  const state = join(at.dir, 'state');
  const backup = join(at.dir, 'backup');
  const first = await Pole.at(state, city, clock);
  await first.live(HOUR);
  await first.drained();
  await first.stop();
  cpSync(state, backup, { recursive: true });
  const second = await Pole.at(state, city, clock);
  await second.live(HOUR);
  await second.drained();
  await second.stop();
  const epoch = second.store.epoch;
  rmSync(state, { recursive: true });
  cpSync(backup, state, { recursive: true });
  const third = await Pole.at(state, city, clock);
  expect(third.store.epoch).not.toBe(epoch);
  await third.live(HOUR);
  await third.drained();
  await third.stop();
  const report = city.ledger.report();
  expect(report).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0 });
  expect(report.epochs.map(({ chain }) => chain)).toEqual(['first', 'chained']);
}, 60_000);

test('a cloned card in another machine counts for itself, under an epoch of its own', async () => {
  using at = folder();
  const clock = new VirtualClock();
  const city = new City(clock);
  const [one, other] = [join(at.dir, 'one'), join(at.dir, 'other')];
  const original = await Pole.at(one, city, clock);
  await original.live(HOUR);
  await original.drained();
  await original.stop();
  cpSync(one, other, { recursive: true });
  const again = await Pole.at(one, city, clock);
  await again.live(HOUR);
  await again.drained();
  const clone = await Pole.at(other, city, clock, { hardware: 'test:2' });
  expect(again.store.epoch).toBe(original.store.epoch);
  expect(clone.store.epoch).not.toBe(original.store.epoch);
  await clone.live(HOUR);
  await clone.drained();
  await clone.stop();
  await again.stop();
  expect(city.ledger.report()).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0 });
}, 60_000);
