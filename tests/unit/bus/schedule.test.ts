import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Breaker } from '../../../agent/bus/breaker.ts';
import { Deadlines } from '../../../agent/bus/deadline.ts';
import { OverloadWatch } from '../../../agent/bus/overload.ts';
import { Utilisation } from '../../../agent/bus/tally.ts';
import type { Poll } from '../../../agent/core/driver.ts';

const poll = (id: string, period: number): Poll => ({
  id,
  period,
  points: [],
  requestBytes: 8,
  answerBytes: 9,
  execute: async () => [],
});

describe('deadlines', () => {
  test('the earliest deadline goes first, not the one that waits longest', () => {
    const deadlines = new Deadlines();
    deadlines.sync('a', [poll('slow', 60_000), poll('fast', 1000)], 0);
    expect(deadlines.ready(0).map((entry) => entry.poll.id)).toEqual(['fast', 'slow']);
  });

  test('phases spread: 20 equal polls that start together do not stay together', () => {
    const deadlines = new Deadlines();
    deadlines.sync(
      'a',
      Array.from({ length: 20 }, (_, i) => poll(`p${i}`, 1000)),
      0,
    );
    const entries = deadlines.ready(0);
    for (const entry of entries) deadlines.begin(entry, 0);
    const dues = entries.map(({ due }) => due).sort((a, b) => a - b);
    expect(dues[0]).toBeGreaterThanOrEqual(500);
    expect(dues.at(-1)).toBeLessThan(1500);
    for (let i = 1; i < dues.length; i++) expect((dues[i] ?? 0) - (dues[i - 1] ?? 0)).toBeGreaterThan(20);
  });

  test('property: a late poll skips what it missed and keeps its phase', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 5000 }),
        fc.array(fc.double({ min: 0, max: 20_000, noNaN: true })),
        (period, waits) => {
          const deadlines = new Deadlines();
          deadlines.sync('a', [poll('p', period)], 0);
          const [entry] = deadlines.ready(0);
          if (entry === undefined) throw new Error('nothing due');
          deadlines.begin(entry, 0);
          const base = entry.due;
          let missed = 0;
          let turns = 0;
          for (const wait of waits) {
            const now = entry.due + wait;
            missed += deadlines.begin(entry, now);
            turns += 1;
            expect(entry.due).toBeGreaterThan(now);
            expect(entry.due - now).toBeLessThanOrEqual(period + 1e-6);
          }
          expect(entry.due).toBeCloseTo(base + (missed + turns) * period, 3);
        },
      ),
    );
  });

  test('a wait of almost whole periods does not make it due at once again', () => {
    const deadlines = new Deadlines();
    deadlines.sync('a', [poll('p', 16)], 0);
    const [entry] = deadlines.ready(0);
    if (entry === undefined) throw new Error('nothing due');
    deadlines.begin(entry, 0);
    for (const wait of [12736, 19999.999999999993]) {
      const now = entry.due + wait;
      deadlines.begin(entry, now);
      expect(entry.due).toBeGreaterThan(now);
    }
  });

  test('a changed plan keeps what is known and has the rest at once', () => {
    const deadlines = new Deadlines();
    const kept = poll('kept', 1000);
    deadlines.sync('a', [kept, poll('gone', 1000)], 0);
    for (const entry of deadlines.ready(0)) deadlines.begin(entry, 0);
    deadlines.sync('a', [kept, poll('new', 1000)], 10);
    expect(deadlines.ready(10).map((entry) => entry.poll.id)).toEqual(['new']);
    expect(deadlines.size).toBe(2);
  });
});

describe('breaker', () => {
  test('opens on the third failure in a row, probes with growing waits, closes with one answer', () => {
    const breaker = new Breaker(() => 1);
    expect([breaker.fail(0), breaker.fail(0)]).toEqual([false, false]);
    breaker.succeed();
    expect([breaker.fail(0), breaker.fail(0), breaker.fail(0)]).toEqual([false, false, true]);
    const waits = [];
    for (let i = 0; i < 7; i++) {
      waits.push(breaker.probeAt);
      breaker.fail(0);
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(breaker.succeed()).toBe(true);
    expect(breaker.open).toBe(false);
  });

  test('one probe in four is patient', () => {
    const breaker = new Breaker();
    for (let i = 0; i < 3; i++) breaker.fail(0);
    const patient = Array.from({ length: 8 }, () => {
      const was = breaker.patient;
      breaker.fail(0);
      return was;
    });
    expect(patient).toEqual([false, false, false, true, false, false, false, true]);
  });
});

test('overload is what persists, and is over half a minute after the last missed period', () => {
  const watch = new OverloadWatch();
  expect([watch.missed(0), watch.missed(3000), watch.missed(4900)]).toEqual([false, false, false]);
  expect(watch.missed(5100)).toBe(true);
  expect(watch.missed(6000)).toBe(false);
  expect(watch.over(30_000)).toBe(false);
  expect(watch.over(36_000)).toBe(true);
  expect(watch.missed(40_000)).toBe(false);
});

test('utilisation is of the last minute', () => {
  const use = new Utilisation(0);
  for (let at = 0; at < 120_000; at += 100) use.add(at < 60_000 ? 80 : 20, at);
  expect(use.at(119_900)).toBeGreaterThan(0.18);
  expect(use.at(119_900)).toBeLessThan(0.23);
  expect(use.at(500_000)).toBe(0);
});
