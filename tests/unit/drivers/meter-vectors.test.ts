/** Frames of real meters and of public libraries through `decode`. Sources: the `source` of each case. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Direction, decode } from '../../../drivers/index.ts';

interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly dir?: Direction;
  readonly hex: string;
  readonly decode: Readonly<Record<string, unknown>>;
  readonly expect?: string;
  readonly verified: boolean;
}

const cases = ['dlt645', 'cjt188'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../vectors/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Case[];
});
/** A frame that does not stand its checks is refused, whether the source says so or only its bytes do. */
const isRefused = ({ expect: wanted, verified }: Case) => wanted?.startsWith('reject') === true || !verified;

describe.each(cases.filter((one) => !isRefused(one)))('$id', ({ protocol, hex, dir, decode: wanted }) => {
  it('gives every field of the source under its name', () => {
    expect(decode(protocol, hex, dir)).toMatchObject({ ok: true, ...wanted });
  });

  it('needs nobody to say which way it goes, and takes bytes as well as hex', () => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(decode(protocol, bytes)).toEqual(decode(protocol, hex, dir));
  });
});

describe('refused', () => {
  it.each(cases.filter(isRefused))('$id for the right reason', ({ protocol, hex, dir, decode: wanted }) => {
    const { error, ...fields } = wanted;
    const answer = decode(protocol, hex, dir);
    expect(answer).toMatchObject({ ok: false, ...fields });
    const reason =
      typeof error === 'string'
        ? error
        : wanted.cs_error === undefined
          ? 'end byte'
          : `checksum: ${String(wanted.cs_error)}`;
    // Two cases are the same frame with another end byte, which the source did not note down.
    expect(answer).toMatchObject({ error: expect.stringMatching(new RegExp(`^${reason}`)) });
  });
});

describe('readings', () => {
  const readings = (protocol: string, hex: string) => Reflect.get(decode(protocol, hex), 'readings');
  const hexOf = (id: string) => cases.find((one) => one.id === id)?.hex ?? '';

  it('of a block have a name for each place, and none where there is none', () => {
    expect(readings('dlt645-2007', hexOf('dlt645-sim-3'))).toEqual([
      { name: 'voltage A', value: 225.6, unit: 'V' },
      { name: 'voltage B', value: null, unit: 'V' },
      { name: 'voltage C', value: null, unit: 'V' },
    ]);
  });

  it('of an unset clock have no time', () => {
    expect(readings('cjt188', hexOf('cjt188-fox-resp2'))).toContainEqual({
      name: 'time',
      value: null,
      unit: '',
    });
  });

  it('of a heat meter are in units of the table', () => {
    expect(readings('cjt188', hexOf('cjt188-heat-mesh'))).toEqual([
      { name: 'settlement_or_cold_energy', value: 274.11, unit: 'kW.h' },
      { name: 'current_heat_energy', value: 54427.88, unit: 'kW.h' },
      { name: 'thermal_power', value: 0, unit: 'kW' },
      { name: 'flow', value: 0, unit: 'm3/h' },
      { name: 'volume', value: 7156.08, unit: 'm3' },
      { name: 'supply_temp', value: 26.79, unit: 'Cel' },
      { name: 'return_temp', value: 26.64, unit: 'Cel' },
      { name: 'work_hours', value: 74766, unit: 'h' },
      { name: 'time', value: '2025-09-03 17:52:11', unit: '' },
      { name: 'battery_low', value: false, unit: '' },
    ]);
  });
});

describe('what the public cases leave out', () => {
  /** A frame of DL/T 645 around this DATA, written here. */
  const frame = (control: number, data: string) => {
    const bytes = [...Buffer.from(data.replaceAll(' ', ''), 'hex')];
    const body = [
      0x68,
      0x61,
      1,
      0,
      0,
      0,
      0,
      0x68,
      control,
      bytes.length,
      ...bytes.map((byte) => (byte + 0x33) % 256),
    ];
    return Uint8Array.from([...body, body.reduce((sum, byte) => sum + byte, 0) % 256, 0x16]);
  };

  it.each([
    ['a negative power', 0x91, '00 00 03 02 12 25 80', { name: 'active power', value: -0.2512, unit: 'kW' }],
    ['a negative current', 0x91, '00 01 02 02 88 01 80', { name: 'current', value: -0.188 }],
    ['a power of more than 7.9999 kW', 0x91, '00 00 03 02 34 12 09', { value: 9.1234 }],
    [
      'a demand with its time',
      0x91,
      '00 00 01 01 34 12 00 15 18 31 05 27',
      { value: 0.1234, time: '2027-05-31 18:15' },
    ],
    ['a demand without a time', 0x91, '00 00 01 01 00 00 00 00 00 00 00 00', { value: 0, time: null }],
    ['a digit that is none', 0x91, '00 01 01 02 0A 22', { value: { raw: '0A 22', invalid_bcd: true } }],
    [
      'a frame that follows',
      0xb2,
      '00 FF 01 00 29 01 00 00 02',
      { di: '0001FF00', seq: 2, has_follow: true, value: [1.29] },
    ],
    ['the question for it', 0x12, '00 FF 01 00 02', { di: '0001FF00', seq: 2, has_follow: false }],
    [
      'a daily freeze',
      0x91,
      '01 01 06 05 26 00 00 00 26 00 00 00',
      { name: 'daily freeze forward active energy', value: [0.26, 0.26] },
    ],
    [
      'the last power-down',
      0x91,
      '01 00 11 03 00 15 18 31 05 27 30 16 18 31 05 27',
      { name: 'power-down record 1', value: ['2027-05-31 18:15:00', '2027-05-31 18:16:30'] },
    ],
    [
      'an opening of the cover, with energies behind it',
      0x91,
      '01 0D 30 03 00 15 18 31 05 27 FF FF FF FF FF FF 26 00 00 00 26 00 00 00',
      { name: 'cover-open record 1', value: ['2027-05-31 18:15:00', { invalid_bcd: true }] },
    ],
    [
      'voltage losses of each phase',
      0x91,
      '00 00 01 03 12 00 00 34 12 00 00 00 00 00 00 00 00 00 00 00 00 00',
      { name: 'voltage loss', value: [12, 1234, 0, 0, 0, 0] },
    ],
    ['a status word', 0x91, '03 05 00 04 10 00', { name: 'status word 3', value: 16 }],
    ['an identifier nobody listed', 0x91, '01 02 03 07 AB', { di: '07030201', payload: 'AB' }],
    [
      'two error bits',
      0xd1,
      '05',
      { error_word: '05', error_bits: ['other error', 'wrong password or not authorised'] },
    ],
  ])('%s', (_what, control, data, wanted) => {
    expect(decode('dlt645-2007', frame(control, data))).toMatchObject({ ok: true, ...wanted });
  });

  it.each([
    ['voltage', '11 B6 20 02', { di: 'B611', name: 'voltage', value: 220, unit: 'V' }],
    ['current', '21 B6 50 01', { di: 'B621', name: 'current', value: 1.5, unit: 'A' }],
    ['power', '30 B6 12 25 00', { di: 'B630', name: 'active power', value: 0.2512, unit: 'kW' }],
    ['energies', '1F 90 26 00 00 00 10 00 00 00', { di: '901F', value: [0.26, 0.1], unit: 'kWh' }],
    [
      'energy of last month',
      '10 94 26 00 00 00',
      { di: '9410', name: 'last month forward active energy', value: 0.26 },
    ],
  ])('1997: %s', (_what, data, wanted) => {
    expect(decode('dlt645-1997', frame(0x81, data))).toMatchObject({ ok: true, version: '1997', ...wanted });
  });

  it('a total of a month', () => {
    const body = [0x68, 0x10, 1, 0, 0, 0, 0, 0, 0, 0x81, 8, 0xd1, 0x20, 1, 0x13, 0x23, 0x33, 0x43, 0x2c];
    const whole = Uint8Array.from([...body, body.reduce((sum, byte) => sum + byte, 0) % 256, 0x16]);
    expect(decode('cjt188', whole)).toMatchObject({
      ok: true,
      payload: '13 23 33 43 2C',
      month: 1,
      total: 433323.13,
    });
  });
});
