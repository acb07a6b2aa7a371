/** What leaves and what stays: rules, deadband that a restart does not change, statements of what was left out. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import type { LoggedReading, LoggedRecord } from '../../../agent/core/record.ts';
import type { SelectionRule } from '../../../agent/core/site.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { BLOCK, Selection } from '../../../agent/uplink/selection.ts';
import { MemoryLog, reading } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';

const classOf = (device: string) => (device.startsWith('meter') ? 'electricity-meter' : undefined);

function at(seq: number, facts: Partial<LoggedReading> = {}): LoggedReading {
  return { ...reading(seq), seq, ...facts };
}

const none = () => [];

function chosen(rules: readonly SelectionRule[], records: readonly LoggedRecord[], lane: Lane = 'telemetry') {
  return (new Selection(rules, classOf).lane(lane)?.choose(records, none) ?? []).map(({ seq }) => seq);
}

async function sent(
  log: MemoryLog,
  selection: Selection,
  more: (start: () => AsyncDisposable) => unknown = () => {},
) {
  const clock = new VirtualClock();
  const city = new City(clock);
  const start = () =>
    startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: city.connect,
      clock,
      log: silent,
      inFlight: 4,
      replayRate: 0,
      selection,
      settle: (lane, cursor) => log.store('city', lane, cursor),
    });
  await more(start);
  return { clock, city, start };
}

describe('selection by rate', () => {
  const minute = 60_000;
  const rules: readonly SelectionRule[] = [{ send: 'every', every: minute }];
  // Two points, one each second and one each 20 s, from the middle of a minute on.
  const stream = Array.from({ length: 400 }, (_, i) =>
    at(i + 1, {
      point: i % 21 === 20 ? 'slow' : 'fast',
      time: 30_000 + Math.floor(i / 21) * 20_000 + (i % 21) * 1000,
    }),
  );

  it('lets the first reading of a period leave, and a change of quality', () => {
    const left = chosen(rules, stream);
    const times = left.map((seq) => stream[seq - 1]).filter((one) => one?.point === 'fast');
    expect(times.map((one) => Math.floor((one?.time ?? 0) / minute))).toEqual([
      ...new Set(stream.map(({ time }) => Math.floor(time / minute))),
    ]);
    const [a, b, c, d] = [1, 2, 3, 4].map((seq) => at(seq, { time: seq * 1000 }));
    const bad = { value: null, quality: 'bad', reason: 'timeout' } as const;
    const records = [a, { ...b, ...bad }, { ...c, ...bad }, d].flatMap((one) =>
      one === undefined ? [] : [one as LoggedReading],
    );
    expect(chosen(rules, records)).toEqual([1, 2, 4]);
  });

  it('comes to the same records wherever it begins', () => {
    const whole = chosen(rules, stream);
    for (let start = 1; start < stream.length; start += 37) {
      const selector = new Selection(rules, classOf).lane('telemetry');
      const rest = selector?.choose(stream.slice(start), (from, to) => stream.slice(from - 1, to)) ?? [];
      expect(rest.map(({ seq }) => seq)).toEqual(whole.filter((seq) => seq > start));
    }
  });

  it('forgets what lies more than a block back', () => {
    const selection = new Selection(rules, classOf, 10);
    const far = [
      at(1, { time: 1000 }),
      ...Array.from({ length: 12 }, (_, i) => at(i + 2, { point: 'other', time: 1000 })),
      at(14, { time: 2000 }),
    ];
    const left = selection.lane('telemetry')?.choose(far, none) ?? [];
    expect(left.map(({ seq }) => seq)).toEqual([1, 2, 14]);
  });
});

describe('selection', () => {
  it('takes records by lane, device, class and point; the first rule that fits decides', () => {
    const records = [
      at(1, { device: 'meter-1', point: 'power-l1' }),
      at(2, { device: 'meter-2', point: 'power-l2' }),
      at(3, { device: 'meter-1', point: 'energy' }),
      at(4, { device: 'lamp-1', point: 'power' }),
      at(5, { device: 'meter.1', point: 'power' }),
    ];
    expect(chosen([{ point: 'power*', send: 'all' }], records)).toEqual([1, 2, 4, 5]);
    expect(chosen([{ device: 'meter-?', send: 'all' }], records)).toEqual([1, 2, 3]);
    expect(chosen([{ class: 'electricity-*', point: 'power-*', send: 'all' }], records)).toEqual([1, 2]);
    const except: SelectionRule[] = [{ device: 'meter-1', send: 'none' }, { send: 'all' }];
    expect(chosen(except, records)).toEqual([2, 4, 5]);
    expect(chosen([{ lanes: ['meter'], send: 'all' }], records, 'meter')).toHaveLength(5);
    expect(new Selection([{ lanes: ['meter'], send: 'all' }], classOf).lane('telemetry')).toBeUndefined();
  });

  it('sends what changed by more than the deadband, or in quality', () => {
    const values: [number | null, Partial<LoggedReading>?][] = [
      [10],
      [10.5],
      [11],
      [11.5],
      [null, { quality: 'bad', reason: 'timeout' }],
      [null, { quality: 'bad', reason: 'timeout' }],
      [null, { quality: 'bad', reason: 'sensor-fault' }],
      [11.5],
      [11.5],
    ];
    const records = values.map(([value, facts], i) => at(i + 1, { value, ...facts }));
    expect(chosen([{ send: 'changes', deadband: 1 }], records)).toEqual([1, 4, 5, 7, 8]);
    const states = ['open', 'open', 'shut', true, true, false].map((value, i) => at(i + 1, { value }));
    expect(chosen([{ send: 'changes' }], states)).toEqual([1, 3, 4, 6]);
  });

  it('begins anew in each block, wherever reading begins', () => {
    const records = Array.from({ length: 2 * BLOCK + 100 }, (_, i) => at(i + 1, { value: 7 }));
    const rules: SelectionRule[] = [{ send: 'changes', deadband: 100 }];
    expect(chosen(rules, records)).toEqual([1, BLOCK + 1, 2 * BLOCK + 1]);
    const rising = records.map((record) => ({ ...record, value: record.seq * 3 }));
    const whole = chosen(rules, rising);
    for (const cut of [1, 17, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 50]) {
      const selector = new Selection(rules, classOf).lane('telemetry');
      const readBack = (from: number, to: number) => rising.slice(from - 1, to);
      const rest = selector?.choose(rising.slice(cut), readBack).map(({ seq }) => seq);
      expect(rest).toEqual(whole.filter((seq) => seq > cut));
    }
  });

  it('never leaves out what the books are kept by', () => {
    const event = (seq: number, kind: 'epoch' | 'gap' | 'device'): LoggedRecord => ({
      kind: 'event',
      seq,
      event: kind,
      severity: 'info',
      time: 0,
      rank: 'ntp',
      body: {},
    });
    const events = [event(1, 'epoch'), event(2, 'device'), event(3, 'gap')];
    expect(chosen([{ lanes: ['meter'], send: 'all' }], events, 'event')).toEqual([1, 3]);
  });

  it('counts what it left out in the envelopes, and the ledger balances', async () => {
    const log = new MemoryLog();
    const selection = new Selection([{ lanes: ['telemetry'], send: 'changes', deadband: 9 }], classOf);
    const { clock, city, start } = await sent(log, selection);
    log.readings('telemetry', 300);
    log.readings('bulk', 500);
    await using pump = start();
    await clock.advance(5000);
    for (let i = 0; i < 20; i++) {
      log.readings('telemetry', 7);
      log.readings('bulk', 7);
      pump.wake();
      await clock.advance(1000);
    }
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true, records: 44 });
    const [bulk, telemetry] = ['bulk', 'telemetry'].map((name) =>
      report.lanes.find(({ lane }) => lane === name),
    );
    expect(telemetry?.explained.selection).toBe((telemetry?.to ?? 0) - 44);
    expect(bulk).toMatchObject({ received: 0, explained: { selection: 500 } });
    expect(pump.tally()).toMatchObject({ settled: 1080, omitted: 1036 });
  });

  it('says so now and then where nothing leaves at all, so that the cursor moves', async () => {
    const log = new MemoryLog();
    const { clock, city, start } = await sent(log, new Selection([{ device: 'none', send: 'all' }], classOf));
    await using pump = start();
    await clock.advance(100);
    for (let i = 0; i < 25; i++) {
      log.readings('telemetry', 1000);
      pump.wake();
      await clock.advance(100);
    }
    expect(city.messages.map(({ envelope }) => [envelope.first, envelope.last, envelope.count])).toEqual([
      [1, 10_000, 0],
      [10_001, 20_000, 0],
    ]);
    expect(log.cursor('city', 'telemetry').low).toBe(20_000);
    expect(pump.tally()).toMatchObject({ settled: 25_000, omitted: 25_000 });
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 0 });
  });

  it('goes on after a restart with nothing unexplained, and repeats the same records', async () => {
    const log = new MemoryLog();
    const selection = new Selection([{ send: 'changes', deadband: 30 }], classOf);
    const { clock, city, start } = await sent(log, selection);
    for (let i = 0; i < 12; i++) {
      const pump = start();
      await clock.advance(200);
      log.readings('telemetry', 250);
      pump.wake();
      await clock.advance(i % 3 === 0 ? 5 : 300);
      const stopped = pump[Symbol.asyncDispose]();
      await clock.advance(600);
      await stopped;
    }
    await using _last = start();
    await clock.advance(1000);
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0 });
    const seqs = new Set(city.messages.flatMap(({ records }) => records.map(({ seq }) => seq)));
    const expected = Array.from({ length: 3000 }, (_, i) => i + 1).filter(
      (seq) => ((seq - 1) % BLOCK) % 31 === 0,
    );
    expect([...seqs].sort((a, b) => a - b)).toEqual(expected);
  });

  it('explains holes of the log and what it left out apart', async () => {
    const log = new MemoryLog();
    const { clock, city, start } = await sent(
      log,
      new Selection([{ send: 'changes', deadband: 50 }], classOf),
    );
    for (let i = 0; i < 10; i++) log.readings('telemetry', 20);
    log.damaged = { lane: 'telemetry', from: 81, to: 100 };
    log.dropOldest('telemetry', 2);
    await using pump = start();
    await clock.advance(5000);
    expect(pump.tally()).toMatchObject({ settled: 201, dropped: 60 });
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true });
    const telemetry = report.lanes.find(({ lane }) => lane === 'telemetry');
    expect(telemetry?.explained).toMatchObject({ retention: 40, gap: 20 });
  });
});
