/** Buckets instead of readings: numbers that are times, figures by kind, names, breaks, restarts, late readings. */
import { describe, expect, it } from 'vitest';
import type { SelectionRule } from '../../../agent/core/site.ts';
import { LocalDays } from '../../../agent/core/time/local-days.ts';
import type { Bucket, Periods } from '../../../agent/core/time/period.ts';
import { PARTS, RollupSource } from '../../../agent/uplink/rollup.ts';
import { Selection } from '../../../agent/uplink/selection.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { reading } from '../store/site.ts';
import { configOf } from './mqtt-agent.ts';
import { MINUTE, rollupStand, START } from './rollup-stand.ts';

const QUARTER = 15 * MINUTE;
const quarters: readonly SelectionRule[] = [{ send: 'rollup', every: QUARTER }];
const config = (select: readonly SelectionRule[] = quarters) => configOf(0, { select });

interface Value {
  readonly point: string;
  readonly [field: string]: unknown;
}
const valuesOf = (records: readonly Record<string, unknown>[]): Value[] =>
  records.flatMap(({ values, from }) => (values as Value[]).map((value) => ({ from, ...value })));

describe('buckets on an uplink', () => {
  it('leave once each with their figures, instead of the readings', async () => {
    await using at = await rollupStand(config());
    const pump = at.start();
    for (let i = 0; i < 8; i++) await at.pass(10);
    const records = at.arrived('rollup-15min');
    const first = valuesOf(records).filter(({ from }) => from === '2027-01-01T00:00:00.000Z');
    expect(first.map(({ point }) => point).sort()).toEqual(['door', 'energy', 'noise', 'voltage']);
    const of = (point: string) => first.find((one) => one.point === point);
    expect(of('voltage')).toEqual({
      from: '2027-01-01T00:00:00.000Z',
      device: 'meter-1',
      point: 'voltage',
      unit: 'V',
      kind: 'mean',
      value: 233.666666667,
      min: 230,
      max: 239,
      last: 234,
      count: 15,
      bad: 0,
      expected: 900,
      share: 0.0167,
      revision: 0,
    });
    expect(of('energy')).toMatchObject({ kind: 'counter', value: 7, unit: 'kW.h', last: 107 });
    expect(of('noise')).toMatchObject({ kind: 'leq', value: 55, expected: 0, share: null });
    expect(of('door')).toMatchObject({
      kind: 'state',
      value: 0.5,
      last: 'true',
      states: { true: 7 * MINUTE, false: 7 * MINUTE },
    });
    // The step into a bucket is its own: 15 minutes are 7.5 from the second on.
    expect(
      valuesOf(records)
        .filter(({ point }) => point === 'energy')
        .map(({ value }) => value),
    ).toEqual([7, 7.5, 7.5, 7.5, 7.5]);
    // Five quarters are closed; each point of each once, and of the readings only what is no reading.
    expect(new Set(valuesOf(records).map(({ from, point }) => `${from} ${point}`)).size).toBe(20);
    expect(valuesOf(records)).toHaveLength(20);
    expect(at.city.messages.flatMap(({ records }) => records).some(({ kind }) => kind === 'reading')).toBe(
      false,
    );
    expect(pump.tally().omitted).toBe(80 * 4);
    expect(at.city.ledger.report()).toMatchObject({ balanced: true, conflicts: 0 });
  });

  it('repeat their numbers over a lost link, a restart and lost acknowledgements', async () => {
    await using at = await rollupStand(config());
    const first = at.start();
    await at.pass(40);
    at.city.arriveWithoutAcknowledgement = 3;
    at.city.delay = 30_000;
    // The fifth quarter is on its way, and arrives, but nobody here hears of it.
    await at.pass(36);
    at.city.cut();
    at.city.delay = 20;
    await at.pass(30);
    await first[Symbol.asyncDispose]();
    await at.pass(30);
    at.city.online = true;
    at.start();
    await at.pass(10);
    await at.clock.advance(60_000);
    const report = at.city.ledger.report();
    expect(report).toMatchObject({ balanced: true, missing: 0, conflicts: 0 });
    const lane = report.lanes.find((one) => one.lane === 'rollup-15min');
    expect(lane?.epoch).toBe('rollups');
    expect(lane?.resent).toBeGreaterThan(0);
    const seen = new Map(at.arrived('rollup-15min').map((record) => [record.seq, record]));
    expect(valuesOf([...seen.values()])).toHaveLength(9 * 4);
  });

  it('a late reading raises the revision of a bucket that has not left, and none that has', async () => {
    await using at = await rollupStand(config());
    at.city.online = false;
    at.start();
    await at.pass(20);
    await at.store.append([reading('voltage', 300, at.mono(START + 5 * MINUTE + 30_000))], []);
    await at.pass(20);
    at.city.online = true;
    await at.clock.advance(120_000);
    const late = () => valuesOf(at.arrived('rollup-15min')).filter(({ point }) => point === 'voltage');
    expect(late()).toMatchObject([{ revision: 1, max: 300, count: 16 }, { revision: 0 }]);
    await at.store.append([reading('voltage', 400, at.mono(START + 6 * MINUTE + 30_000))], []);
    await at.pass(20);
    expect(late().map(({ max }) => max)).toEqual([300, 239, 239]);
    expect(at.city.ledger.report().balanced).toBe(true);
  });

  it('have the names and units of the platform', async () => {
    const names = [
      { device: 'meter-*', deviceAs: 'EM-{device}' },
      { point: 'voltage', pointAs: 'U', unit: 'kV' },
    ] as const;
    await using at = await rollupStand(configOf(0, { select: quarters, names }));
    at.start();
    await at.pass(20);
    const named = valuesOf(at.arrived('rollup-15min'));
    expect(new Set(named.map(({ device }) => device))).toEqual(new Set(['EM-meter-1']));
    expect(named.find(({ point }) => point === 'U')).toMatchObject({ unit: 'kV', min: 0.23, max: 0.239 });
  });

  it('are chosen by the first rule that fits a point, each length in a lane of its own', async () => {
    await using at = await rollupStand(
      config([
        { point: 'door', send: 'none' },
        { lanes: ['meter'], send: 'rollup', every: QUARTER },
        { point: 'noise', send: 'all' },
        { class: 'electricity-*', send: 'rollup', every: MINUTE },
      ]),
    );
    at.start();
    await at.pass(20);
    const points = (lane: string) => [...new Set(valuesOf(at.arrived(lane)).map(({ point }) => point))];
    expect(points('rollup-15min')).toEqual(['energy']);
    expect(points('rollup-1min')).toEqual(['voltage']);
    expect(valuesOf(at.arrived('rollup-1min'))).toHaveLength(19);
    const raw = at.city.messages.flatMap(({ records }) => records);
    expect(new Set(raw.flatMap((one) => (one.kind === 'reading' ? [one.point] : [])))).toEqual(
      new Set(['noise']),
    );
    expect(at.city.ledger.report().balanced).toBe(true);
  });

  it('leave alarms as they are', () => {
    const selection = new Selection(quarters, () => undefined);
    const alarm = { ...reading('door', true, 0), kind: 'reading', seq: 1, rank: 'ntp' } as const;
    expect(selection.lane('alarm')?.choose([alarm], () => [])).toEqual([alarm]);
    expect(selection.lane('telemetry')).toBeUndefined();
    expect(selection.rollup('meter-1', 'door', 'alarm')).toBeUndefined();
  });

  it('of 1,000 points fit into messages of 64 KB', () => {
    const points = Array.from({ length: 1000 }, (_, i) => ({
      device: `meter-${i % 20}`,
      point: `power-l${i}`,
    }));
    const source = sourceOf('15min', 'UTC', START + QUARTER, points);
    const { slot, head } = slotOf(source);
    const { records = [] } = source.read(slot, head - PARTS + 1, PARTS) ?? {};
    const sizes = records.map((record) => JSON.stringify(record).length);
    expect(valuesOf(records.map((one) => (one.kind === 'event' ? one.body : {})))).toHaveLength(1000);
    expect(Math.max(...sizes)).toBeLessThan(30_000);
  });
});

describe('numbers of buckets', () => {
  it.each([
    'UTC',
    'Asia/Shanghai',
    'Pacific/Auckland',
    'Pacific/Kiritimati',
    'Pacific/Pago_Pago',
    'America/St_Johns',
    'America/Santiago',
    'Europe/Berlin',
  ])('are the local days of %s without a hole, over both changes of the clock', (zone) => {
    const days = new LocalDays(zone);
    const to = days.start(Date.UTC(2028, 0, 15, 12));
    const source = sourceOf('1d', zone, to);
    const { slot, head, tail } = slotOf(source);
    let before = days.start(START);
    for (let seq = tail; seq <= head; seq += PARTS) {
      const [record] = source.read(slot, seq, 1)?.records ?? [];
      const body = record?.kind === 'event' ? record.body : {};
      expect(body.from).toBe(new Date(before).toISOString());
      before = days.next(before);
      expect(body.to).toBe(new Date(before).toISOString());
    }
    expect(before).toBe(to);
  });

  it('go on where an earlier log of the agent had settled them', () => {
    const source = sourceOf('1h', 'UTC', START + 60 * MINUTE, [ONE], (log) =>
      log.store('city:rollup', 'meter', { low: 4711, above: [] }),
    );
    expect(source.cursor('city:rollup', 'meter').low).toBe(4711);
    expect(source.cursor('city:rollup', 'telemetry').low).toBe(0);
  });

  it('are the same whatever piece is asked for', () => {
    const points = ['a', 'b', 'c', 'd', 'e'].map((point) => ({ device: 'meter-1', point }));
    const source = sourceOf('1h', 'UTC', START + 9 * 60 * MINUTE, points);
    const { slot, head, tail } = slotOf(source);
    const whole = new Map<number, string>();
    for (let seq = tail; seq <= head; seq++)
      whole.set(seq, JSON.stringify(source.read(slot, seq, 1)?.records[0]));
    for (const limit of [7, 16, 50])
      for (let seq = tail; seq <= head; ) {
        const slice = source.read(slot, seq, limit);
        for (const record of slice?.records ?? []) expect(JSON.stringify(record)).toBe(whole.get(record.seq));
        seq = (slice?.last ?? head) + 1;
      }
    expect(source.read(slot, head + 1, 10)).toBeUndefined();
  });
});

const ONE = { device: 'meter-1', point: 'voltage' };

/** Buckets from `START` to `closed` that all hold the same. */
function sourceOf(
  bucket: Bucket,
  zone: string,
  closed: number,
  points = [ONE],
  before: (log: MemoryLog) => void = () => {},
) {
  const earlier = new MemoryLog('epoch-0');
  before(earlier);
  const days = new LocalDays(zone);
  const periods: Periods = {
    closedTo: () => closed,
    oldest: () => (bucket === '1d' ? days.start(START) : START),
    points: () => points,
    read: () => [],
    bucket: (names) =>
      names.map(() => ({
        kind: 'mean',
        unit: 'V',
        value: 230.123456789,
        min: 229.123,
        max: 231.123,
        first: 230,
        last: 230.123,
        count: 900,
        bad: 0,
        expected: 900,
        validMinutes: [],
        revision: 0,
      })),
    [Symbol.dispose]() {},
  };
  const every = { '1min': MINUTE, '15min': QUARTER, '1h': 60 * MINUTE, '1d': 1440 * MINUTE }[bucket];
  return new RollupSource(new Set([bucket]), {
    periods,
    records: new MemoryLog(),
    selection: new Selection([{ send: 'rollup', every }], () => undefined),
    days,
    earlier: () => [earlier],
    descriptions: () => [],
    usedUp: () => false,
  });
}

function slotOf(source: RollupSource) {
  const heads = Object.entries(source.heads()).filter(([, head]) => head > 0);
  const [slot, head] = heads[0] as [keyof ReturnType<RollupSource['heads']>, number];
  return { slot, head, tail: source.tails()[slot] };
}
