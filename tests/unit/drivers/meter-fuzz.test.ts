/**
 * Seeded noise into what takes bytes of DL/T 645 and CJ/T 188: a million inputs each by default. `FUZZ_INPUTS` sets how
 * many, `FUZZ_SEED` which.
 */
import { describe, expect, it } from 'vitest';
import type { Exchange, Matcher } from '../../../agent/core/link.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import cjt188 from '../../../drivers/cjt188/index.ts';
import dlt645 from '../../../drivers/dlt645/index.ts';
import { decode } from '../../../drivers/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270102);
const never = new AbortController().signal;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 2400, dataBits: 8, parity: 'even', stopBits: 1 },
};

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

const noise = (roll: Roll, most: number): number[] => Array.from({ length: roll(most) }, () => roll(256));
/** Bytes that look like frames now and then. */
const likely = (roll: Roll, most: number): number[] =>
  Array.from({ length: roll(most) }, () => [0x68, 0x16, 0xfe, 0x68, roll(24), roll(256)][roll(6)] ?? 0);

/** A frame that has been damaged: bytes changed, cut, doubled, glued. */
function damaged(roll: Roll, frame: readonly number[]): number[] {
  const out = [...frame];
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(out.length + 1);
    const how = roll(4);
    if (how === 0) out[at] = roll(256);
    else if (how === 1) out.splice(at, 1 + roll(4));
    else if (how === 2) out.splice(at, 0, ...noise(roll, 6));
    else out.push(...frame.slice(0, roll(frame.length)));
  }
  return out.map((byte) => byte ?? 0);
}

const input = (roll: Roll, i: number, frame: readonly number[]): number[] =>
  i % 3 === 0 ? noise(roll, 32) : i % 3 === 1 ? likely(roll, 48) : damaged(roll, frame);

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

const closed = (body: readonly number[]) => [...body, body.reduce((sum, byte) => sum + byte, 0) % 256, 0x16];
const ADDRESS = [0x20, 0x00, 0x51, 0x05, 0x03, 0x26];
const shifted = (data: readonly number[]) => data.map((byte) => (byte + 0x33) % 256);

interface Spoken {
  readonly stem: string;
  readonly printed: string;
  readonly decoder: string;
  readonly answer: readonly number[];
  /** Whether bytes without preambles are an answer to the question; written apart from the driver. */
  fits(frame: readonly number[]): boolean;
}

const SPOKEN: Readonly<Record<string, Spoken>> = {
  'DL/T 645': {
    stem: 'dlt645-2007-three-phase',
    printed: '260305510020',
    decoder: 'dlt645-2007',
    answer: closed([
      0x68,
      ...ADDRESS,
      0x68,
      0x91,
      24,
      ...shifted([0, 0xff, 1, 0, ...new Array<number>(20).fill(0x12)]),
    ]),
    fits(frame) {
      const size = frame[9] ?? 0;
      const whole = closed(frame.slice(0, 10 + size)).every((byte, i) => byte === frame[i]);
      const head =
        frame[0] === 0x68 && frame[7] === 0x68 && ADDRESS.every((byte, i) => byte === frame[i + 1]);
      const control = frame[8] ?? 0;
      const says =
        control === 0xd1 || control === 0xf1
          ? size === 1
          : (control === 0x91 || control === 0xb1) &&
            shifted([0, 0xff, 1, 0]).every((byte, i) => byte === frame[10 + i]);
      return whole && head && says && frame.length === size + 12;
    },
  },
  'CJ/T 188': {
    stem: 'cjt188-water',
    printed: '78260305510020',
    decoder: 'cjt188',
    answer: closed([
      0x68,
      0x10,
      ...ADDRESS,
      0x78,
      0x81,
      22,
      0x90,
      0x1f,
      1,
      ...new Array<number>(19).fill(0x12),
    ]),
    fits(frame) {
      const size = frame[10] ?? 0;
      const whole = closed(frame.slice(0, 11 + size)).every((byte, i) => byte === frame[i]);
      const head = frame[0] === 0x68 && [...ADDRESS, 0x78].every((byte, i) => byte === frame[i + 2]);
      const di = ((frame[11] ?? 0) << 8) | (frame[12] ?? 0);
      const says = frame[9] === 0xc1 ? size <= 5 : frame[9] === 0x81 && (di === 0x901f || di === 0x1f90);
      return whole && head && says && frame.length === size + 13;
    },
  },
};

const DRIVERS = [dlt645, cjt188];

/** The matcher a session uses for its first question. */
function matcherOf({ stem, printed }: Spoken): Matcher {
  const of = profile(stem);
  const driver = DRIVERS.find(({ protocol }) => protocol === of.protocol);
  let taken: Matcher | undefined;
  // The question stays open: a matcher that is done with takes nothing any more.
  const catching: Exchange = ({ match }) => {
    taken ??= match;
    return new Promise(() => {});
  };
  const config = device(of, { address: printed });
  const session = driver?.open({ device: config, clock: new VirtualClock(), log: silent }, line);
  void session?.polls[0]?.execute(catching, never);
  if (taken === undefined) throw new Error(`${stem} asked nothing`);
  return taken;
}

const stripped = (frame: readonly number[]) => frame.slice(frame.findIndex((byte) => byte !== 0xfe));

describe.each(Object.keys(SPOKEN))(
  `%s under noise (seed ${SEED})`,
  { timeout: 60_000 + INPUTS / 10 },
  (name) => {
    const spoken = SPOKEN[name];
    if (spoken === undefined) throw new Error(name);
    const { answer } = spoken;

    it(`takes nothing that is not whole and an answer (${INPUTS} inputs)`, () => {
      const match = matcherOf(spoken);
      const roll = dice(SEED);
      const wrong: string[] = [];
      let taken = 0;
      for (let i = 0; i < INPUTS; i++) {
        const found = feed(match, input(roll, i, answer), roll);
        if (found === undefined) continue;
        taken++;
        if (!spoken.fits(stripped(found))) wrong.push(`${i}: ${Buffer.from(found).toString('hex')}`);
      }
      expect(wrong).toEqual([]);
      // Some damage leaves a whole answer behind or before it.
      expect(taken).toBeGreaterThan(INPUTS / 400);
    });

    it('finds the good one behind noise and behind damaged ones', () => {
      const match = matcherOf(spoken);
      const roll = dice(SEED + 1);
      let missed = 0;
      for (let i = 0; i < INPUTS / 100; i++) {
        const before = i % 2 === 0 ? noise(roll, 12) : answer.slice(0, roll(answer.length - 1));
        const found = feed(match, [...before, 0xfe, 0xfe, ...answer], roll);
        if (found === undefined || !stripped(found).every((byte, at) => byte === answer[at])) missed++;
      }
      expect(missed).toBe(0);
    });

    it(`decode always answers (${INPUTS / 10} inputs)`, () => {
      const roll = dice(SEED + 2);
      for (let i = 0; i < INPUTS / 10; i++) {
        const bytes = Uint8Array.from(input(roll, i, answer));
        const told = decode(spoken.decoder, i % 7 === 0 ? Buffer.from(bytes).toString('latin1') : bytes);
        if (!told.ok && told.error.length === 0) throw new Error(`${i}: refused without a reason`);
      }
      expect(decode(spoken.decoder, Uint8Array.from(answer))).toMatchObject({ ok: true });
    });

    it('a session survives whatever stands in a whole answer', async () => {
      const roll = dice(SEED + 3);
      const of = profile(spoken.stem);
      const driver = DRIVERS.find(({ protocol }) => protocol === of.protocol);
      const config = device(of, { address: spoken.printed });
      // Up to the identifier (DL/T 645), and to SER (CJ/T 188).
      const head = 14;
      for (let i = 0; i < INPUTS / 1000; i++) {
        const body = answer.slice(0, -2).map((byte, at) => (at < head ? byte : roll(256)));
        const session = driver?.open({ device: config, clock: new VirtualClock(), log: silent }, line);
        const exchange: Exchange = async () => ({ bytes: Uint8Array.from(closed(body)), time: 1 });
        for (const { point, value, quality } of (await session?.polls[0]?.execute(exchange, never)) ?? []) {
          expect([point, value === null]).toEqual([point, quality === 'bad']);
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
        }
      }
    });
  },
);
