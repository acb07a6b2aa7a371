import { expect, test } from 'vitest';
import { followGnss } from '../../../agent/compose/gnss-time.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { Site } from '../../../agent/core/site.ts';
import { CLOCK_RANKS, type ClockMapping, wallAt } from '../../../agent/core/time/clock.ts';
import { ToldTime } from '../../../agent/core/time/told-time.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TRUE = Date.UTC(2027, 5, 1, 12);

/** A clock whose machine is a year behind. */
class Late extends VirtualClock {
  readonly #start = this.mono();
  constructor(rank: ClockMapping['rank']) {
    super(TRUE - 365 * 86_400_000);
    this.remap({ ...this.mapping(), rank });
  }
  learn(mapping: Omit<ClockMapping, 'boot' | 'rate'>): boolean {
    if (CLOCK_RANKS.indexOf(mapping.rank) < CLOCK_RANKS.indexOf(this.mapping().rank)) return false;
    this.remap({ ...mapping, rate: 1 });
    return true;
  }
  truth(): number {
    return TRUE + this.mono() - this.#start;
  }
  error(): number {
    return wallAt(this.mapping(), this.mono()).time - this.truth();
  }
}

async function gnss(clock: Late, told: readonly (number | null)[], profile = 'gnss-receiver') {
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const devices = [{ id: 'gnss', profile: { class: profile } }] as unknown as Site['devices'];
  using _ = followGnss({ devices }, hub, new ToldTime(clock, silent));
  for (const wall of told) {
    await clock.advance(10_000);
    const value = wall === null ? null : new Date(clock.truth() + wall).toISOString();
    const quality = value === null ? 'bad' : 'good';
    const reading: Reading = {
      device: 'gnss',
      point: 'utc-time',
      value,
      unit: '1',
      quality,
      time: clock.mono(),
    };
    hub.readings([value === null ? { ...reading, reason: 'not-available' } : reading]);
  }
  await hub[Symbol.asyncDispose]();
}

test('a GNSS receiver sets a clock that has nothing better, once it has said so three times', async () => {
  const clock = new Late('floor');
  await gnss(clock, [0, 0]);
  expect(clock.mapping().rank).toBe('floor');
  await gnss(clock, [0, 300, 0]);
  expect(clock.mapping()).toMatchObject({ rank: 'gnss', uncertaintyMs: 1000 });
  expect(Math.abs(clock.error())).toBeLessThan(1000);
});

test('one wrong sentence, a receiver without a fix, another device’s text: nothing is learned', async () => {
  const clock = new Late('server');
  await gnss(clock, [0, 86_400_000, 0, null, 0, -5000]);
  expect(clock.mapping().rank).toBe('server');
  await gnss(clock, [0, 0, 0, 0], 'weather-station');
  expect(clock.mapping().rank).toBe('server');
});

test('NTP is above it; among its own kind a jump counts when it stays', async () => {
  const ntp = new Late('ntp');
  await gnss(ntp, [0, 0, 0, 0]);
  expect(ntp.mapping().rank).toBe('ntp');
  const clock = new Late('floor');
  await gnss(clock, [0, 0, 0, 900, -900, 0]);
  const rows: ClockMapping[] = [];
  clock.onMapping((mapping) => void rows.push(mapping));
  await gnss(clock, [0, 0, 0]);
  expect(rows).toEqual([]);
  await gnss(clock, [3_600_000, 0, 0]);
  expect(rows).toEqual([]);
  await gnss(clock, [7000, 7000, 7000]);
  expect(rows).toHaveLength(1);
});

test('a server’s time needs two tellings that agree, and leaves a battery clock that is right alone', async () => {
  const clock = new Late('floor');
  const told = new ToldTime(clock, silent);
  const tell = (off: number, by = 'uplink:city') =>
    told.take({ rank: 'server', by, mono: clock.mono(), wall: clock.truth() + off, uncertaintyMs: 600 });
  expect(tell(0)).toBe(false);
  await clock.advance(1000);
  expect(tell(0, 'uplink:other')).toBe(false);
  expect(tell(300)).toBe(true);
  expect(clock.mapping().rank).toBe('server');
  await clock.advance(1000);
  expect([tell(1900), tell(Number.NaN)]).toEqual([false, false]);
  expect(Math.abs(clock.error())).toBeLessThan(1000);
});
