import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHex } from '../../../agent/core/bytes.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { type Quality, REASONS, type Reason } from '../../../agent/core/reading.ts';
import { type AgentEvent, EVENT_KINDS } from '../../../agent/core/record.ts';
import { decodeBatch, encodeBatch } from '../../../agent/store/codec/batch.ts';
import { type Columns, KIND, qualityCode, qualityOf, valueAt } from '../../../agent/store/columns.ts';

interface Plain {
  readonly point: number;
  readonly time: number;
  readonly value: number | boolean | string | null;
  readonly code: number;
}

function columnsOf(readings: readonly Plain[]): Columns {
  const texts: string[] = [];
  const kinds = { number: KIND.number, boolean: KIND.true, string: KIND.text } as const;
  const kind = readings.map(({ value }) => {
    if (value === null) return KIND.none;
    return value === false ? KIND.false : kinds[typeof value as 'number' | 'boolean' | 'string'];
  });
  return {
    count: readings.length,
    point: Int32Array.from(readings, ({ point }) => point),
    time: Float64Array.from(readings, ({ time }) => time),
    code: Uint8Array.from(readings, ({ code }) => code),
    kind: Uint8Array.from(kind),
    value: Float64Array.from(readings, ({ value }) =>
      typeof value === 'number' ? value : typeof value === 'string' ? texts.push(value) - 1 : 0,
    ),
    texts,
  };
}

function plainOf(columns: Columns | undefined): Plain[] {
  if (columns === undefined) return [];
  return Array.from({ length: columns.count }, (_, i) => ({
    point: columns.point[i] ?? -1,
    time: columns.time[i] ?? Number.NaN,
    value: valueAt(columns, i),
    code: columns.code[i] ?? -1,
  }));
}

const codes = ['good', ...REASONS.map((reason) => reason)].flatMap((reason) =>
  reason === 'good'
    ? [0]
    : [
        qualityCode('uncertain', reason as (typeof REASONS)[number]),
        qualityCode('bad', reason as (typeof REASONS)[number]),
      ],
);

const value = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 10),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 0.1, 1e300, 5e-324, 230.1, -17.25),
  fc.boolean(),
  fc.string({ unit: 'grapheme' }),
);
const readings = fc.array(
  fc
    .record({
      point: fc.integer({ min: 0, max: 50 }),
      time: fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }).map((n) => n / 10),
      value,
      code: fc.constantFrom(...codes),
    })
    .map((plain): Plain => (plain.code % 4 === 2 ? { ...plain, value: null } : plain)),
  { maxLength: 120 },
);
const events = fc.array(
  fc.record({
    event: fc.constantFrom(...EVENT_KINDS),
    severity: fc.constantFrom('info', 'warning', 'alarm'),
    time: fc.integer({ min: -1e9, max: 1e12 }).map((n) => n / 10),
    body: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    ),
  }),
  { maxLength: 5 },
);

test('whatever went in comes out, to the last bit', () => {
  fc.assert(
    fc.property(readings, events, fc.integer({ min: -1, max: 6 }), (plain, happened, decimals) => {
      const body = encodeBatch(
        { readings: columnsOf(plain), events: happened as AgentEvent[] },
        () => decimals,
      );
      const batch = decodeBatch(body);
      const back = plainOf(batch.readings);
      expect(back.length).toBe(plain.length);
      for (const [i, one] of plain.entries()) {
        expect(back[i]?.point).toBe(one.point);
        expect(back[i]?.time).toBe(one.time);
        expect(back[i]?.code).toBe(one.code);
        expect(Object.is(back[i]?.value, one.value)).toBe(true);
      }
      expect(batch.events.map(({ event, severity, time }) => ({ event, severity, time }))).toEqual(
        happened.map(({ event, severity, time }) => ({ event, severity, time })),
      );
      expect(JSON.stringify(batch.events.map(({ body: facts }) => facts))).toBe(
        JSON.stringify(happened.map(({ body: facts }) => facts)),
      );
    }),
    { seed: 5, numRuns: 400 },
  );
});

test('times keep 0.1 ms', () => {
  const body = encodeBatch(
    { readings: columnsOf([{ point: 1, time: 12_345.678, value: 1, code: 0 }]), events: [] },
    () => 0,
  );
  expect(decodeBatch(body).readings?.time[0]).toBe(12_345.7);
});

test('every quality has a code of its own', () => {
  expect(new Set(codes).size).toBe(1 + 2 * REASONS.length);
  for (const code of codes) {
    const known = qualityOf(code);
    expect(qualityCode(known?.quality ?? 'good', known?.reason)).toBe(code);
  }
});

test('a 5 s window of 40 points at 10 readings/s takes less than 6 bytes a reading', () => {
  // Eight devices of five points, each polled every 4 s: 50 readings of a window.
  const window = Array.from({ length: 10 }, (_, poll) =>
    Array.from({ length: 5 }, (_, i) => ({
      point: (poll % 8) * 5 + i + 1,
      time: 1e8 + poll * 500 + 3.7 * (poll % 3),
      value: [230.1, 4.123, 948.5, 50.01, 1234.56][i] ?? 0,
      code: 0,
    })),
  ).flat();
  const body = encodeBatch(
    { readings: columnsOf(window), events: [] },
    (id) => [1, 3, 1, 2, 2][(id - 1) % 5] ?? 0,
  );
  expect(window.length).toBe(50);
  expect(body.length / 50).toBeLessThan(6);
});

test('a body of codec version 1 stays readable', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../vectors/store/body-v1.json', import.meta.url), 'utf8'),
  ) as {
    hex: string;
    readings: readonly {
      point: number;
      time: number;
      value: Plain['value'];
      quality: Quality;
      reason?: Reason;
    }[];
    events: readonly AgentEvent[];
  };
  const { readings: columns, events: happened } = decodeBatch(fromHex(golden.hex) ?? new Uint8Array());
  expect(plainOf(columns)).toEqual(
    golden.readings.map(({ point, time, value: held, quality, reason }) => ({
      point,
      time,
      value: held,
      code: qualityCode(quality, reason),
    })),
  );
  expect(happened).toEqual(golden.events);
});

test('random bytes, and random bytes with a right CRC, are store-damaged and nothing else', () => {
  const closing = (bytes: Uint8Array) => {
    const body = Buffer.alloc(bytes.length + 4);
    body.set(bytes);
    body.writeUInt32LE(crc32(bytes), bytes.length);
    return body;
  };
  const tried = (body: Uint8Array) => {
    try {
      const { readings: columns, events: happened } = decodeBatch(body);
      for (const { value: held } of plainOf(columns)) expect(Number.isNaN(held)).toBe(false);
      expect(Array.isArray(happened)).toBe(true);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AgentError);
      expect((thrown as AgentError).code).toBe('store-damaged');
    }
  };
  const good = encodeBatch(
    {
      readings: columnsOf([
        { point: 3, time: 5, value: 1.5, code: 0 },
        { point: 3, time: 6, value: 'x', code: 0 },
      ]),
      events: [],
    },
    () => 1,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(), fc.nat(255), (bytes, at, byte) => {
      tried(bytes);
      tried(closing(Uint8Array.of(1, ...bytes)));
      const bent = Uint8Array.from(good.subarray(0, good.length - 4));
      bent[at % bent.length] = byte;
      tried(closing(bent));
      const cut = good.subarray(0, at % good.length);
      tried(cut);
      tried(closing(cut));
    }),
    { seed: 7, numRuns: 3000 },
  );
});
