/** Raw frames of one device for whoever looks, and how long things took lately. */
import { expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { FrameTaps } from '../../../agent/bus/taps.ts';
import { Times } from '../../../agent/bus/times.ts';
import { hex } from '../../../agent/core/bytes.ts';
import type { PolledDriver } from '../../../agent/core/driver.ts';
import type { TappedFrame } from '../../../agent/core/frame-tap.ts';
import type { Stream } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LINE: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: 'sim',
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
  timeout: 300,
};

/** Asks with its number and takes three bytes that begin with it. */
const ASKING: PolledDriver = {
  kind: 'polled',
  protocol: 'test',
  checkProfile: () => [],
  checkDevice: () => [],
  open: ({ device, clock }) => ({
    polls: [
      {
        id: 'all',
        points: ['p'],
        period: 1000,
        requestBytes: 2,
        answerBytes: 3,
        execute: async (exchange, signal) => {
          const number = Number(device.address);
          await exchange(
            {
              bytes: new Uint8Array([number, 0x55]),
              match: (bytes) =>
                bytes.length < 3
                  ? { kind: 'more' }
                  : bytes[0] === number
                    ? { kind: 'frame', length: 3 }
                    : { kind: 'foreign', length: 3 },
            },
            signal,
          );
          return [good({ device: device.id, point: 'p', unit: '1' }, 1, clock.mono())];
        },
      },
    ],
    write: async () => ({ kind: 'rejected', reason: 'no' }),
    probe: async () => {},
  }),
};

function device(id: string, address: number): DeviceConfig {
  const point = { id: 'p', title: { en: 'P' }, type: 'number', unit: '1', access: 'read' } as const;
  return {
    id,
    title: { en: id },
    line: 'line',
    address,
    profile: {
      id: 'test',
      title: { en: 'test' },
      class: 'meter',
      brand: 'T',
      model: 'T',
      protocol: 'test',
      source: 'made for this test',
      every: 1000,
      options: {},
      points: [{ ...point, aggregation: 'mean', lane: 'telemetry', wire: {} }],
    },
    options: {},
  };
}

test('shows request and answer of the device that is looked at, silence with its reason, and nothing of others', async () => {
  const clock = new VirtualClock();
  const taps = new FrameTaps();
  let replies = true;
  const port = {
    name: 'sim',
    retry: 1000,
    open: async () => {
      let listener: ((bytes: Uint8Array, time: number) => void) | undefined;
      return {
        closed: new Promise<void>(() => {}),
        failure: undefined,
        onData: (heard: (bytes: Uint8Array, time: number) => void) => {
          listener = heard;
          return { [Symbol.dispose]: () => {} };
        },
        write: async (bytes: Uint8Array) => {
          if (replies) clock.after(20, () => listener?.(new Uint8Array([bytes[0] ?? 0, 1, 2]), clock.mono()));
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
  await using opened = openLine({
    line: LINE,
    devices: [device('a', 1), device('b', 2)],
    driver: () => ASKING,
    clock,
    log: silent,
    publisher: { readings: () => {}, event: () => {} },
    port,
    taps,
  });
  await clock.advance(1500);
  const seen: TappedFrame[] = [];
  const look = taps.add('a', (frame) => seen.push(frame));
  expect([taps.on('a'), taps.on('b')]).toEqual([true, false]);
  await clock.advance(1000);
  expect(seen.map(({ dir, bytes }) => `${dir} ${hex(bytes)}`)).toEqual(['down 01 55', 'up 01 01 02']);
  replies = false;
  await clock.advance(1900);
  const silence = seen.findLast(({ dir }) => dir === 'up');
  expect([silence?.dir, silence?.bytes.length]).toEqual(['up', 0]);
  expect(silence?.error).toMatch(/no answer/);
  look[Symbol.dispose]();
  expect(taps.on('a')).toBe(false);
  const count = seen.length;
  replies = true;
  await clock.advance(60_000);
  expect(seen).toHaveLength(count);
  const part = opened.health().find((one) => one.part === 'device:a');
  expect(part?.facts).toMatchObject({ breaker_open: false, turnaround_p50_ms: expect.any(Number) });
  expect(opened.health()[0]?.facts).toMatchObject({ planned: expect.any(Number), commands_done: 0 });
});

test('what a talking device says without a pause is one frame, and what is said to it another', async () => {
  const clock = new VirtualClock();
  const taps = new FrameTaps();
  let heard: ((bytes: Uint8Array, time: number) => void) | undefined;
  const stream: Stream = {
    closed: new Promise<void>(() => {}),
    onData: (listener) => {
      heard = listener;
      return { [Symbol.dispose]: () => {} };
    },
    write: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const watched = taps.watch('air', stream, clock);
  const driver: string[] = [];
  watched.onData((bytes) => driver.push(hex(bytes)));
  heard?.(new Uint8Array([1]), clock.mono());
  const seen: string[] = [];
  using _look = taps.add('air', ({ dir, bytes }) => seen.push(`${dir} ${hex(bytes)}`));
  heard?.(new Uint8Array([0x42, 0x4d]), clock.mono());
  heard?.(new Uint8Array([0]), clock.mono());
  await clock.advance(100);
  await watched.write(new Uint8Array([7]), new AbortController().signal);
  expect(seen).toEqual(['up 42 4D 00', 'down 07']);
  expect(driver).toEqual(['01', '42 4D', '00']);
});

test('times tell percentiles of the last sixty-four', () => {
  const times = new Times();
  expect(times.percentile(0.5)).toBeNull();
  for (let i = 1; i <= 100; i++) times.add(i);
  expect([times.percentile(0.5), times.percentile(0.95), times.percentile(1)]).toEqual([68, 97, 100]);
});
