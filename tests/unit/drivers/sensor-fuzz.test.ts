/**
 * Seeded noise and damaged frames into the parsers of serial sensors. `FUZZ_INPUTS` sets how many each parser
 * gets (a million by default), `FUZZ_SEED` which.
 */
import { describe, expect, it } from 'vitest';
import * as a02yyuw from '../../../drivers/a02yyuw/frame.ts';
import { frameFinder } from '../../../drivers/framed/frame.ts';
import { compile } from '../../../drivers/framed/pattern.ts';
import { optionsSchema } from '../../../drivers/framed/schema.ts';
import { reader } from '../../../drivers/framed/values.ts';
import * as hpma115 from '../../../drivers/hpma115/frame.ts';
import { decode } from '../../../drivers/index.ts';
import * as mhz19 from '../../../drivers/mhz19/frame.ts';
import { LineScanner, parse } from '../../../drivers/nmea/sentence.ts';
import { toldOf } from '../../../drivers/nmea/told.ts';
import { type FrameAt, FrameScanner } from '../../../drivers/scanner.ts';
import * as sds from '../../../drivers/sds/frame.ts';
import * as sps30 from '../../../drivers/sps30/frame.ts';
import { profile } from './load.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270102);
/** Seconds on a free core; more where more inputs are asked for. */
const LIMIT = 60_000 + INPUTS / 10;
/** Inputs of what only explains frames to people. */
const EXPLAINED = INPUTS / 10;

/** xorshift32: 0..n−1. */
function dice(seed: number): (n: number) => number {
  let state = seed | 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

/** Noise, or a frame with bytes changed, cut, doubled. */
function input(roll: (n: number) => number, frame: readonly number[]): Uint8Array {
  if (roll(3) === 0) {
    const noise = new Uint8Array(roll(20));
    for (let i = 0; i < noise.length; i++) noise[i] = roll(256);
    return noise;
  }
  // In one buffer: a million arrays that are spliced would cost more than the parser.
  let length = frame.length;
  const out = new Uint8Array(length + 6);
  out.set(frame);
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(length + 1);
    const how = roll(3);
    if (how === 0) {
      out[at] = roll(256);
      length = Math.max(length, Math.min(at + 1, out.length));
    } else if (how === 1) {
      const gone = Math.min(1 + roll(4), length - at);
      out.copyWithin(at, at + gone, length);
      length -= gone;
    } else {
      out.copyWithin(at + 2, at, length);
      out[at] = roll(256);
      out[at + 1] = roll(256);
      length = Math.min(length + 2, out.length);
    }
  }
  return out.subarray(0, length);
}

const bytes = (hex: string) => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];
const SPS30 =
  '7E 00 03 00 28 40 A7 83 20 41 17 77 BB 41 4A 5F 83 41 54 8D DD 41 D2 83 3E 42 7D 33 FC 85 42 26 17 22 42 29 A4 D9 42 2A 29 BC 3F 55 B7 E7 9E 7E';
const HPMA = [0x42, 0x4d, 0, 28, 0, 0, 0, 20, 0, 30, ...new Array<number>(20).fill(0), 0, 221];
const gas = optionsSchema.parse(profile('generic-framed-gas').options);
const rfid = optionsSchema.parse(profile('generic-framed-rfid').options);

const PARSERS: readonly (readonly [
  name: string,
  at: FrameAt<unknown>,
  longest: number,
  good: readonly number[],
])[] = [
  ['sds', sds.frameAt, sds.SIZE, bytes('AA C0 08 00 08 00 58 D9 41 AB')],
  ['sps30', (all, at) => sps30.frameAt(all, at), sps30.LONGEST, bytes(SPS30)],
  ['mhz19', mhz19.frameAt, mhz19.SIZE, bytes('FF 86 02 7C 42 00 00 00 BA')],
  ['a02yyuw', a02yyuw.frameAt, a02yyuw.SIZE, bytes('FF 07 A1 A7')],
  ['hpma115', hpma115.frameAt, hpma115.LONGEST, HPMA],
  ['framed with a length field', frameFinder(gas), 64, bytes('AA 55 01 01 F1 BC')],
  ['framed of fixed length', frameFinder(rfid), 256, [...Buffer.from('\x024F000BAD01E8\x03', 'latin1')]],
];

describe.each(PARSERS)('%s', (_name, frameAt, longest, good) => {
  it('never throws, never takes more than there is, and finds good frames again', { timeout: LIMIT }, () => {
    const roll = dice(SEED);
    const scanner = new FrameScanner(frameAt, longest);
    for (let i = 0; i < INPUTS; i++) {
      const noise = input(roll, good);
      const found = frameAt(noise, 0);
      if (found?.ok === true && (found.size < 1 || found.size > noise.length)) {
        throw new Error(`size ${found.size} of ${noise.length}`);
      }
      scanner.push(noise);
    }
    // What looked like a beginning may wait for the rest of it; so many good frames settle it.
    for (let sent = 0; sent <= longest; sent += good.length)
      scanner.push(Uint8Array.from([...good, ...good]));
    expect(scanner.push(Uint8Array.from(good)).length).toBe(1);
  });
});

it('NMEA: never throws, and only sentences with the right checksum come out', { timeout: LIMIT }, () => {
  const roll = dice(SEED + 1);
  const lines = new LineScanner();
  const good = [
    ...Buffer.from('$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D\r\n'),
  ];
  let right = 0;
  for (let i = 0; i < INPUTS; i++) {
    for (const line of lines.push(input(roll, good))) {
      const found = parse(line);
      if (!found.ok) continue;
      right++;
      for (const value of Object.values(toldOf(found.sentence))) {
        if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(line);
      }
    }
  }
  expect(right).toBeGreaterThan(0);
  lines.push(Uint8Array.of(10));
  expect(lines.push(Uint8Array.from(good))).toHaveLength(1);
});

it('decode: never throws, whatever protocol, direction and input', { timeout: LIMIT }, () => {
  const roll = dice(SEED + 2);
  const frames = [...PARSERS.map(([, , , good]) => good), [...Buffer.from('$WIMTA,010.0,C*2A')]];
  const names = [
    'nova-sds011',
    'sensirion-sps30-shdlc',
    'shdlc',
    'winsen-mhz19b',
    'ultrasonic-a02yyuw',
    'honeywell-hpma115',
    'nmea0183',
    'plantower-pms5003st',
  ];
  const ways = ['up', 'down', undefined] as const;
  for (let i = 0; i < EXPLAINED; i++) {
    const noise = input(roll, frames[roll(frames.length)] ?? []);
    const given = roll(4) === 0 ? Buffer.from(noise).toString('latin1') : noise;
    const answer = decode(names[roll(names.length)] ?? '', given, ways[roll(3)]);
    if (!answer.ok && answer.error === '') throw new Error('no reason');
  }
});

it('framed: values of any frame, and expressions of any text, without a throw', { timeout: LIMIT }, () => {
  const roll = dice(SEED + 3);
  const read = [gas, rfid].map((options, i) =>
    reader(profile(['generic-framed-gas', 'generic-framed-rfid'][i] ?? '').points, options),
  );
  const letters = '^$.*+?()[]{}|\\dDwsx0aA9-,: ';
  let compiled = 0;
  for (let i = 0; i < INPUTS; i++) {
    read[i % 2]?.(input(roll, bytes('AA 55 06 81 00 10 00 F0 01 00 00')));
    if (i % 200 !== 0) continue;
    const source = Array.from({ length: 1 + roll(12) }, () => letters[roll(letters.length)]).join('');
    const found = compile(source);
    if (!found.ok) continue;
    compiled++;
    found.pattern.test('aA9 aA9: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.repeat(10));
  }
  expect(compiled).toBeGreaterThan(10);
});
