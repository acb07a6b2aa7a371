import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Direction, decode } from '../../../drivers/index.ts';
import { slowCrc } from './fake-modbus.ts';

interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly dir?: Direction;
  readonly hex?: string;
  readonly text?: string;
  readonly decode: Readonly<Record<string, unknown>>;
  readonly expect?: string;
}

const cases = ['modbus', 'plantower'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../vectors/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Case[];
});

/** Names that stand for what a profile or a person says of the same figures, and facts about the capture. */
const NOT_FRAME = ['time', 'units', 'expect', 'pypms'];

/** Every number anywhere in `value`. */
function figures(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (NOT_FRAME.includes(key) ? [] : figures(inner)));
}

/** pypms_csv of some cases holds numbers as text. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asNumbers(inner)]));
}

const input = ({ text, hex }: Case) => text ?? hex ?? '';
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b);

describe.each(cases.filter((one) => one.expect === undefined))('$id', (one) => {
  it('gives every figure of the source, under its name where it is a field of the frame', () => {
    const answer = decode(one.protocol, input(one), one.dir);
    expect(answer).toMatchObject({ ok: true });
    const given = figures(answer);
    const { pypms_csv: csv, ...rest } = one.decode;
    const wanted = [...figures(rest), ...(csv === undefined ? [] : figures(asNumbers(csv)))];
    expect(wanted.filter((figure) => !given.some((number) => near(number, figure)))).toEqual([]);
    for (const name of [
      'fc',
      'byte_count',
      'registers',
      'bits',
      'quantity',
      'exception',
      'exception_name',
      'lrc',
      'tid',
      'proto',
      'len',
      'data',
      'echo_bytes',
      'reply',
      'float_be',
      'text',
      'next_model',
      'order',
      'float',
      'command',
      'raw01',
      'raw25',
      'raw10',
      'pm01',
      'pm25',
      'pm10',
      'temp_c',
      'rh',
      'version',
      'error',
      'n0_3_per_0.1L',
    ] as const) {
      const want = one.decode[name];
      if (want === undefined || ((name === 'rh' || name === 'temp_c') && one.protocol === 'modbus-rtu'))
        continue;
      expect([name, Reflect.get(answer, name)]).toEqual([name, want]);
    }
  });

  it('decides by itself which way a frame goes, where the frame can tell', () => {
    const { dir: _dir, ...open } = one;
    const told = decode(one.protocol, input(one), one.dir);
    // An 8-byte frame of function 5, 6, 15, 16 is the same both ways; every other one has its own length.
    expect(decode(open.protocol, input(open))).toEqual(told);
  });
});

describe('refused', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    'reject: CRC': /^CRC/,
    'warming-up': /^warming-up/,
  };
  const byId: Readonly<Record<string, RegExp>> = {
    'mb-pym-ascii-x39': /^LRC/,
    'mb-pym-tcp-split': /^protocol id not 0/,
    'pms-neg-short': /^short: 10 of 32 bytes/,
    'pms-neg-badhdr': /^header length 0/,
    'pms-neg-badck': /^checksum 0 != 965/,
  };
  it.each(cases.filter((one) => one.expect !== undefined))('$id for the right reason', (one) => {
    const answer = decode(one.protocol, input(one), one.dir);
    const reason = byId[one.id] ?? reasons[one.expect ?? ''];
    expect(reason).toBeDefined();
    expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(reason ?? /^$/) });
    const computed = one.decode.computed_crc;
    if (computed !== undefined) expect(Reflect.get(answer, 'computed_crc')).toBe(computed);
  });

  it('an unknown protocol, with the ones there are', () => {
    expect(decode('modbus', '00')).toMatchObject({ ok: false, error: expect.stringMatching(/modbus-rtu/) });
  });
});

describe('an answer of registers', () => {
  const told = (data: readonly number[]) => {
    const body = Uint8Array.from([1, 3, data.length, ...data]);
    return decode('modbus-rtu', Uint8Array.from([...body, ...slowCrc(body)]));
  };
  const bytes = (hex: string) => [...Buffer.from(hex, 'hex')];

  // 123456.0 as libmodbus has it in its four orders.
  it.each([
    ['ABCD', '47F12000'],
    ['BADC', 'F1470020'],
    ['CDAB', '200047F1'],
    ['DCBA', '0020F147'],
  ])('shows a float of order %s', (order, hex) => {
    expect(told(bytes(hex))).toMatchObject({ ok: true, float32: { [order]: [123456] } });
  });

  it('shows signs, scaled values, pairs and fours', () => {
    expect(told(bytes('00000000FFFFFF9B'))).toMatchObject({
      registers: [0, 0, 65535, 65435],
      int16: [0, 0, -1, -101],
      tenths: [0, 0, -0.1, -10.1],
      hundredths: [0, 0, -0.01, -1.01],
      thousandths: [0, 0, -0.001, -0.101],
      uint32: [0, 4294967195],
      int32: [0, -101],
      uint64: [4294967195],
    });
    expect(told(bytes('E2400001'))).toMatchObject({ uint32_cdab: [123456] });
  });

  it('claims no float where the contents are none, and no number too large to be told', () => {
    const zeros = told(bytes('0000000000000000'));
    expect(zeros).toMatchObject({ float_be: [0, 0] });
    expect(zeros).not.toHaveProperty('float32');
    expect(told(bytes('7FFFFFFFFFFFFFFF'))).not.toHaveProperty('uint64');
    expect(told(bytes('7FC00000'))).not.toHaveProperty('float_be');
  });

  it('counts the bits that are set', () => {
    expect(decode('modbus-rtu', '11 01 05 CD 6B B2 0E 1B 45 E6')).toMatchObject({
      set: [0, 2, 3, 6, 7, 8, 9, 11, 13, 14, 17, 20, 21, 23, 25, 26, 27, 32, 33, 35, 36],
    });
  });
});

describe('ASCII', () => {
  it('skips what stands before the colon and a frame with a wrong LRC', () => {
    const stream = 'noise:0003007C00017F\r\nxx:1103007C00026E\r\n';
    expect(decode('modbus-ascii', stream)).toMatchObject({ ok: true, unit: 17, address: 124, quantity: 2 });
  });
});
