/**
 * Seeded noise into what takes bytes of the M-Bus: a million by default for what finds frames (half of them for
 * each way to address) and for what reads them. `FUZZ_INPUTS` sets how many, `FUZZ_SEED` which.
 */
import { expect, it } from 'vitest';
import type { Exchange, Matcher } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { decode } from '../../../drivers/index.ts';
import mbus from '../../../drivers/mbus/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270103);
const never = new AbortController().signal;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};
const LIMIT = { timeout: 60_000 + INPUTS / 10 };

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
type Roll = ReturnType<typeof dice>;

const sumOf = (body: readonly number[]) => body.reduce((total, byte) => total + byte, 0) % 256;
const closed = (body: readonly number[]) => [
  0x68,
  body.length,
  body.length,
  0x68,
  ...body,
  sumOf(body),
  0x16,
];
const HEADER = [0x78, 0x03, 0x49, 0x11, 0x77, 0x04, 0x0e, 0x16, 1, 0, 0, 0];
const GOOD = closed([
  0x08,
  5,
  0x72,
  ...HEADER,
  0x04,
  0x13,
  0x31,
  0xd4,
  0,
  0,
  0x42,
  0x6c,
  0,
  0,
  0x0c,
  0x06,
  1,
  2,
  3,
  4,
]);

const noise = (roll: Roll, most: number): number[] => Array.from({ length: roll(most) }, () => roll(256));
/** Bytes that look like frames and records now and then. */
const CODES = [
  0x68, 0x16, 0xe5, 0x10, 0x72, 0x08, 0x0f, 0x1f, 0x2f, 0x0d, 0x84, 0xfd, 0xfb, 0x7c, 0xfc, 0x13, 0x6d,
];
const likely = (roll: Roll, most: number): number[] =>
  Array.from({ length: roll(most) }, () => (roll(3) === 0 ? roll(256) : (CODES[roll(CODES.length)] ?? 0)));

function damaged(roll: Roll): number[] {
  const out = [...GOOD];
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(out.length + 1);
    const how = roll(4);
    if (how === 0) out[at] = roll(256);
    else if (how === 1) out.splice(at, 1 + roll(4));
    else if (how === 2) out.splice(at, 0, ...noise(roll, 6));
    else out.push(...GOOD.slice(0, roll(GOOD.length)));
  }
  return out.map((byte) => byte ?? 0);
}

/** A frame that is whole, whatever its records are. */
const whole = (roll: Roll): number[] => {
  const cis = [0x72, 0x72, 0x72, 0x7a, 0x78, 0x73, 0x70, roll(256)];
  const records = roll(2) === 0 ? likely(roll, 60) : noise(roll, 60);
  const head = roll(8) === 0 ? noise(roll, 14) : HEADER;
  return closed([0x08, 5, cis[roll(cis.length)] ?? 0x72, ...head, ...records]);
};

/** Runs a matcher over bytes that arrive in pieces, as a line does; gives the frame found. */
function feed(match: Matcher, stream: readonly number[], roll: Roll): number[] | undefined {
  let buffer: number[] = [];
  for (let at = 0; at < stream.length; ) {
    const piece = 1 + roll(24);
    buffer.push(...stream.slice(at, at + piece));
    at += piece;
    while (buffer.length > 0) {
      const found = match(Uint8Array.from(buffer));
      if (found.kind === 'more') break;
      if (found.length < 1 || found.length > buffer.length)
        throw new Error(`length ${found.length} of ${buffer.length}`);
      if (found.kind === 'frame') return buffer.slice(0, found.length);
      buffer = buffer.slice(found.length);
    }
  }
  return undefined;
}

/** The matcher of the question for data. It stays open: one that is done with takes nothing any more. */
async function matcherOf(address: number | string): Promise<Matcher> {
  const session = mbus.open(
    { device: device(profile('mbus-water'), { address }), clock: new VirtualClock(), log: silent },
    line,
  );
  return await new Promise((resolve) => {
    const catching: Exchange = async ({ bytes, match }) => {
      if (bytes[1] !== 0x7b || match === undefined) return { bytes: Uint8Array.of(0xe5), time: 1 };
      resolve(match);
      return new Promise(() => {});
    };
    void session.polls[0]?.execute(catching, never);
  });
}

it.each([
  ['a primary address', 5, (frame: readonly number[]) => frame[5] === 5],
  [
    'a number',
    '11490378',
    // No header tells a number: then it is who was selected. A fixed structure has it in the same place.
    (frame: readonly number[]) =>
      ![0x72, 0x73].includes(frame[6] ?? 0) ||
      (frame[6] === 0x72 && frame.length < 21) ||
      (frame[6] === 0x73 && frame.length !== 25) ||
      HEADER.slice(0, 4).every((byte, i) => frame[7 + i] === byte),
  ],
] as const)(
  `takes nothing that is not whole and from %s (${INPUTS / 2} inputs)`,
  LIMIT,
  async (_what, address, meant) => {
    const match = await matcherOf(address);
    const roll = dice(SEED);
    const wrong: string[] = [];
    let taken = 0;
    for (let i = 0; i < INPUTS / 2; i++) {
      const bytes =
        [() => noise(roll, 32), () => likely(roll, 48), () => damaged(roll), () => whole(roll)][i % 4]?.() ??
        [];
      const found = feed(match, bytes, roll);
      if (found === undefined) continue;
      taken++;
      const body = found.slice(4, -2);
      const right =
        found.every((byte, at) => byte === closed(body)[at]) &&
        (body[0] ?? 0xff) % 16 === 8 &&
        (body[0] ?? 0) < 0x40;
      if (!right || !meant(found)) wrong.push(`${i}: ${Buffer.from(found).toString('hex')}`);
    }
    expect(wrong).toEqual([]);
    expect(taken).toBeGreaterThan(INPUTS / 40);
  },
);

it(`decode always answers (${INPUTS} inputs)`, LIMIT, () => {
  const roll = dice(SEED + 1);
  let ok = 0;
  for (let i = 0; i < INPUTS; i++) {
    const bytes = Uint8Array.from(i % 4 === 0 ? damaged(roll) : i % 4 === 1 ? likely(roll, 40) : whole(roll));
    const told = decode('mbus', i % 97 === 0 ? Buffer.from(bytes).toString('latin1') : bytes);
    if (!told.ok && told.error.length === 0) throw new Error(`${i}: refused without a reason`);
    if (told.ok) ok++;
    for (const { value } of told.ok ? (told.readings ?? []) : []) {
      if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${i}: ${value}`);
    }
  }
  expect(ok).toBeGreaterThan(INPUTS / 100);
});

it(`a session survives whatever stands in a whole answer (${INPUTS / 50} inputs)`, LIMIT, async () => {
  const roll = dice(SEED + 2);
  const of = profile('mbus-heat');
  const session = mbus.open(
    { device: device(of, { address: 5 }), clock: new VirtualClock(), log: silent },
    line,
  );
  for (let i = 0; i < INPUTS / 50; i++) {
    const exchange: Exchange = async ({ bytes }) => ({
      bytes: bytes[1] === 0x40 ? Uint8Array.of(0xe5) : Uint8Array.from(whole(roll)),
      time: 1,
    });
    const readings = await session.polls[0]?.execute(exchange, never).catch((error: Error) => {
      expect(error.name).toBe('AgentError');
      return [];
    });
    for (const { point, value, quality } of readings ?? []) {
      if ((value === null) !== (quality === 'bad'))
        throw new Error(`${i}: ${point} ${quality} ${String(value)}`);
      if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${i}: ${point} ${value}`);
    }
  }
});

it(`finds the good one behind noise (${INPUTS / 100} inputs)`, LIMIT, async () => {
  const match = await matcherOf(5);
  const roll = dice(SEED + 3);
  let missed = 0;
  for (let i = 0; i < INPUTS / 100; i++) {
    const before = i % 2 === 0 ? noise(roll, 12) : GOOD.slice(0, roll(GOOD.length - 1));
    const found = feed(match, [...before, ...GOOD], roll);
    if (found === undefined || !found.every((byte, at) => byte === GOOD[at])) missed++;
  }
  expect(missed).toBe(0);
});
