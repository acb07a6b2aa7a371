import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import { type PumpOptions, startPump } from '../../../agent/uplink/pump.ts';
import type { Refusal } from '../../../agent/uplink/refusal.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';

interface Setup {
  readonly options?: Partial<PumpOptions>;
  readonly log?: MemoryLog;
}

function setup({ options = {}, log = new MemoryLog() }: Setup = {}) {
  const clock = new VirtualClock();
  const city = new City(clock);
  const refusals: Refusal[] = [];
  const start = () =>
    startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: city.connect,
      clock,
      log: silent,
      inFlight: 16,
      replayRate: 0,
      backoff: { random: () => 0.5 },
      settle: (lane, cursor) => log.store('city', lane, cursor),
      refused: (_, records) => refusals.push(...records),
      ...options,
    });
  return { clock, city, log, refusals, start };
}

const seqs = (city: City, stream: string, lane: Lane = 'telemetry') =>
  city.messages
    .filter(({ envelope }) => envelope.stream === stream && envelope.lane === lane)
    .flatMap(({ records }) => records.map(({ seq }) => seq));

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('pump', () => {
  it('sends what was there as backlog and what comes as live, and settles all of it', async () => {
    const { clock, city, log, start } = setup();
    log.readings('telemetry', 50);
    log.readings('telemetry', 50);
    await using pump = start();
    await clock.advance(1000);
    log.readings('telemetry', 7);
    pump.wake();
    await clock.advance(1000);
    expect(seqs(city, 'backlog')).toEqual(upTo(1, 100));
    expect(seqs(city, 'live')).toEqual(upTo(101, 107));
    expect(log.cursor('city', 'telemetry')).toEqual({ low: 107, above: [] });
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 107, resent: 0 });
    expect(pump.tally()).toMatchObject({ connected: true, settled: 107, refused: 0, resent: 0 });
  });

  it('tells an outage once, and anew where its reason becomes a name that nobody knows', async () => {
    const failed = (message: string, code: string) =>
      new AgentError('broker-unreachable', message, { context: { code } });
    const refused = failed('connect ECONNREFUSED', 'ECONNREFUSED');
    const unknown = failed('getaddrinfo EAI_AGAIN city', 'EAI_AGAIN');
    const tries = [refused, refused, unknown, unknown, refused];
    const told: string[] = [];
    const { clock, start } = setup({
      options: {
        connect: async () => {
          throw tries.shift() ?? refused;
        },
        onState: (state, error) => void told.push(`${state}: ${error?.message}`),
      },
    });
    await using _pump = start();
    await clock.advance(600_000);
    expect(told).toEqual([
      'down: connect ECONNREFUSED',
      'down: getaddrinfo EAI_AGAIN city',
      'down: connect ECONNREFUSED',
    ]);
  });

  it('keeps lanes by priority and never more under way than allowed', async () => {
    const { clock, city, log, start } = setup({ options: { inFlight: 4 } });
    log.readings('bulk', 400);
    log.readings('telemetry', 400);
    log.readings('alarm', 3);
    await using _pump = start();
    await clock.advance(60_000);
    const order = [...new Set(city.messages.map(({ envelope }) => envelope.lane))];
    expect(order).toEqual(['alarm', 'telemetry', 'bulk']);
    expect(city.mostUnderWay).toBe(3);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 803 });
  });

  it('after a minute away sends live at once and the backlog behind it in its own order', async () => {
    const { clock, city, log, start } = setup();
    await using pump = start();
    await clock.advance(100);
    for (let second = 0; second < 180; second++) {
      if (second === 60) city.cut();
      if (second === 120) city.online = true;
      log.readings('telemetry', 10);
      pump.wake();
      await clock.advance(1000);
    }
    await clock.advance(120_000);
    expect(seqs(city, 'live').filter((seq) => seq <= 600)).toEqual(upTo(1, 600));
    const backlog = seqs(city, 'backlog');
    expect(backlog).toEqual([...backlog].sort((a, b) => a - b));
    expect(backlog[0]).toBe(601);
    const jump = city.messages.find(
      ({ envelope }) => envelope.stream === 'live' && envelope.omitted.length > 0,
    );
    expect(jump?.envelope).toMatchObject({
      prev: 600,
      omitted: [{ rule: 'stream', ranges: [[601, (jump?.envelope.first ?? 0) - 1]] }],
    });
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 1800, outOfOrder: 0 });
  });

  it('does not let a long backlog on a slow link delay live data', async () => {
    const { clock, city, log, start } = setup();
    log.readings('telemetry', 5000);
    city.delay = 3000;
    const pump = start();
    await clock.advance(30_000);
    const before = city.messages.length;
    const [newest] = log.readings('telemetry', 1);
    pump.wake();
    await clock.advance(3001);
    const arrived = city.messages.slice(before).flatMap(({ records }) => records.map(({ seq }) => seq));
    expect(arrived).toContain(newest?.seq);
    expect(seqs(city, 'live')).toEqual([5001]);
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(1000);
    await stopped;
  });

  it('replays no faster than its limit', async () => {
    const { clock, city, log, start } = setup({ options: { replayRate: 100 } });
    log.readings('telemetry', 5000);
    await using _pump = start();
    await clock.advance(10_000);
    const replayed = seqs(city, 'backlog').length;
    expect(replayed).toBeGreaterThan(900);
    expect(replayed).toBeLessThan(1250);
    await clock.advance(45_000);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 5000 });
  });

  it('books a partial refusal, names it in the envelope behind, and sends the rest once', async () => {
    const { clock, city, log, refusals, start } = setup();
    city.judge = ({ records }) => {
      const bad = records.filter(({ seq }) => seq === 3 || seq === 4);
      return bad.length === 0
        ? undefined
        : { kind: 'refused', records: bad.map(({ seq }) => ({ seq, reason: 'unknown unit' })) };
    };
    log.readings('telemetry', 10);
    await using pump = start();
    await clock.advance(1000);
    expect(refusals).toEqual([3, 4].map((seq) => ({ seq, reason: 'unknown unit' })));
    expect(log.cursor('city', 'telemetry')).toEqual({ low: 10, above: [] });
    expect(pump.tally()).toMatchObject({ settled: 10, refused: 2 });
    log.readings('telemetry', 1);
    pump.wake();
    await clock.advance(1000);
    expect(seqs(city, 'live')).toEqual([11]);
  });

  it('halves a message that is refused whole until the bad record is found', async () => {
    const { clock, city, log, refusals, start } = setup();
    const poison = new Set([17, 23]);
    city.judge = ({ records }) =>
      records.some(({ seq }) => poison.has(seq))
        ? { kind: 'refused', records: records.map(({ seq }) => ({ seq, reason: 'HTTP 400' })) }
        : undefined;
    log.readings('telemetry', 100);
    await using pump = start();
    await clock.advance(60_000);
    log.readings('telemetry', 20);
    pump.wake();
    await clock.advance(60_000);
    expect(refusals.map(({ seq }) => seq)).toEqual([17, 23]);
    expect(log.cursor('city', 'telemetry')).toEqual({ low: 120, above: [] });
    const report = city.ledger.report();
    expect(report).toMatchObject({ records: 118, missing: 0, conflicts: 0, broken: 0, resent: 0 });
    expect(report.lanes[0]?.explained).toEqual({ refused: 2 });
  });

  it('refuses a record that no message can hold and goes on', async () => {
    const { clock, city, log, refusals, start } = setup();
    log.readings('event', 3);
    log.commit('event', [
      {
        kind: 'event',
        event: 'agent',
        severity: 'info',
        time: 0,
        rank: 'ntp',
        body: { text: 'x'.repeat(9000) },
      },
    ]);
    log.readings('event', 3);
    await using _pump = start();
    await clock.advance(5000);
    expect(refusals).toEqual([{ seq: 4, reason: 'too large: above 4000 bytes by itself' }]);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 6 });
    expect(city.messages.every((message) => message.envelope.count <= 25)).toBe(true);
  });

  it('keeps what is turned down for now and tries again with back-off', async () => {
    const { clock, city, log, start } = setup();
    let tries = 0;
    city.judge = () => (++tries <= 4 ? { kind: 'keep', reason: 'quota exceeded' } : undefined);
    log.readings('telemetry', 5);
    await using _pump = start();
    await clock.advance(1000);
    expect(tries).toBeLessThan(4);
    await clock.advance(60_000);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 5 });
    expect(city.connects).toBe(1);
  });

  it('says what retention took before it could be sent', async () => {
    const { clock, city, log, start } = setup();
    city.online = false;
    for (let i = 0; i < 10; i++) log.readings('telemetry', 20);
    await using pump = start();
    await clock.advance(1000);
    expect(log.dropOldest('telemetry', 3)).toBe(60);
    city.online = true;
    await clock.advance(120_000);
    expect(pump.tally()).toMatchObject({ dropped: 60, settled: 201 });
    const first = city.messages.find(({ envelope }) => envelope.lane === 'telemetry');
    expect(first?.envelope).toMatchObject({
      prev: 0,
      first: 61,
      omitted: [{ rule: 'gap', count: 60, ranges: [[1, 60]], reason: 'retention' }],
    });
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true, records: 141, gaps: { retention: 1 } });
    expect(report.lanes.find(({ lane }) => lane === 'telemetry')?.explained).toEqual({ retention: 60 });
  });

  it('goes around a damaged batch and names what it held', async () => {
    const { clock, city, log, start } = setup();
    for (let i = 0; i < 5; i++) log.readings('telemetry', 10);
    log.damaged = { lane: 'telemetry', from: 21, to: 30 };
    await using pump = start();
    await clock.advance(5000);
    expect(pump.tally()).toMatchObject({ settled: 50, dropped: 10 });
    const report = city.ledger.report();
    expect(report).toMatchObject({ balanced: true, records: 40 });
    expect(report.lanes[0]?.explained).toEqual({ gap: 10 });
  });

  it('gives nothing up where the file itself cannot be read', async () => {
    const failures: string[] = [];
    const { clock, log, start } = setup({ options: { onLogFailed: ({ code }) => failures.push(code) } });
    log.readings('telemetry', 10);
    log.damaged = { lane: 'telemetry', from: 1, to: 10 };
    await using pump = start();
    await clock.advance(100);
    expect(failures).toEqual(['store-damaged']);
    expect(pump.tally()).toMatchObject({ settled: 0, dropped: 0 });
  });

  it('repeats the same records under the same numbers after a crash', async () => {
    const { clock, city, log, start } = setup();
    const crashed = start();
    for (let i = 0; i < 20; i++) {
      log.readings('telemetry', 10);
      crashed.wake();
      await clock.advance(50);
    }
    // The cursor that rode in the last commit before the crash is older than what the city has.
    log.store('city', 'telemetry', { low: 70, above: [[101, 120]] });
    await crashed[Symbol.asyncDispose]();
    await using _pump = startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: city.connect,
      clock,
      log: silent,
      inFlight: 16,
      replayRate: 0,
      settle: (lane, cursor) => log.store('city', lane, cursor),
    });
    await clock.advance(10_000);
    expect(city.ledger.report()).toMatchObject({ balanced: true, records: 200, resent: 110, conflicts: 0 });
  });

  it('stops with nothing left behind while the city does not answer', async () => {
    const { clock, city, log, start } = setup();
    city.delay = 1e9;
    log.readings('telemetry', 100);
    const pump = start();
    await clock.advance(1000);
    expect(city.underWay).toBeGreaterThan(0);
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(600);
    await stopped;
    expect(city.underWay).toBe(0);
    const { connects } = city;
    pump.wake();
    await clock.advance(600_000);
    expect(city.connects).toBe(connects);
    expect(log.cursor('city', 'telemetry').low).toBe(0);
  });
});
