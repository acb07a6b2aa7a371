import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiverLedger, type Report } from '../../../agent/cli/verify/ledger.ts';
import { Numbers, type Span } from '../../../agent/cli/verify/numbers.ts';

interface Facts {
  readonly stream?: 'live' | 'backlog';
  readonly lane?: string;
  readonly epoch?: string;
  readonly omitted?: readonly object[];
  readonly change?: (seq: number) => object;
}

function message(prev: number, first: number, last: number, facts: Facts = {}) {
  const { stream = 'live', lane = 'telemetry', epoch = 'e1', omitted = [], change = () => ({}) } = facts;
  const records = Array.from({ length: last - first + 1 }, (_, i) => ({
    seq: first + i,
    device: 'd',
    point: 'p',
    value: first + i,
    unit: '1',
    quality: 'good',
    time: '2027-01-01T00:00:00.000Z',
    ...change(first + i),
  }));
  return {
    v: 1,
    agent: 'a',
    epoch,
    lane,
    stream,
    first,
    last,
    count: records.length,
    prev,
    omitted,
    records,
  };
}

const stream = (from: number, to: number) => ({ rule: 'stream', count: to - from + 1, ranges: [[from, to]] });

function books(messages: readonly unknown[], complete = true): Report {
  const ledger = new ReceiverLedger({ complete });
  for (const one of messages) ledger.take(one);
  return ledger.report();
}

describe('receiver ledger', () => {
  it('balances over a chain of messages and counts what is sent again apart', () => {
    const report = books([message(0, 1, 10), message(10, 11, 20), message(0, 1, 10)]);
    expect(report).toMatchObject({ balanced: true, records: 20, resent: 10, conflicts: 0 });
  });

  it('misses a message that did not come, with its numbers', () => {
    const report = books([message(0, 1, 10), message(20, 21, 30)]);
    expect(report).toMatchObject({ balanced: false, missing: 10 });
    expect(report.lanes[0]?.missingRanges).toEqual([[11, 20]]);
  });

  it('awaits what live left to the backlog, and misses it once the backlog has passed', () => {
    const jump = [message(0, 1, 10), message(10, 31, 40, { omitted: [stream(11, 30)] })];
    expect(books(jump)).toMatchObject({ balanced: false, awaited: 20, missing: 0 });
    const backlog = { stream: 'backlog', omitted: [stream(1, 10)] } as const;
    expect(books([...jump, message(0, 11, 30, backlog)])).toMatchObject({ balanced: true, records: 40 });
    const torn = books([...jump, message(0, 11, 20, backlog), message(25, 26, 30, { stream: 'backlog' })]);
    expect(torn).toMatchObject({ balanced: false, missing: 5, awaited: 0 });
  });

  it('does not take the word of both streams for numbers that never came', () => {
    const report = books([
      message(0, 1, 10),
      message(10, 21, 30, { omitted: [stream(11, 20)] }),
      message(0, 31, 40, { stream: 'backlog', omitted: [stream(1, 30)] }),
    ]);
    expect(report.lanes[0]?.missingRanges).toEqual([[11, 20]]);
  });

  it('takes refusals and gaps as explained', () => {
    const report = books([
      message(0, 6, 10, { omitted: [{ rule: 'gap', count: 5, ranges: [[1, 5]], reason: 'retention' }] }),
      message(10, 12, 20, {
        omitted: [{ rule: 'refused', count: 1, ranges: [[11, 11]], reason: 'too large' }],
      }),
      message(20, 25, 30, { omitted: [{ rule: 'selection', count: 4 }] }),
    ]);
    expect(report).toMatchObject({ balanced: true, missing: 0 });
    expect(report.lanes[0]?.explained).toEqual({ gap: 5, refused: 1, selection: 4 });
  });

  it('takes a gap record of the event lane as explained', () => {
    const body = { lane: 'telemetry', from: 11, to: 20, count: 10, reason: 'retention', keptAs: 'rollups' };
    const event = message(0, 1, 1, { lane: 'event', change: () => ({ event: 'gap', body }) });
    const report = books([message(0, 1, 10), message(20, 21, 30), event, event]);
    expect(report).toMatchObject({ balanced: true, gaps: { retention: 1 } });
  });

  it('takes a bucket that late readings changed for the same, if it says so', () => {
    const bucket = (revision: number, max: number) =>
      message(0, 1, 1, { change: () => ({ from: 'a', to: 'b', revision, values: [{ max }] }) });
    expect(books([bucket(0, 1), bucket(1, 2), bucket(1, 2)])).toMatchObject({ balanced: true, resent: 2 });
    expect(books([bucket(0, 1), bucket(0, 2)])).toMatchObject({ balanced: false, conflicts: 1 });
  });

  it('finds the same number with another content, but forgives a better time', () => {
    const better = message(0, 1, 10, { change: () => ({ time: '2027-01-01T00:00:09.000Z' }) });
    const retimed = books([message(0, 1, 10), better]);
    expect(retimed).toMatchObject({ balanced: true, resent: 10 });
    expect(retimed.lanes[0]?.retimed).toBe(10);
    const forged = message(0, 1, 10, { change: (seq) => (seq === 4 ? { value: 99 } : {}) });
    expect(books([message(0, 1, 10), forged])).toMatchObject({ balanced: false, conflicts: 1, resent: 9 });
  });

  it('finds records that come out of order within a stream', () => {
    const report = books([message(0, 11, 20, { omitted: [stream(1, 10)] }), message(0, 1, 10)]);
    expect(report).toMatchObject({ balanced: false, outOfOrder: 10, missing: 0 });
  });

  it('takes what the broker delivered again for late, not for out of order, and no machine for its clone', () => {
    const ledger = new ReceiverLedger({ complete: true });
    for (const [one, again] of [
      [message(0, 1, 10), false],
      [message(20, 21, 30), false],
      [message(10, 11, 20), true],
      // The agent has a new log by now, and what is left of the old one comes in between.
      [message(0, 1, 10, { epoch: 'e2' }), false],
      [message(40, 41, 50), true],
      [message(10, 11, 20, { epoch: 'e2' }), false],
      [message(30, 31, 40), true],
      [message(20, 21, 30, { epoch: 'e2' }), false],
      [message(50, 51, 60), true],
      [message(50, 51, 60), true],
    ] as const)
      ledger.take(one, again);
    expect(ledger.report()).toMatchObject({
      balanced: true,
      late: 20,
      outOfOrder: 0,
      resent: 10,
      clones: [],
    });
  });

  it('asks a late receiver only for what it can know', () => {
    const late = [
      message(600, 601, 610),
      message(300, 301, 500, { stream: 'backlog' }),
      message(500, 595, 600, { stream: 'backlog', omitted: [stream(501, 594)] }),
    ];
    expect(books(late, false)).toMatchObject({ balanced: true, records: 216 });
    expect(books(late, true)).toMatchObject({ balanced: false, missing: 394 });
    expect(books([...late, message(620, 621, 630)], false)).toMatchObject({ balanced: false, missing: 10 });
  });

  it('follows the chain of epochs and asks for the end of the one before', () => {
    const heads = { alarm: 0, event: 0, meter: 0, telemetry: 12, bulk: 0 };
    const next = message(0, 1, 1, {
      epoch: 'e2',
      lane: 'event',
      change: () => ({ event: 'epoch', body: { previous: 'e1', heads } }),
    });
    const report = books([message(0, 1, 10), next]);
    expect(report.epochs).toEqual([
      { agent: 'a', epoch: 'e1', chain: 'silent' },
      { agent: 'a', epoch: 'e2', previous: 'e1', chain: 'chained' },
    ]);
    expect(report).toMatchObject({ balanced: false, missing: 2 });
  });

  it('names what is wrong with a broken message and never throws', () => {
    const sound = message(0, 1, 3);
    const broken = [
      null,
      [],
      { ...sound, v: 2 },
      { ...sound, prev: 1 },
      { ...sound, count: 2 },
      { ...sound, records: [] },
      { ...sound, omitted: [{ rule: 'stream', count: 3 }] },
      { ...sound, omitted: [{ rule: 'gap', count: 2, ranges: [[1, 5]] }] },
      { ...sound, records: [...sound.records].reverse() },
      { ...sound, first: '1' },
    ];
    for (const one of broken) {
      const report = books([one]);
      expect(report).toMatchObject({ balanced: false, broken: 1, records: 0 });
      expect(report.brokenBecause[0]).toBeTypeOf('string');
    }
    fc.assert(
      fc.property(
        fc.record({
          base: fc.constant(sound),
          path: fc.constantFrom(...Object.keys(sound)),
          value: fc.jsonValue(),
        }),
        ({ base, path, value }) => {
          books([{ ...base, [path]: value }]);
        },
      ),
      { seed: 20270103, numRuns: 500 },
    );
  });
});

describe('sets of numbers', () => {
  it('agree with plain sets', () => {
    const spans = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 9 }))
        .map(([a, b]): Span => [a, a + b]),
    );
    const flat = (numbers: Numbers) =>
      new Set(numbers.spans.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)));
    const plain = (list: readonly Span[]) =>
      new Set(list.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)));
    fc.assert(
      fc.property(spans, spans, (one, other) => {
        const [a, b] = [new Numbers(one), new Numbers(other)];
        expect(flat(a)).toEqual(plain(one));
        expect(a.size).toBe(plain(one).size);
        expect(flat(a.without(b))).toEqual(plain(one).difference(plain(other)));
        for (let n = 0; n < 62; n++) expect(a.has(n)).toBe(plain(one).has(n));
        for (let i = 1; i < a.spans.length; i++)
          expect(a.spans[i]?.[0]).toBeGreaterThan((a.spans[i - 1]?.[1] ?? 0) + 1);
      }),
    );
  });
});
