/**
 * Seeded outages, crashes, refusals and retention over virtual time: whatever the order, the receiver's ledger
 * (which knows nothing of the sender) balances once the link is back.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import type { SelectionRule } from '../../../agent/core/site.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { Selection } from '../../../agent/uplink/selection.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { City } from './city.ts';

type Step =
  | { readonly do: 'commit'; readonly lane: Lane; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'cut'; readonly arrived: number }
  | { readonly do: 'back' }
  | { readonly do: 'crash'; readonly lost: number }
  | { readonly do: 'poison'; readonly one: number }
  | { readonly do: 'retention'; readonly lane: Lane };

const lane = fc.constantFrom<Lane>('alarm', 'telemetry', 'bulk');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('commit'), lane, count: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 3000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut'), arrived: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), lost: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('poison'), one: fc.integer({ min: 2, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retention'), lane }) },
);

async function play(steps: readonly Step[], inFlight: number, poisoned: boolean, selection?: Selection) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const city = new City(clock);
  const settled: (() => void)[] = [];
  const start = () =>
    startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: city.connect,
      clock,
      log: silent,
      inFlight,
      replayRate: 0,
      ...(selection === undefined ? {} : { selection }),
      backoff: { random: () => 0.3 },
      settle: (of, cursor) => void settled.push(() => log.store('city', of, cursor)),
      // The store keeps refusals as gap records; so does this test.
      refused: (of, refusals) => {
        for (const { seq } of refusals) {
          log.commit('event', [
            {
              kind: 'event',
              event: 'gap',
              severity: 'warning',
              time: 0,
              rank: 'ntp',
              body: { lane: of, from: seq, to: seq, count: 1, reason: 'refused', keptAs: 'nothing' },
            },
          ]);
        }
      },
    });
  const stop = async (pump: Pump) => {
    const stopped = pump[Symbol.asyncDispose]();
    await clock.advance(600);
    await stopped;
  };
  let pump = start();
  for (const one of steps) {
    switch (one.do) {
      case 'commit':
        // Cursors ride in the commit.
        for (const store of settled.splice(0)) store();
        log.readings(one.lane, one.count);
        pump.wake();
        break;
      case 'wait':
        await clock.advance(one.ms);
        break;
      case 'cut':
        city.arriveWithoutAcknowledgement = one.arrived;
        city.cut();
        await clock.advance(0);
        break;
      case 'back':
        city.online = true;
        break;
      case 'crash':
        city.cut();
        await stop(pump);
        settled.splice(Math.max(0, settled.length - one.lost));
        for (const store of settled.splice(0)) store();
        pump = start();
        break;
      case 'poison':
        if (!poisoned) break;
        city.judge = ({ records }) =>
          records.some(({ seq, kind }) => kind === 'reading' && seq % 41 === one.one)
            ? { kind: 'refused', records: records.map(({ seq }) => ({ seq, reason: 'bad request' })) }
            : undefined;
        break;
      case 'retention':
        log.dropOldest(one.lane, 1);
        pump.wake();
        break;
    }
  }
  city.online = true;
  for (let i = 0; i < 12; i++) {
    await clock.advance(60_000);
    for (const store of settled.splice(0)) store();
    pump.wake();
  }
  const tally = pump.tally();
  await stop(pump);
  return { log, city, tally };
}

/** Numbers that leave, told once more in the plainest way: values are numbers, and blocks have 50 of them. */
function expectedOf(rules: readonly SelectionRule[], of: Lane, head: number): number[] {
  const rule = rules.find(({ lanes }) => lanes?.includes(of));
  const expected: number[] = [];
  for (let seq = 1; seq <= head; seq++) {
    const fresh = seq % 50 === 1;
    const far = seq - (expected.at(-1) ?? 0) > (rule?.deadband ?? 0);
    if (rule?.send === 'all' || (rule?.send === 'changes' && (fresh || far))) expected.push(seq);
  }
  return expected;
}

describe('after any outages', () => {
  it('the ledger balances, in order, with every number settled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 16 }),
        async (steps, inFlight) => {
          const { log, city, tally } = await play(steps, inFlight, false);
          const report = city.ledger.report();
          expect(report).toMatchObject({
            balanced: true,
            missing: 0,
            conflicts: 0,
            outOfOrder: 0,
            broken: 0,
          });
          const heads = log.heads();
          const stored = Object.values(heads).reduce((sum, head) => sum + head, 0);
          expect(tally.settled).toBe(stored);
          const explained = report.lanes.reduce(
            (sum, { explained }) => sum + Object.values(explained).reduce((all, one) => all + one, 0),
            0,
          );
          expect(report.records + explained).toBe(stored);
        },
      ),
      { numRuns: 60, seed: 20270101 },
    );
  });

  it('also where a selection leaves records out: those are explained, all others arrive, the same ones ever', async () => {
    const select = fc.array(
      fc.record({
        lanes: fc.uniqueArray(lane, { minLength: 1 }),
        send: fc.constantFrom('all', 'none', 'changes'),
        deadband: fc.integer({ min: 0, max: 9 }),
      }),
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), select, async (steps, rules) => {
        // What retention takes before a crash may be what the rest of its block was compared with.
        const lasting = steps.filter((one) => one.do !== 'retention');
        const { log, city, tally } = await play(lasting, 8, false, new Selection(rules, () => undefined, 50));
        const report = city.ledger.report();
        expect(report).toMatchObject({
          balanced: true,
          missing: 0,
          conflicts: 0,
          outOfOrder: 0,
          broken: 0,
        });
        const heads = log.heads();
        expect(tally.settled).toBe(Object.values(heads).reduce((sum, head) => sum + head, 0));
        for (const of of ['alarm', 'telemetry', 'bulk'] as const) {
          const received = new Set(
            city.messages
              .filter(({ envelope }) => envelope.lane === of)
              .flatMap(({ records }) => records.map(({ seq }) => seq)),
          );
          expect([...received].sort((a, b) => a - b)).toEqual(expectedOf(rules, of, heads[of]));
        }
      }),
      { numRuns: 80, seed: 20270104 },
    );
  });

  it('also where records are refused: they are named, the rest arrives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { log, city, tally } = await play(steps, 8, true);
        const report = city.ledger.report();
        expect(report).toMatchObject({ missing: 0, awaited: 0, conflicts: 0, broken: 0 });
        expect(tally.settled).toBe(Object.values(log.heads()).reduce((sum, head) => sum + head, 0));
      }),
      { numRuns: 40, seed: 20270102 },
    );
  });
});
