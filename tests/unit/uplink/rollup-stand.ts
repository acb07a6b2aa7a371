/** A real store with its rollups in virtual time, and a city that gets buckets of it. */
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { Description, HttpUplinkConfig, MqttUplinkConfig } from '../../../agent/core/site.ts';
import type { UplinkContext } from '../../../agent/core/uplink.ts';
import { earlierLogs } from '../../../agent/store/aside.ts';
import { openAllPeriods } from '../../../agent/store/periods.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import type { Store } from '../../../agent/store/store.ts';
import { besideOf } from '../../../agent/uplink/beside.ts';
import { Naming } from '../../../agent/uplink/naming.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { Selection } from '../../../agent/uplink/selection.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FACTS, folder, open, reading } from '../store/site.ts';
import { City } from './city.ts';

export const MINUTE = 60_000;
/** A Friday. */
export const START = Date.UTC(2027, 0, 1);

export const METER: Description = {
  device: 'meter-1',
  title: { en: 'Feeder meter' },
  class: 'electricity-meter',
  brand: 'simulated',
  model: 'M1',
  points: Object.entries(FACTS).map(([id, { type, unit, aggregation, lane }]) => ({
    id,
    title: { en: id },
    type,
    unit,
    access: 'read',
    aggregation,
    lane,
  })),
};

/** Readings of the minute from `from` on: voltage 230 to 239, energy 0.5 more each, a level, a door. */
export function minute(from: number, mono: (wall: number) => number): Reading[] {
  const i = (from - START) / MINUTE;
  const at = mono(from + 1000);
  return [
    reading('voltage', 230 + (i % 10), at),
    reading('energy', 100 + i / 2, at),
    reading('noise', 55, at),
    reading('door', i % 2 === 0, at),
  ];
}

export interface Stand extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly city: City;
  readonly context: UplinkContext;
  mono(wall: number): number;
  /** Lets `count` minutes pass, measured. */
  pass(count: number): Promise<void>;
  start(): Pump;
  /** Records of a lane as they arrived. */
  arrived(lane: string): Record<string, unknown>[];
}

export async function rollupStand(config: MqttUplinkConfig | HttpUplinkConfig): Promise<Stand> {
  const at = folder();
  const clock = new VirtualClock(START);
  const { store } = await open(at.dir, { clock });
  const began = clock.mono();
  const mono = (wall: number) => began + wall - START;
  const wall = () => START + clock.mono() - began;
  let now = START;
  const source = openLogSource(store.file);
  const periods = openAllPeriods(store.file, 'agent-1', () => earlierLogs(at.dir));
  const city = new City(clock);
  const classOf = () => METER.class;
  const descriptions = [{ hash: 'd1', description: METER }];
  const context: UplinkContext = {
    site: 'demo',
    agent: 'agent-1',
    clock,
    log: silent,
    records: source,
    periods,
    timezone: 'Europe/Berlin',
    descriptions: () => descriptions,
    submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
  };
  const pumps = new Set<Pump>();
  return {
    clock,
    store,
    city,
    context,
    mono,
    pass: async (count) => {
      for (let i = 0; i < count; i++) {
        await clock.advance(Math.max(0, now + MINUTE - wall()));
        await store.append(minute(now, mono), []);
        now += MINUTE;
        for (const pump of pumps) pump.wake();
      }
      await clock.advance(2000);
    },
    start: () => {
      const settle = (
        key: string,
        lane: Parameters<Store['settle']>[1],
        cursor: Parameters<Store['settle']>[2],
      ) => store.settle(key, lane, cursor);
      const { select = [], names } = config;
      const naming = names === undefined ? undefined : new Naming(names, classOf);
      const pump = startPump({
        uplink: config.id,
        agent: 'agent-1',
        source,
        connect: city.connect,
        clock,
        log: silent,
        inFlight: 4,
        replayRate: 0,
        selection: new Selection(select, classOf),
        ...besideOf(config, context, { classOf, naming, usedUp: () => false, settle }),
        settle: (lane, cursor) => settle(config.id, lane, cursor),
        note: settle,
      });
      pumps.add(pump);
      return pump;
    },
    arrived: (lane) =>
      city.messages
        .filter(({ envelope }) => envelope.lane === lane)
        .flatMap(({ records }) =>
          records.map((record) => ({ seq: record.seq, ...(record.kind === 'event' ? record.body : {}) })),
        ),
    [Symbol.asyncDispose]: async () => {
      for (const pump of pumps) await pump[Symbol.asyncDispose]();
      source[Symbol.dispose]();
      periods[Symbol.dispose]();
      await store[Symbol.asyncDispose]();
      at[Symbol.dispose]();
    },
  };
}
