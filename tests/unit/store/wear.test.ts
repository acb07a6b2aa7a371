import { expect, test } from 'vitest';
import { Wear, type WearChange } from '../../../agent/store/wear.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { CONFIG, folder, open, reading } from './site.ts';

const HALF_HOUR = 1_800_000;
const MB = 1e6;

/** A card on which each commit costs `page` bytes, whatever the window. */
async function live(wear: Wear, clock: VirtualClock, hours: number, page: number): Promise<void> {
  let written = 0;
  for (const end = clock.mono() + hours * 3_600_000; clock.mono() < end; ) {
    await clock.advance(wear.window);
    written += page;
    wear.take(written);
  }
}

function wearOf(config: Partial<typeof CONFIG> & { writeBudget?: number; cardRating?: number }) {
  const clock = new VirtualClock();
  const changes: WearChange[] = [];
  const wear = new Wear(clock, { ...CONFIG, ...config }, (change) => void changes.push(change));
  return { clock, changes, wear };
}

test('over budget the window grows step by step until it fits, and not beyond 60 s', async () => {
  // 17,280 commits a day of 20 KB are 346 MB.
  const { wear, clock, changes } = wearOf({ writeBudget: 100 * MB });
  await live(wear, clock, 3, 20_000);
  expect(changes.map(({ window_ms }) => window_ms)).toEqual([10_000, 20_000]);
  expect(wear.perDay).toBeLessThan(100 * MB);
  expect(wear.facts()).toMatchObject({ window_ms: 20_000, write_budget: 100 * MB });
  const small = wearOf({ writeBudget: MB });
  await live(small.wear, small.clock, 6, 20_000);
  expect(small.wear.window).toBe(60_000);
});

test('it shrinks back where far less is written, and does not swing', async () => {
  const { wear, clock, changes } = wearOf({ writeBudget: 100 * MB });
  await live(wear, clock, 3, 20_000);
  await live(wear, clock, 12, 20_000);
  expect(changes).toHaveLength(2);
  await live(wear, clock, 3, 500);
  expect(wear.window).toBe(5000);
  // A window that is longer than 60 s by its own setting stays.
  const long = wearOf({ window: 120_000, writeBudget: 1 });
  await live(long.wear, long.clock, 3, 20_000);
  expect([long.wear.window, long.changes.length]).toEqual([120_000, 0]);
});

test('the forecast tells how long the card lasts; a thread that begins anew, or no account, breaks nothing', async () => {
  const { wear, clock } = wearOf({ cardRating: 30e12 });
  expect(wear.facts()).toMatchObject({ card_years: null, written_bytes_per_day: null });
  wear.take(-1);
  await clock.advance(HALF_HOUR);
  wear.take(10 * MB);
  expect(wear.perDay).toBe(480 * MB);
  expect(wear.facts().card_years).toBeCloseTo(30e12 / (480 * MB) / 365, 0);
  await clock.advance(HALF_HOUR);
  wear.take(2 * MB);
  expect(wear.perDay).toBe(96 * MB);
});

test('the store stretches its own window, and says so in the log', async () => {
  using at = folder();
  const { store, clock, events } = await open(at.dir, { config: { ...CONFIG, writeBudget: 1 } });
  for (let i = 0; i < 3; i++) {
    await clock.advance(HALF_HOUR);
    await store.append([reading('voltage', 1, clock.mono())], []);
  }
  // Where the kernel keeps no account of a process (or the folder is in memory), nothing is known and nothing changes.
  const told = events.filter(({ event, body }) => event === 'store' && body.state === 'window');
  expect(store.window).toBe(told.at(-1)?.body.window_ms ?? 5000);
  expect(store.health().facts.window_ms).toBe(store.window);
  await store[Symbol.asyncDispose]();
});
