/** What a sign keeps over outages and restarts: alerts until their own end, and what is usual at an hour of the day. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../agent/core/log.ts';
import type { ServiceAlert } from '../../../agent/core/sign/transit.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { AlertStore } from '../../../agent/sign/alerts.ts';
import { Habits } from '../../../agent/sign/arrivals/habits.ts';
import { Links } from '../../../agent/sign/arrivals/links.ts';
import { SignTime } from '../../../agent/sign/arrivals/time.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { eight } from './buses.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kerbside-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HOUR = 3_600_000;

describe('alerts', () => {
  const warned: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (name) => void warned.push(name),
    error() {},
    with: () => log,
  };
  const alert = (id: string, active: ServiceAlert['active'], updated = 1): ServiceAlert => ({
    source: 'centre',
    received: 0,
    id,
    informed: [{ stop: 's5' }],
    active,
    texts: [{ header: '本站临时关闭' }],
    effect: 'stop-moved',
    severity: 'warning',
    updated,
  });
  const open = (clock: VirtualClock) =>
    new AlertStore({
      file: join(folder, 'alerts'),
      clock,
      log,
      now: () => wallAt(clock.mapping(), clock.mono()).time,
    });
  const ids = (store: AlertStore) => store.active().map(({ id }) => id);

  test('begin and end by themselves, with or without the network, also over a restart', async () => {
    const clock = new VirtualClock(eight(0));
    {
      await using store = open(clock);
      let told = 0;
      store.onChange(() => {
        told += 1;
      });
      store.take('centre', [
        alert('now', [{ to: eight(3600) }]),
        alert('later', [{ from: eight(1800), to: eight(7200) }]),
        alert('open', []),
      ]);
      store.take('centre', [
        alert('now', [{ to: eight(3600) }]),
        alert('later', [{ from: eight(1800), to: eight(7200) }]),
        alert('open', []),
      ]);
      expect([ids(store), told]).toEqual([['now', 'open'], 1]);
    }
    const next = new VirtualClock(eight(2000), 1, 'another-boot');
    await using again = open(next);
    expect(ids(again)).toEqual(['now', 'later', 'open']);
    expect(again.active()[0]?.received).toBe(next.mono());
    await next.advance(2 * HOUR);
    expect(ids(again)).toEqual(['open']);
    // Whoever has not been heard for two days may have taken it back.
    await next.advance(48 * HOUR);
    expect(ids(again)).toEqual([]);
  });

  test('a feed that has none any more takes its own back, and no other’s', async () => {
    await using store = open(new VirtualClock(eight(0)));
    store.take('a', [alert('1', [])]);
    store.take('b', [alert('2', [])]);
    store.take('a', []);
    expect(ids(store)).toEqual(['2']);
  });

  test('a damaged file is an empty one, and said', async () => {
    {
      await using store = open(new VirtualClock(eight(0)));
      store.take('a', [alert('1', [])]);
    }
    const file = join(folder, 'alerts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('stop-moved', 'stop-mooved'));
    await using again = open(new VirtualClock(eight(0)));
    expect([ids(again), warned.includes('sign.alerts-damaged')]).toEqual([[], true]);
  });
});

describe('habits', () => {
  const seconds = (at: number) => eight(at) / 1000;
  const habits = () => {
    const one = new Habits();
    one.offset = 8 * 3600;
    return one;
  };

  test('are of days that are over, by half hour and kind of day', () => {
    const one = habits();
    for (let bus = 0; bus < 10; bus++) one.link('a>b', 1.5, 1, seconds(bus * 60));
    expect(one.ratio('a>b', seconds(0))).toBe(1);
    for (let day = 0; day < 6; day++) {
      one.file();
      one.link('a>b', 1.5, 1, seconds(0));
    }
    expect(one.ratio('a>b', seconds(86_400))).toBeGreaterThan(1.3);
    expect(one.ratio('a>b', seconds(86_400 + 3600))).toBe(1);
    // The Saturday after a Monday.
    expect(one.ratio('a>b', seconds(5 * 86_400))).toBe(1);
    expect(new Links(undefined, one).ratio('a>b', seconds(86_400))).toBeGreaterThan(1.3);
  });

  test('know how late a line is, and are kept', () => {
    const one = habits();
    for (let day = 0; day < 10; day++) one.late('L7', seconds(0), seconds(180));
    one.late('L7', seconds(0), seconds(7200));
    expect(one.lateness('L7', seconds(0))).toBeGreaterThan(100);
    expect(one.lateness('L7', seconds(3600))).toBe(0);
    const again = new Habits(JSON.parse(JSON.stringify(one.memory())));
    again.offset = 8 * 3600;
    expect(again.lateness('L7', seconds(0))).toBeCloseTo(one.lateness('L7', seconds(0)), 0);
  });
});

describe('the time of a sign', () => {
  test('is that of the clock where it can be trusted, else what was told last', () => {
    const clock = new VirtualClock(eight(0));
    const time = new SignTime(clock);
    time.tell(eight(9999), clock.mono());
    expect([time.known, time.now()]).toEqual([true, eight(0)]);
    clock.remap({ ...clock.mapping(), wall: eight(-86_400), rank: 'floor' });
    expect([time.known, time.trusted]).toEqual([false, false]);
    time.tell(eight(0), clock.mono());
    time.tell(eight(-300), clock.mono());
    expect([time.known, time.trusted, time.now()]).toEqual([true, false, eight(0)]);
    // Somebody's broken clock, years ahead, and one from before this machine was built.
    time.tell(eight(3 * 366 * 86_400), clock.mono());
    time.tell(eight(-5 * 86_400), clock.mono());
    expect(time.now()).toBe(eight(0));
  });
});
