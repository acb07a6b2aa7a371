/** What happened, read back from the event lane. */
import { expect, test } from 'vitest';
import type { LoggedRecord, LogSource } from '../../../agent/core/record.ts';
import { eventsTold } from '../../../agent/store/events-told.ts';

/** A lane of `count` events, every seventh an audit, whose first `gone` are dropped; batches of 100. */
function lane(count: number, gone = 0): Pick<LogSource, 'heads' | 'tails' | 'read'> & { looked: number } {
  const only = (event: number) => ({ alarm: 0, event, meter: 0, telemetry: 0, bulk: 0 });
  const log = {
    looked: 0,
    heads: () => only(count),
    tails: () => only(gone + 1),
    read: (_lane: 'event', from: number, limit: number) => {
      const first = Math.max(from, gone + 1);
      if (first > count) return undefined;
      const last = Math.min(count, first + Math.min(limit, 100) - 1);
      log.looked += last - first + 1;
      const records = Array.from({ length: last - first + 1 }, (_, i): LoggedRecord => {
        const seq = first + i;
        const event = seq % 7 === 0 ? 'audit' : 'light';
        return { kind: 'event', seq, event, severity: 'info', time: seq, rank: 'ntp', body: {} };
      });
      return { epoch: 'e', lane: 'event' as const, first, last, records };
    },
  };
  return log as unknown as Pick<LogSource, 'heads' | 'tails' | 'read'> & { looked: number };
}

test('gives the newest of a kind, newest first, and goes on below a number', () => {
  const seqs = (before?: number) => eventsTold(lane(1000), ['audit'], 3, before).map(({ seq }) => seq);
  expect(seqs()).toEqual([994, 987, 980]);
  expect(seqs(980)).toEqual([973, 966, 959]);
  expect(seqs(8)).toEqual([7]);
  expect(seqs(1)).toEqual([]);
});

test('stops at what retention has left, and does not read a lane without end for a kind that is not in it', () => {
  expect(eventsTold(lane(100, 50), ['audit'], 100).map(({ seq }) => seq)).toEqual([
    98, 91, 84, 77, 70, 63, 56,
  ]);
  const long = lane(1_000_000);
  expect(eventsTold(long, ['config'], 5)).toEqual([]);
  expect(long.looked).toBeLessThanOrEqual(20_001);
});
