/** Logs of earlier epochs are drained too, each under its own name; counts outlive a restart. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { type PumpOptions, startPump } from '../../../agent/uplink/pump.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';

function setup(earlier: MemoryLog[], options: Partial<PumpOptions> = {}) {
  const clock = new VirtualClock();
  const city = new City(clock);
  const log = new MemoryLog('epoch-2');
  const refused: { epoch: string | undefined; seqs: number[] }[] = [];
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
      backoff: { random: () => 0.5 },
      earlier: () => earlier,
      settle: (lane, cursor) => log.store('city', lane, cursor),
      note: (key, lane, cursor) => log.store(key, lane, cursor),
      refused: (_, records, epoch) => void refused.push({ epoch, seqs: records.map(({ seq }) => seq) }),
      ...options,
    });
  return { clock, city, log, refused, start };
}

function earlierLog(epoch: string, settled: number): MemoryLog {
  const log = new MemoryLog(epoch);
  for (let i = 0; i < 5; i++) log.readings('telemetry', 20);
  log.readings('meter', 3);
  log.store('city', 'telemetry', { low: settled, above: [] });
  return log;
}

describe('earlier epochs', () => {
  it('go behind the backlog of the present one, from where they were settled, and never again', async () => {
    const { clock, city, log, start } = setup([earlierLog('epoch-0', 100), earlierLog('epoch-1', 40)]);
    log.readings('telemetry', 200);
    {
      const pump = start();
      await clock.advance(3000);
      const epochs = [...new Set(city.messages.map(({ envelope }) => envelope.epoch))];
      expect(epochs).toEqual(['epoch-2', 'epoch-0', 'epoch-1']);
      const of = (epoch: string) =>
        city.messages
          .filter(({ envelope }) => envelope.epoch === epoch && envelope.lane === 'telemetry')
          .flatMap(({ records }) => records.map(({ seq }) => seq));
      expect(of('epoch-0')).toEqual([]);
      expect(of('epoch-1')).toEqual(Array.from({ length: 60 }, (_, i) => 41 + i));
      expect(pump.tally()).toMatchObject({ settled: 200, earlier: 0 });
      const stopped = pump[Symbol.asyncDispose]();
      await clock.advance(1000);
      await stopped;
    }
    const { length } = city.messages;
    await using _again = start();
    await clock.advance(3000);
    expect(city.messages).toHaveLength(length);
    expect(city.ledger.report()).toMatchObject({ missing: 40, conflicts: 0, outOfOrder: 0, resent: 0 });
  });

  it('may turn up later, and one that cannot be read holds up nobody', async () => {
    const logs: MemoryLog[] = [];
    const { clock, city, log, start } = setup(logs);
    await using pump = start();
    log.readings('telemetry', 10);
    pump.wake();
    await clock.advance(1000);
    const broken = earlierLog('epoch-0', 0);
    broken.damaged = { lane: 'telemetry', from: 1, to: 100 };
    logs.push(broken, earlierLog('epoch-1', 0));
    pump.wake();
    await clock.advance(1000);
    log.readings('telemetry', 10);
    pump.wake();
    await clock.advance(5000);
    const counts = new Map<string, number>();
    for (const { envelope } of city.messages) {
      counts.set(envelope.epoch, (counts.get(envelope.epoch) ?? 0) + envelope.count);
    }
    expect(Object.fromEntries(counts)).toEqual({ 'epoch-2': 20, 'epoch-0': 3, 'epoch-1': 103 });
    expect(pump.tally()).toMatchObject({ connected: true, settled: 20, earlier: 100 });
    expect(city.connects).toBe(1);
  });

  it('names what is refused of them by their own name', async () => {
    const { clock, city, refused, start } = setup([earlierLog('epoch-1', 90)]);
    city.judge = ({ records }) =>
      records.some(({ seq }) => seq === 95)
        ? { kind: 'refused', records: records.map(({ seq }) => ({ seq, reason: 'HTTP 400' })) }
        : undefined;
    await using _pump = start();
    await clock.advance(30_000);
    expect(refused).toEqual([{ epoch: 'epoch-1', seqs: [95] }]);
  });
});

describe('counts', () => {
  it('are those of the epoch also right after a restart', async () => {
    const { clock, city, log, start } = setup([]);
    city.online = false;
    for (let i = 0; i < 10; i++) log.readings('telemetry', 20);
    log.dropOldest('telemetry', 2);
    city.online = true;
    city.judge = ({ records }) => {
      const bad = records.filter(({ seq }) => seq % 50 === 0);
      if (bad.length === 0) return undefined;
      return { kind: 'refused', records: bad.map(({ seq }) => ({ seq, reason: 'no' })) };
    };
    const first = start();
    await clock.advance(30_000);
    const counts = { settled: 201, refused: 4, dropped: 40 };
    expect(first.tally()).toMatchObject(counts);
    const stopped = first[Symbol.asyncDispose]();
    await clock.advance(1000);
    await stopped;
    const second = start();
    expect(second.tally()).toMatchObject({ ...counts, connected: false });
    log.readings('telemetry', 50);
    await clock.advance(30_000);
    expect(second.tally()).toMatchObject({ settled: 251, refused: 5, dropped: 40 });
    const end = second[Symbol.asyncDispose]();
    await clock.advance(1000);
    await end;
  });
});
