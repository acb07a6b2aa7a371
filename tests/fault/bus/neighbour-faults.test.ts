/**
 * Two neighbours of the gateway's network on one line, over real sockets, one of them ill: what is said of the ill one is
 * what is the case, the well one is looked at as before, and the ill one is there again as soon as it is.
 */
import { expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { driverFor } from '../../../drivers/index.ts';
import { type NetworkNeighbour, networkNeighbour } from '../../../hw-sim/devices/network-neighbour.ts';
import { device, profile } from '../../unit/drivers/load.ts';

const LIMIT = 60_000;
const soon = { timeout: 20_000, interval: 5 };

const ILLS: readonly (readonly [string, (one: NetworkNeighbour) => void | Promise<void>])[] = [
  [
    'hangs',
    (one) => {
      one.mood = 'hanging';
    },
  ],
  [
    'has a broken page',
    (one) => {
      one.mood = 'broken';
    },
  ],
  ['is lost', (one) => one.leave()],
];

test.each(ILLS)(
  'one that %s',
  async (_, fall) => {
    await using ill = await networkNeighbour();
    await using well = await networkNeighbour();
    const readings: Reading[] = [];
    // A loaded machine may take its time to look at the well one, which must not look ill for it.
    const of = (id: string, port: number, timeout: string) => ({
      ...device(profile('neighbour-http'), {
        address: '127.0.0.1',
        every: 20,
        options: { port, timeout, refused: 'down' },
      }),
      id,
    });
    await using _line = openLine({
      line: { id: 'lan', kind: 'network', timeout: 1000 },
      devices: [of('ill', ill.port, '300ms'), of('well', well.port, '10s')],
      driver: driverFor,
      clock: new SystemClock(),
      log: silent,
      publisher: { readings: (more) => void readings.push(...more), event: () => {} },
    });
    const said = (id: string) => readings.filter((one) => one.device === id && one.point === 'reachable');
    const last = (id: string) => said(id).at(-1)?.value;
    await expect.poll(() => [last('ill'), last('well')], soon).toEqual([true, true]);

    await fall(ill);
    await expect.poll(() => last('ill'), soon).toBe(false);
    const from = said('ill').length;
    const beside = said('well').length;
    await expect.poll(() => said('ill').length - from, soon).toBeGreaterThanOrEqual(5);
    // Once it was seen to be ill, nothing else is said of it; nobody measures how far a host is that is not there.
    expect(
      new Set(
        said('ill')
          .slice(from)
          .map(({ value }) => value),
      ),
    ).toEqual(new Set([false]));
    const distance = readings.findLast((one) => one.device === 'ill' && one.point === 'latency');
    expect(distance).toMatchObject({ value: null, quality: 'bad' });
    expect(said('well').length - beside).toBeGreaterThanOrEqual(3);

    ill.mood = 'there';
    // One that has not left binds its port anew all the same.
    await ill.leave();
    await ill.comeBack();
    await expect.poll(() => last('ill'), soon).toBe(true);
    // All the while the well one was there.
    expect(said('well').every(({ value }) => value !== false)).toBe(true);
  },
  LIMIT,
);
