/** Outside captures of serial sensors and NMEA talkers through `decode`: every figure under its name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Direction, decode } from '../../../drivers/index.ts';

interface Case {
  readonly id: string;
  readonly protocol: string;
  readonly dir?: Direction;
  readonly hex?: string;
  readonly text?: string;
  readonly decode: Readonly<Record<string, unknown>>;
  readonly expect?: string;
  readonly verified: boolean;
}

const cases = ['serial-sensors', 'nmea'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../vectors/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Case[];
});
const input = ({ text, hex }: Case) => text ?? hex ?? '';
const taken = cases.filter((one) => one.expect === undefined && one.verified);

/** Another library's view of the same frame, in its own names and rounding. */
const OTHERS = ['pypms_csv'];
/** Names of that view in ours. */
const SAME: Readonly<Record<string, string>> = {
  pm01: 'pm1',
  pm04: 'pm4',
  n0_5: 'n05',
  n1_0: 'n1',
  n2_5: 'n25',
  n4_0: 'n4',
  n10_0: 'n10',
  diam: 'typical_size_um',
  CO2: 'co2_ppm',
};

it('all are there', () => {
  expect(cases.length).toBe(126);
});

describe.each(taken)('$id', (one) => {
  it('gives every figure of the source under its name', () => {
    const answer = decode(one.protocol, input(one), one.dir);
    expect(answer).toMatchObject({ ok: true });
    for (const [name, want] of Object.entries(one.decode)) {
      if (OTHERS.includes(name)) continue;
      expect([name, Reflect.get(answer, name)]).toEqual([name, want]);
    }
    const csv = one.decode.pypms_csv as Readonly<Record<string, string>> | undefined;
    for (const [name, text] of Object.entries(csv ?? {})) {
      if (name === 'time') continue;
      const value = Number(Reflect.get(answer, SAME[name] ?? name));
      const half = 0.5 * 10 ** -(text.split('.')[1]?.length ?? 0);
      expect(Math.abs(value - Number(text)), `${name}: ${value} for ${text}`).toBeLessThanOrEqual(
        half + 1e-9,
      );
    }
  });

  it('decides by itself which way a frame goes', () => {
    const told = decode(one.protocol, input(one), one.dir);
    if (one.id !== 'shdlc-mosi-all-zero') expect(decode(one.protocol, input(one))).toEqual(told);
  });

  it('is refused with one bit changed', () => {
    const bytes =
      one.text === undefined
        ? Buffer.from(input(one).replaceAll(' ', ''), 'hex')
        : Buffer.from(one.text, 'latin1');
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    expect(decode(one.protocol, bytes, one.dir)).toMatchObject({ ok: false });
  });
});

describe('refused for the right reason', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    'sds011-neg-short': /^short: 6 of 10 bytes/,
    'sds011-neg-badhdr': /^header AB is not AA/,
    'sps30-neg-nodata': /^no new data/,
    'sps30-neg-badck': /^checksum D0 should be D4/,
    'shdlc-neg-empty': /^empty/,
    'shdlc-neg-tooshort': /^short/,
    'shdlc-neg-toolessdata': /^length/,
    'mhz19-neg-short': /^short: 4 of 9 bytes/,
    'nmea-GPGSV-34': /^checksum 2D should be 74/,
    'nmea-WIXDR-114': /^checksum 56 should be 51/,
  };
  it.each(cases.filter((one) => !taken.includes(one)))('$id', (one) => {
    const reason = reasons[one.id];
    expect(reason).toBeDefined();
    const answer = decode(one.protocol, input(one), one.dir);
    expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(reason ?? /^$/) });
  });
});
