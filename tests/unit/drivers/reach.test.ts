/** Network neighbours on real sockets: there, away, refusing, hanging, back again. */
import { afterEach, describe, expect, it } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import type { DeviceMemory } from '../../../agent/core/driver.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { driverFor } from '../../../drivers/index.ts';
import reach from '../../../drivers/reach/index.ts';
import { type Mood, networkNeighbour } from '../../../hw-sim/devices/network-neighbour.ts';
import { device, profile } from './load.ts';

const clock = new SystemClock();
const LAN: LineConfig = { id: 'lan', kind: 'network', timeout: 1000 };
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function watched(
  stem: string,
  mood: Mood,
  options: DeviceConfig['options'] = {},
  memory?: DeviceMemory,
) {
  const neighbour = await networkNeighbour(mood);
  open.push(neighbour);
  const readings: Reading[] = [];
  const config = device(profile(stem), {
    address: '127.0.0.1',
    every: 20,
    options: { port: neighbour.port, timeout: '200ms', ...options },
  });
  expect(reach.checkDevice(config)).toEqual([]);
  const line = openLine({
    line: LAN,
    devices: [config],
    driver: driverFor,
    clock,
    log: silent,
    publisher: { readings: (more) => readings.push(...more), event: () => {} },
    ...(memory === undefined ? {} : { memory: () => memory }),
  });
  open.push(line);
  const last = (point: string) => readings.findLast((one) => one.point === point);
  return { neighbour, readings, last, line };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not within 10 s: ${what}`);
}

describe('a neighbour', () => {
  it('that is there says so, with its time; every point at every look', async () => {
    const { last, readings, line } = await watched('neighbour-tcp', 'there');
    await until(() => readings.length >= 8);
    expect(last('reachable')).toMatchObject({ value: true, quality: 'good' });
    expect(last('latency')?.value).toBeGreaterThanOrEqual(0);
    expect(last('loss')?.value).toBe(0);
    expect(readings.slice(0, 4).map(({ point }) => point)).toEqual([
      'reachable',
      'latency',
      'loss',
      'outages',
    ]);
    expect(line.health().map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect(
      await line.write('dev', { point: 'reachable', value: true }, new AbortController().signal),
    ).toMatchObject({
      kind: 'rejected',
    });
  });

  it('that goes away and comes back is one outage, which is remembered', async () => {
    let kept: string | undefined = '4';
    const memory: DeviceMemory = {
      read: () => kept,
      save: (text) => {
        kept = text;
      },
    };
    const { neighbour, last } = await watched('neighbour-tcp', 'there', { refused: 'down' }, memory);
    await until(() => last('reachable')?.value === true);
    await neighbour.leave();
    await until(() => last('reachable')?.value === false);
    expect(last('latency')).toMatchObject({ value: null, reason: 'timeout' });
    expect(last('loss')?.value).toBeGreaterThan(0);
    await neighbour.comeBack();
    await until(() => last('reachable')?.value === true);
    expect([last('outages')?.value, kept]).toEqual([5, '5']);
  });

  it('that refuses is there, unless the service itself is meant', async () => {
    const { neighbour, last, readings } = await watched('neighbour-tcp', 'there');
    await neighbour.leave();
    readings.splice(0);
    await until(() => readings.length >= 16);
    expect(last('reachable')?.value).toBe(true);
  });

  it('whose page wants a login is there, one that is broken or hangs is not', async () => {
    const { neighbour, last } = await watched('neighbour-http', 'there');
    await until(() => last('reachable')?.value === true);
    neighbour.mood = 'broken';
    await until(() => last('reachable')?.value === false);
    neighbour.mood = 'there';
    await until(() => last('reachable')?.value === true);
    neighbour.mood = 'hanging';
    await until(() => last('reachable')?.value === false);
  });

  it('nobody has heard of is not called away before three looks', async () => {
    const { readings } = await watched('neighbour-http', 'hanging');
    const states = () => readings.filter(({ point }) => point === 'reachable');
    await until(() => states().length >= 3);
    expect(states().slice(0, 3)).toMatchObject([
      { value: null, reason: 'not-available' },
      { value: null, reason: 'not-available' },
      { value: false, quality: 'good' },
    ]);
  });
});

it('checks address, fields and types', () => {
  const of = profile('neighbour-tcp');
  const said = (address: string | number) =>
    reach.checkDevice(device(of, { address })).map(({ path }) => path[0]);
  expect([said('ap.street.example'), said('fe80::1'), said(7), said('a b')]).toEqual([
    [],
    [],
    ['address'],
    ['address'],
  ]);
  const [first] = of.points;
  if (first === undefined) throw new Error('no point');
  const points = [
    { ...first, type: 'number' as const },
    { ...first, wire: { field: 'latency' } },
    { ...first, wire: { field: 'speed' } },
  ];
  expect(new Set(reach.checkProfile({ ...of, points }).map(({ path }) => path[1]))).toEqual(
    new Set([0, 1, 2]),
  );
});
