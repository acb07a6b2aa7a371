/** How old a backlog is: the moment of its oldest record. */
import { expect, test } from 'vitest';
import type { Lane } from '../../../agent/core/point.ts';
import type { LogSource } from '../../../agent/core/record.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { OldestWaiting } from '../../../agent/uplink/oldest.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const heads = (telemetry: number) => ({ alarm: 0, event: 0, meter: 0, telemetry, bulk: 0 });

test('is told once it is old, looked up once while nothing moves, and gone with the backlog', async () => {
  const clock = new VirtualClock();
  const began = wallAt(clock.mapping(), clock.mono()).time;
  let reads = 0;
  const source = {
    read: (lane: Lane, from: number) => {
      reads += 1;
      // A record a second since the beginning.
      return { lane, first: from, last: from, epoch: 'e', records: [{ time: began + 1000 * from }] };
    },
  } as unknown as Pick<LogSource, 'read'>;
  const oldest = new OldestWaiting(source, clock);
  let low = 10;
  const at = (head: number) => oldest.at(heads(head), () => ({ low, above: [] }));
  expect(at(10)).toBeUndefined();
  await clock.advance(20_000);
  // What waits for a moment is on its way.
  low = 15;
  expect(at(20)).toBeUndefined();
  await clock.advance(60_000);
  expect(at(80)).toBe(began + 16_000);
  const asked = reads;
  await clock.advance(60_000);
  expect([at(140), reads]).toEqual([began + 16_000, asked]);
  low = 100;
  await clock.advance(10_000);
  expect(at(150)).toBe(began + 101_000);
  low = 150;
  expect(at(150)).toBeUndefined();
});
