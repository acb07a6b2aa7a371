/** Arrivals while the agent runs: what is told and published, the day's figures, what is kept over a restart. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { ArrivalBoard } from '../../../agent/core/sign/arrival.ts';
import type { VehicleReport } from '../../../agent/core/sign/transit.ts';
import { SignArrivals } from '../../../agent/sign/arrivals/arrivals.ts';
import { Timetable } from '../../../agent/sign/timetable/timetable.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { EIGHT, eight } from './buses.ts';
import { DATE, extract, ZONE } from './extract.ts';
import { place } from './street.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kerbside-sign-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

class Street implements AsyncDisposable {
  readonly readings: Reading[] = [];
  readonly events: AgentEvent[] = [];
  readonly boards: ArrivalBoard[] = [];
  arrivals!: SignArrivals;
  readonly clock: VirtualClock;

  constructor(clock = new VirtualClock(eight(0))) {
    this.clock = clock;
  }

  static async open(clock?: VirtualClock, timetable = extract({ starts: [EIGHT] })): Promise<Street> {
    const street = new Street(clock);
    street.arrivals = await SignArrivals.start({
      sign: {
        id: 'stop-1',
        stops: ['s5'],
        extract: '',
        languages: ['zh-CN'],
        due: 180_000,
        feeds: [],
        horizon: 3_600_000,
      },
      timezone: ZONE,
      clock: street.clock,
      hub: {
        readings: (list) => void street.readings.push(...list),
        event: (event) => void street.events.push(event),
      },
      log,
      file: join(folder, 'learned'),
      feeds: () => [],
    });
    street.arrivals.onBoard((board) => street.boards.push(board));
    street.arrivals.use(new Timetable(timetable));
    return street;
  }

  /** Drives a bus of the trip that starts at `start` along its way, a position each 20 s. */
  async drive(start: number, from: number, to: number): Promise<void> {
    for (let t = from; t <= to; t += 20) {
      const report: VehicleReport = {
        source: 'gps',
        received: this.clock.mono(),
        vehicle: `bus-${start}`,
        position: place((t * 1000) / 120),
        time: eight(start - EIGHT + t),
        trip: { trip: `up-${start}`, date: DATE },
      };
      this.arrivals.vehicles([report]);
      await this.clock.advance(20_000);
    }
  }

  values(point: string): readonly unknown[] {
    return this.readings.filter((one) => one.point === point).map(({ value }) => value);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.arrivals[Symbol.asyncDispose]();
  }
}

describe('a bus that comes', () => {
  test('is told to listeners, and due for lamps, signals and flows before it is there', async () => {
    await using street = await Street.open();
    await street.drive(EIGHT, 0, 640);
    const states = new Set(
      street.boards.map(({ rows }) => rows.find((r) => r.trip === `up-${EIGHT}`)?.state),
    );
    expect([...states]).toEqual(['timetable', 'about', 'live', undefined]);
    expect(street.values('bus-due').filter((value, i, all) => value !== all[i - 1])).toEqual([
      false,
      true,
      false,
    ]);
    const due = street.events.filter(({ event }) => event === 'sign');
    expect(due).toMatchObject([
      { device: 'stop-1', severity: 'info', body: { what: 'bus-due', line: 'L7', vehicle: `bus-${EIGHT}` } },
    ]);
    expect(due[0]?.body.in_s).toBeLessThanOrEqual(180);
    expect(due[0]?.body.in_s).toBeGreaterThan(150);
    const versions = street.boards.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test('a listener that throws is cut off, the others go on', async () => {
    await using street = await Street.open();
    let calls = 0;
    street.arrivals.onBoard(() => {
      calls += 1;
      throw new Error('no');
    });
    const before = street.boards.length;
    await street.clock.advance(15_000);
    expect(calls).toBe(1);
    expect(street.boards.length).toBeGreaterThan(before + 1);
  });
});

describe('the day', () => {
  test('ends with its figures, once, at local midnight, and they are those of its arrivals', async () => {
    await using street = await Street.open(
      undefined,
      extract({ starts: [EIGHT, EIGHT + 600, EIGHT + 1200] }),
    );
    for (const start of [EIGHT, EIGHT + 600]) await street.drive(start, start === EIGHT ? 0 : 60, 640);
    await street.clock.advance(1_300_000);
    const { clock } = street;
    clock.remap({ ...clock.mapping(), mono: clock.mono(), wall: eight(16 * 3600 - 5) });
    await clock.advance(20_000);
    const one = (point: string) => street.values(point);
    // The third bus never came.
    expect(one('arrivals')).toEqual([3]);
    expect(one('coverage')).toEqual([66.7]);
    expect(one('accuracy')[0]).toBeGreaterThan(90);
    expect(one('ghosts')).toEqual([0]);
    const end = street.readings.find(({ point }) => point === 'accuracy');
    expect(end?.time).toBeLessThan(street.clock.mono());
  });
});

describe('what was learned', () => {
  const path = () => join(folder, 'learned');

  test('is written soon after the first arrival, and taken up again', async () => {
    {
      await using street = await Street.open();
      await street.drive(EIGHT, 0, 640);
      const before = street.arrivals.engine?.learned();
      expect(before?.figures.arrivals).toBe(1);
      await expect.poll(() => readFileSync(path(), 'latin1')).toMatch(/^kerbside-learned 1 [0-9a-f]{8}\n/);
    }
    await using again = await Street.open(new VirtualClock(eight(700)));
    expect(again.arrivals.engine?.learned().figures.arrivals).toBe(1);
    expect(Object.keys(again.arrivals.engine?.learned().links ?? {})).toContain('s3>s4');
    expect(again.events).toEqual([]);
  });

  test.each([
    ['a byte changed', (text: string) => text.replace('"date"', '"daTe"')],
    ['cut short', (text: string) => text.slice(0, -40)],
    ['another version', (text: string) => text.replace('learned 1', 'learned 9')],
    ['no file of ours', () => 'hello'],
    ['empty', () => ''],
  ])('is thrown away with an event: %s', async (_, damage) => {
    {
      await using street = await Street.open();
      await street.drive(EIGHT, 0, 640);
    }
    writeFileSync(path(), damage(readFileSync(path(), 'utf8')));
    await using again = await Street.open();
    expect(again.events).toMatchObject([{ event: 'sign', body: { what: 'learned-thrown-away' } }]);
    expect(again.arrivals.engine?.learned().figures.arrivals).toBe(0);
  });

  test('stays when a new timetable is taken into use', async () => {
    await using street = await Street.open();
    await street.drive(EIGHT, 0, 640);
    street.arrivals.use(new Timetable(extract({ starts: [EIGHT] })));
    expect(street.arrivals.engine?.learned().figures.arrivals).toBe(1);
    street.arrivals.use(undefined);
    expect(street.arrivals.board()).toMatchObject({ timetable: 'missing', rows: [] });
  });
});

describe('a clock that cannot be trusted', () => {
  test('buses are in minutes by the time that positions tell, and the board says so', async () => {
    const clock = new VirtualClock(eight(-90 * 86_400));
    clock.remap({ ...clock.mapping(), rank: 'floor' });
    await using street = await Street.open(clock);
    expect(street.arrivals.board()).toMatchObject({ clock: 'untrusted', rows: [] });
    await street.drive(EIGHT, 0, 240);
    const row = street.arrivals.board().rows.find(({ trip }) => trip === `up-${EIGHT}`);
    expect(row).toMatchObject({ state: 'live', minutes: 5 });
    expect(street.arrivals.board()).toMatchObject({ clock: 'untrusted' });
    clock.remap({ ...clock.mapping(), mono: clock.mono(), wall: eight(260), rank: 'ntp' });
    await clock.advance(1000);
    expect(street.arrivals.board()).toMatchObject({ clock: 'trusted', at: eight(261) });
  });
});
