import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordsOf } from '../../../agent/cli/verify/columns.ts';
import { readEnvelope } from '../../../agent/cli/verify/envelope.ts';
import { readPayload } from '../../../agent/cli/verify/payload.ts';
import { REASONS } from '../../../agent/core/reading.ts';
import type { LoggedReading } from '../../../agent/core/record.ts';
import { CLOCK_RANKS } from '../../../agent/core/time/clock.ts';
import { columnsOf } from '../../../agent/uplink/columns.ts';
import { formMessage } from '../../../agent/uplink/message.ts';
import { encodeMessage } from '../../../agent/uplink/payload.ts';

const reading: fc.Arbitrary<Omit<LoggedReading, 'seq'> & { step: number }> = fc.record({
  kind: fc.constant('reading' as const),
  step: fc.integer({ min: 1, max: 3 }),
  device: fc.constantFrom('meter-1', 'meter-2'),
  point: fc.constantFrom('voltage', 'door', 'text'),
  value: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.string(),
    fc.constant(null),
  ),
  unit: fc.constantFrom('V', '1'),
  quality: fc.constantFrom('good', 'uncertain', 'bad'),
  reason: fc.constantFrom(...REASONS),
  time: fc.oneof(fc.integer({ min: -1e12, max: 4e12 }), fc.constant(Number.NaN), fc.constant(1e300)),
  rank: fc.constantFrom(...CLOCK_RANKS),
});

function message(parts: readonly (Omit<LoggedReading, 'seq'> & { step: number })[]) {
  let seq = 100;
  const records = parts.map(({ step, quality, reason, ...rest }): LoggedReading => {
    seq += step;
    return quality === 'good' || reason === undefined
      ? { ...rest, quality, seq }
      : { ...rest, quality, reason, seq };
  });
  const range = [101, seq] as const;
  const facts = { agent: 'a', epoch: 'e', lane: 'telemetry', stream: 'live', prev: 100 } as const;
  return formMessage({ ...facts, range, records, dropped: [] });
}

test('say the same as records do', () => {
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 40 }), (parts) => {
      const sent = message(parts);
      const plain = readEnvelope(readPayload(encodeMessage(sent, () => undefined)));
      const columns = encodeMessage(sent, () => undefined, 'columns');
      for (const bytes of [columns, gzipSync(columns), zstdCompressSync(columns)])
        expect(readEnvelope(readPayload(bytes))).toEqual(plain);
    }),
    { seed: 20270401, numRuns: 500 },
  );
});

test('are a fraction as long: 400 readings of 40 points in 3 bytes each', () => {
  const records = Array.from({ length: 400 }, (_, i): LoggedReading => {
    const value = Math.round(2300 + 20 * Math.sin(i * 7)) / 10;
    return {
      kind: 'reading',
      seq: i + 1,
      device: `meter-${i % 8}`,
      point: `voltage-${i % 5}`,
      value,
      unit: 'V',
      quality: 'good',
      time: 1.8e12 + i * 100,
      rank: 'ntp',
    };
  });
  const bytes = zstdCompressSync(Buffer.from(JSON.stringify(columnsOf(1, records))));
  expect(bytes.length / records.length).toBeLessThan(3);
});

test('events keep their records, and messages without any too', () => {
  const facts = { agent: 'a', epoch: 'e', lane: 'event', stream: 'live', prev: 0, dropped: [] } as const;
  const event = {
    kind: 'event',
    seq: 1,
    event: 'agent',
    severity: 'info',
    time: 0,
    rank: 'ntp',
    body: {},
  } as const;
  for (const records of [[event], []])
    expect(
      readPayload(
        encodeMessage(formMessage({ ...facts, range: [1, 1], records }), () => undefined, 'columns'),
      ),
    ).toHaveProperty('records');
});

test('of any shape are records or a reason, and any bytes are a payload or none', () => {
  const sound = JSON.parse(JSON.stringify(columnsOf(101, message([]).records as LoggedReading[]))) as object;
  const columns = fc.record(
    {
      points: fc.oneof(fc.constant([['d', 'p', 'u']]), fc.jsonValue()),
      point: fc.oneof(fc.constant([0, 0]), fc.jsonValue()),
      seq: fc.oneof(fc.constant([1, 2]), fc.jsonValue()),
      time: fc.oneof(fc.constant([1, 2]), fc.array(fc.maxSafeInteger()), fc.jsonValue()),
      value: fc.oneof(fc.constant([1, 2]), fc.jsonValue()),
      quality: fc.oneof(fc.constant([[1, 'bad', 'timeout']]), fc.jsonValue()),
      clock: fc.oneof(fc.constant([[0, 'floor']]), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(columns, fc.jsonValue(), fc.constant(sound)), (given) => {
      const records = recordsOf(given, 1);
      if (typeof records !== 'string') for (const record of records) expect(record.seq).toBeGreaterThan(0);
    }),
    { seed: 20270402, numRuns: 3000 },
  );
  const zstd = zstdCompressSync(Buffer.from('{"v":1}'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(zstd.length - 1), fc.nat(255), (noise, at, byte) => {
      const bent = Uint8Array.from(zstd);
      bent[at] = byte;
      for (const bytes of [noise, bent, Uint8Array.from([0x1f, 0x8b, ...noise])]) readPayload(bytes);
    }),
    { seed: 20270403, numRuns: 3000 },
  );
});
