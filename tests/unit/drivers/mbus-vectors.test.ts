/** Frames of real meters (rscada/libmbus test frames) and link frames through `decode`. Sources: the `source` of each case. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Direction, decode } from '../../../drivers/index.ts';

type Row = Readonly<Record<string, unknown>>;
interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly dir?: Direction;
  readonly hex: string;
  readonly decode: Row & { readonly records?: readonly Row[] };
  readonly expect?: string;
}

const file = join(import.meta.dirname, '../../vectors/mbus.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
const taken = cases.filter((one) => one.expect === undefined);

/**
 * BCD digits that are letters are how a meter shows that it has no value (EN 13757-3 Annex A); libmbus reads a number out
 * of them all the same.
 */
const LETTERS: Readonly<Record<string, readonly number[]>> = {
  'mbus-ELS-Elster-F96-Plus-5': [4, 5],
  'mbus-abb-f95-21': [2, 3],
};

it('all are there', () => {
  expect([cases.length, taken.length]).toEqual([93, 74]);
});

describe.each(taken)('$id', ({ id, protocol, hex, dir, decode: wanted }) => {
  it('gives every field of the source under its name', () => {
    const answer = decode(protocol, hex, dir);
    const { records = [], meaning, ...head } = wanted;
    expect(answer).toMatchObject({ ok: true, ...head });
    if (typeof meaning === 'string') expect(Reflect.get(answer, 'meaning')).toBe(meaning);
    const got = (Reflect.get(answer, 'records') ?? []) as readonly Row[];
    expect(got.length).toBe(records.length);
    records.forEach((record, i) => {
      const { value, ...rest } = record;
      if (LETTERS[id]?.includes(i) === true) {
        expect(got[i]).toMatchObject({ ...rest, text: null, raw: expect.stringMatching(/DD/) });
      } else {
        expect(got[i]).toMatchObject(rest);
        // Of what the maker put there libmbus makes a number of one case.
        if (value !== undefined && rest.opaque !== true) expect(got[i]?.value).toBe(value);
      }
    });
  });

  it('needs nobody to say which way it goes, and takes bytes as well as hex', () => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(decode(protocol, bytes)).toEqual(decode(protocol, hex, dir));
  });

  it('is refused with one bit changed, and cut short', () => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(decode(protocol, damaged), `byte ${at}`).toMatchObject({ ok: false });
    }
    expect(decode(protocol, Uint8Array.from(bytes.subarray(0, -1)))).toMatchObject({ ok: false });
  });
});

describe('refused for the right reason, with what could be read', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    'mbus-error-buffer_too_long': /^the meter reports: buffer too long/,
    'mbus-error-error': /^the meter reports: unspecified error/,
    'mbus-error-premature_end_of_data1': /^premature end of record at data \(record 2 at byte 22\)/,
    'mbus-error-premature_end_of_dif1': /^premature end of record at DIFE/,
    'mbus-error-premature_end_of_dif2': /^premature end of record at DIFE/,
    'mbus-error-premature_end_of_record': /^the meter reports: premature end of record/,
    'mbus-error-premature_end_of_var_vif1': /^premature end of record at variable length VIF/,
    'mbus-error-premature_end_of_vif1': /^premature end of record at DIF/,
    'mbus-error-too_long_var_vif': /^too long variable length VIF/,
    'mbus-error-too_many_dife': /^more than 10 DIFE/,
    'mbus-error-too_many_difes': /^the meter reports: more than 10 DIFE/,
    'mbus-error-too_many_readouts': /^the meter reports: too many readouts/,
    'mbus-error-too_many_records': /^the meter reports: too many records/,
    'mbus-error-too_many_vifes': /^the meter reports: more than 10 VIFE/,
    'mbus-error-too_short_header': /^variable header too short/,
    'mbus-error-unimplemented_ci': /^the meter reports: unimplemented CI field/,
    'mbus-unsup-invalid_length2': /^fixed structure: expected 16 bytes, got 15/,
    'mbus-unsup-manual_frame4': /^wrong direction: C 53 is of a master/,
    'mbus-unsup-manual_frame6': /^wrong direction: C 53 is of a master/,
  };
  it.each(cases.filter((one) => one.expect !== undefined))(
    '$id',
    ({ id, protocol, hex, dir, decode: of }) => {
      const answer = decode(protocol, hex, dir);
      expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(reasons[id] ?? /^$/) });
      expect(Reflect.get(answer, 'frame')).toBe(of.frame);
    },
  );

  it('records before the fault are kept', () => {
    const { hex = '' } = cases.find(({ id }) => id === 'mbus-error-premature_end_of_data1') ?? {};
    expect(decode('mbus', hex)).toMatchObject({
      ok: false,
      slave: { Id: '12345678' },
      records: [
        { quantity: 'Volume', value: 12.565 },
        { quantity: 'Volume flow', function: 'Maximum value', value: 0.113 },
      ],
    });
  });
});

describe('what the public cases leave out', () => {
  const closed = (body: readonly number[]) => {
    const sum = body.reduce((total, byte) => total + byte, 0) % 256;
    return Uint8Array.from([0x68, body.length, body.length, 0x68, ...body, sum, 0x16]);
  };
  const HEADER = [0x78, 0x56, 0x34, 0x12, 0x24, 0x40, 0x01, 0x07, 0x55, 0, 0, 0];
  const bytesOf = (text: string) => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];
  const told = (records: string) => decode('mbus', closed([0x08, 2, 0x72, ...HEADER, ...bytesOf(records)]));

  it.each([
    ['negative BCD', '0A 5A 05 F0', { name: 'flow-temperature', value: -0.5, unit: 'Cel' }],
    ['a BCD letter', '0A 5A 0A 00', { name: 'flow-temperature', value: null }],
    ['64 bits', '07 03 FF FF FF FF FF FF FF FF', { name: 'energy', value: -1, unit: 'W.h' }],
    ['NaN', '05 2B 00 00 C0 7F', { name: 'power', value: null }],
    ['a negative number of variable length', '0D 13 D2 34 12', { name: 'volume', value: -1.234 }],
    ['a number of variable length', '0D 13 E2 E8 03', { name: 'volume', value: 1, unit: 'm3' }],
    ['pressure in bar', '02 69 7B 00', { name: 'pressure', value: 123, unit: 'kPa' }],
    ['power in J/h', '04 33 10 0E 00 00', { name: 'power', value: 1000, unit: 'W' }],
    ['flow in litres a minute', '02 43 64 00', { name: 'volume-flow', value: 0.6, unit: 'm3/h' }],
    ['volume behind FB', '02 FB 10 05 00', { name: 'volume', value: 500, unit: 'm3' }],
    ['frequency behind FB', '02 FB 2D 88 13', { name: 'frequency', value: 50, unit: 'Hz' }],
    ['multiplied by 1000', '02 93 7D 05 00', { name: 'volume', value: 5 }],
    ['divided by 1000', '02 93 73 05 00', { name: 'volume', value: 0.000005 }],
    ['with an offset', '02 93 7A 05 00', { name: 'volume', value: 0.105 }],
    [
      'far storage, tariff and subunit',
      '84 D1 15 13 01 00 00 00',
      { name: 'volume storage 162 tariff 5 subunit 1' },
    ],
    ['only what flowed back', '02 93 3C 05 00', { name: 'volume 3C', value: 0.005 }],
    [
      'when a limit was passed',
      '04 93 6A 28 0B CD 13',
      { name: 'time-of-upper-limit-of-volume 6A', value: '2014-03-13 11:40' },
    ],
    [
      'how long it was',
      '02 93 59 05 00',
      { name: 'duration-beyond-limit-of-volume 59', value: 300, unit: 's' },
    ],
    ['type I', '06 6D 1E 0B 0B CD 13 00', { name: 'time-point-date-time', value: '2014-03-13 11:11:30' }],
    ['type J', '03 6D 1E 0B 0B', { name: 'time-point-date-time', value: '11:11:30' }],
    ['a month that is none', '02 6C 21 0D', { name: 'time-point-date', value: null }],
    ['no data, says the meter', '02 93 15 00 00', { name: 'volume', value: null }],
    ['overflow, says the meter', '02 93 16 00 00', { name: 'volume', value: null }],
    ['fillers', '2F 2F 02 13 05 00 2F', { name: 'volume', value: 0.005 }],
  ])('%s', (_what, records, wanted) => {
    expect(told(records)).toMatchObject({ ok: true, readings: [wanted] });
  });

  it('counters of the fixed structure in binary, the second one historic', () => {
    const data = bytesOf('78 56 34 12 0A C0 45 7E 10 27 00 00 0F 27 00 00');
    expect(decode('mbus', closed([0x08, 5, 0x73, ...data]))).toMatchObject({
      ok: true,
      records: [
        { function: 'Stored value', unit: 'kWh', value: 10000 },
        { unit: 'reserved but historic', value: 9999 },
      ],
      readings: [
        { name: 'energy storage 1', value: 10000000, unit: 'W.h' },
        { name: 'energy storage 1', value: 9999000, unit: 'W.h' },
      ],
    });
  });

  it('encrypted records are told as such, not as values', () => {
    const header = [...HEADER.slice(0, 10), 0x10, 0x05];
    const hidden = new Array<number>(16).fill(0x5a);
    expect(decode('mbus', closed([0x08, 2, 0x72, ...header, ...hidden]))).toMatchObject({
      ok: true,
      encrypted: 5,
    });
  });

  it('a select telegram names who is meant', () => {
    expect(decode('mbus', closed(bytesOf('53 FD 52 78 56 FF FF FF FF FF FF')))).toMatchObject({
      ok: true,
      select: { id: 'FFFF5678' },
    });
  });
});
