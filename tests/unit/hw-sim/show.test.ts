/** The eyes of the show: what they make of the city's messages and of the agent's stream. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAGE_PATHS } from '../../../agent/console/routes.ts';
import { ServedPictures } from '../../../hw-sim/camera/served.ts';
import type { CityBroker } from '../../../hw-sim/city/broker.ts';
import { BREAKABLES } from '../../../hw-sim/show/breakables.ts';
import { CityEye, Ranges } from '../../../hw-sim/show/city-eye.ts';
import { events } from '../../../hw-sim/show/event-stream.ts';
import { THINGS } from '../../../hw-sim/show/things.ts';

const SEED = 20261128;

describe('ranges', () => {
  test('property: what is known, and what is missing, is what a set says', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 30 }), (pieces) => {
        const ranges = new Ranges();
        const set = new Set<number>();
        for (const [from, length] of pieces) {
          const numbers = Array.from({ length: length + 1 }, (_, i) => from + i);
          expect(ranges.add(from, from + length)).toBe(numbers.filter((one) => set.has(one)).length);
          for (const one of numbers) set.add(one);
        }
        const all = [...set];
        expect(ranges.holes).toBe(Math.max(...all) - Math.min(...all) + 1 - set.size);
        // Ascending, and apart: two that touch are one.
        for (const [i, [from, to]] of ranges.ranges.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect((ranges.ranges[i + 1]?.[0] ?? Number.POSITIVE_INFINITY) - to).toBeGreaterThan(1);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('the city', () => {
  /** A broker of which only the messages are looked at: they are the bytes under test. */
  function city(): { eye: CityEye; tell: (payload: unknown) => void } {
    let listener: (topic: string, payload: Uint8Array, retain: boolean) => void = () => undefined;
    const broker = {
      onMessage(given: typeof listener) {
        listener = given;
        return { [Symbol.dispose]: () => undefined };
      },
    } as unknown as CityBroker;
    const eye = new CityEye(broker);
    return {
      eye,
      tell: (payload) =>
        listener('t', payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload)), false),
    };
  }
  const message = (first: number, last: number, more: object = {}) => ({
    epoch: 'e1',
    lane: 'telemetry',
    first,
    last,
    count: last - first + 1,
    records: [],
    ...more,
  });

  test('a hole is missing until it is filled, a repetition is dropped, a number for two is doubled', () => {
    const { eye, tell } = city();
    tell(message(1, 10));
    tell(message(21, 30));
    expect([eye.received, eye.missing, eye.repeated, eye.doubled]).toEqual([20, 10, 0, 0]);
    tell(message(11, 20));
    tell(message(5, 14));
    expect([eye.received, eye.missing, eye.repeated, eye.doubled]).toEqual([30, 0, 10, 0]);
    tell(message(31, 35, { count: 7 }));
    expect(eye.doubled).toBe(2);
    // Another lane and another epoch have numbers of their own.
    tell(message(1, 3, { lane: 'alarm' }));
    tell(message(1, 3, { epoch: 'e2' }));
    expect(eye.missing).toBe(0);
  });

  test('fuzz: no bytes make it fail or count', () => {
    const { eye, tell } = city();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          tell(bytes);
        },
      ),
      { seed: SEED, numRuns: 5000 },
    );
    expect(eye.received).toBe(0);
  });
});

describe('pictures given out before', () => {
  const served = (...times: readonly number[]) => {
    const kept = new ServedPictures();
    for (const time of times) kept.keep({ time, jpeg: Buffer.from(String(time)) });
    return (time: number) => kept.before(time)?.time;
  };

  test('what was had at a moment is the newest that shows no later one', () => {
    const at = served(100, 270, 440);
    expect([at(99), at(100), at(269), at(300), at(9e15)]).toEqual([100, 100, 100, 270, 440]);
    expect(served()(5)).toBeUndefined();
  });

  test('the last seconds are kept and no more', () => {
    const at = served(...Array.from({ length: 1000 }, (_, i) => i));
    expect(at(0)).toBeGreaterThan(900);
  });
});

describe('things that are drawn', () => {
  test('each has a name, a fact and a page, each page an address that the console has', () => {
    expect(new Set(THINGS.map(({ id }) => id)).size).toBe(THINGS.length);
    for (const { id, title, facts, pages } of THINGS) {
      expect([id, title.en === '', title.zh === '', facts.length > 0, pages.length > 0]).toEqual([
        id,
        false,
        false,
        true,
        true,
      ]);
      for (const { way } of pages) {
        if (way.kind !== 'console') continue;
        const known = PAGE_PATHS.some((path) =>
          new RegExp(`^${path.replace(/:\w+/g, '[\\w-]+')}$`).test(way.page),
        );
        expect([way.page, known]).toEqual([way.page, true]);
      }
    }
  });

  test('what can be broken belongs to a thing that is drawn', () => {
    const drawn = new Set(THINGS.map(({ id }) => id));
    // The disk is the gateway's own.
    expect(BREAKABLES.filter(({ at }) => at !== 'disk' && !drawn.has(at)).map(({ id }) => id)).toEqual([]);
  });
});

describe('the stream', () => {
  const read = async (pieces: readonly Uint8Array[]) => {
    const found: unknown[] = [];
    for await (const event of events(Readable.from(pieces, { objectMode: true }))) found.push(event);
    return found;
  };

  test('property: events are the same however the bytes are cut', async () => {
    const text =
      'retry: 2000\n\nevent: readings\ndata: {"a":"路"}\n\n: silence\n\ndata: {"b":[1,2]}\n\nevent: health\ndata: {}\n\n';
    const bytes = Buffer.from(text);
    const whole = await read([bytes]);
    expect(whole).toEqual([
      { name: 'readings', data: '{"a":"路"}' },
      { name: 'message', data: '{"b":[1,2]}' },
      { name: 'health', data: '{}' },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 20 }),
        async (cuts) => {
          const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
          expect(await read(pieces)).toEqual(whole);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  test('fuzz: any bytes are events or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }), async (pieces) => {
        for (const event of await read(pieces))
          expect(event).toMatchObject({ name: expect.any(String), data: expect.any(String) });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
