/**
 * Seeded noise into everything that takes bytes from outside. `FUZZ_INPUTS` sets how many each parser gets (a
 * million by default), `FUZZ_SEED` which.
 */
import { describe, expect, it } from 'vitest';
import type { Matcher } from '../../../agent/core/link.ts';
import { MessageReader } from '../../../drivers/firmata/message.ts';
import { decode } from '../../../drivers/index.ts';
import { asciiMatcher } from '../../../drivers/modbus/ascii.ts';
import { mbapMatcher, rtuMatcher } from '../../../drivers/modbus/match.ts';
import { FrameReader } from '../../../drivers/plantower/frame.ts';
import { asciiText, slowCrc } from './fake-modbus.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270101);
/** Inputs of what only explains frames to people. */
const EXPLAINED = INPUTS / 40;

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

function bytes(roll: (n: number) => number, most: number): number[] {
  return Array.from({ length: roll(most) }, () => roll(256));
}

/** A frame that has been damaged: bytes changed, cut, doubled, glued. */
function damaged(roll: (n: number) => number, frame: readonly number[]): number[] {
  const out = [...frame];
  for (let i = roll(3); i >= 0; i--) {
    const at = roll(out.length + 1);
    const how = roll(4);
    if (how === 0) out[at] = roll(256);
    else if (how === 1) out.splice(at, 1 + roll(4));
    else if (how === 2) out.splice(at, 0, ...bytes(roll, 6));
    else out.push(...frame.slice(0, roll(frame.length)));
  }
  return out.map((byte) => byte ?? 0);
}

/** Runs a matcher over bytes that arrive in pieces, as a line does; gives the frame found. */
function feed(
  match: Matcher,
  stream: readonly number[],
  roll: (n: number) => number,
): Uint8Array | undefined {
  let buffer: number[] = [];
  for (let at = 0; at < stream.length; ) {
    const piece = 1 + roll(20);
    buffer.push(...stream.slice(at, at + piece));
    at += piece;
    for (;;) {
      const received = Uint8Array.from(buffer);
      const found = match(received);
      if (found.kind === 'more') break;
      if (found.length < 1 || found.length > received.length)
        throw new Error(`length ${found.length} of ${received.length}`);
      if (found.kind === 'frame') return received.slice(0, found.length);
      buffer = buffer.slice(found.length);
      if (buffer.length === 0) break;
    }
  }
  return undefined;
}

const framed = (body: readonly number[]) => [...body, ...slowCrc(Uint8Array.from(body))];

/** Questions and their answers, as unit and PDU, one for each function. */
const TALKS: readonly (readonly [question: readonly number[], answer: readonly number[]])[] = [
  [
    [7, 3, 0, 16, 0, 4],
    [7, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8],
  ],
  [
    [7, 1, 0, 16, 0, 9],
    [7, 1, 2, 0xcd, 1],
  ],
  [
    [7, 2, 0, 16, 0, 3],
    [7, 2, 1, 5],
  ],
  [
    [7, 4, 0, 16, 0, 1],
    [7, 4, 2, 0x43, 0x66],
  ],
  [
    [7, 5, 0, 3, 0xff, 0],
    [7, 5, 0, 3, 0xff, 0],
  ],
  [
    [7, 6, 0, 3, 1, 2],
    [7, 6, 0, 3, 1, 2],
  ],
  [
    [7, 15, 0, 3, 0, 1, 1, 1],
    [7, 15, 0, 3, 0, 1],
  ],
  [
    [7, 16, 0, 3, 0, 1, 2, 1, 2],
    [7, 16, 0, 3, 0, 1],
  ],
  [
    [7, 22, 0, 3, 0, 0xf0, 0, 5],
    [7, 22, 0, 3, 0, 0xf0, 0, 5],
  ],
  [
    [7, 23, 0, 3, 0, 1, 0, 9, 0, 1, 2, 1, 2],
    [7, 23, 2, 8, 9],
  ],
  [
    [7, 43, 14, 1, 0],
    [7, 43, 14, 1, 0x81, 0, 0, 2, 0, 4, 0x41, 0x43, 0x4d, 0x45, 1, 1, 0x58],
  ],
];

/** Whether `body` may stand as the answer in a talk: the unit, the function, and the length unless it is an exception. */
function answers(body: readonly number[], talk: number): boolean {
  const [, answer = []] = TALKS[talk] ?? [];
  if (body[0] !== 7) return false;
  if (body[1] === (answer[1] ?? 0) + 128) return body.length === 3;
  // 43/14 says its length itself.
  return body[1] === answer[1] && (body[1] === 43 || body.length === answer.length);
}

interface Wire {
  frame(body: readonly number[]): readonly number[];
  match(question: Uint8Array): Matcher;
  /** Unit and PDU of a frame that stands its checks; undefined where it does not. */
  body(frame: Uint8Array): readonly number[] | undefined;
}

const WIRES: Readonly<Record<string, Wire>> = {
  RTU: {
    frame: framed,
    match: rtuMatcher,
    body(frame) {
      const body = [...frame.subarray(0, -2)];
      return framed(body).every((byte, i) => byte === frame[i]) ? body : undefined;
    },
  },
  TCP: {
    frame: (body) => [0x12, 0x34, 0, 0, 0, body.length, ...body],
    match: mbapMatcher,
    body: (frame) =>
      [0x12, 0x34, 0, 0, 0, frame.length - 6].every((byte, i) => byte === frame[i])
        ? [...frame.subarray(6)]
        : undefined,
  },
  ASCII: {
    frame: asciiText,
    match: (frame) => asciiMatcher(Buffer.from(Buffer.from(frame.subarray(1, -4)).toString('latin1'), 'hex')),
    body(frame) {
      const body = [...Buffer.from(Buffer.from(frame.subarray(1, -4)).toString('latin1'), 'hex')];
      const text = Buffer.from(frame).toString('latin1').toUpperCase();
      return Buffer.from(asciiText(body)).toString('latin1') === text ? body : undefined;
    },
  },
};

const budget = { timeout: 60_000 + INPUTS / 5 };

describe.each(Object.keys(WIRES))(
  `modbus %s under noise (seed ${SEED}, ${INPUTS} inputs)`,
  budget,
  (name) => {
    const wire = WIRES[name];
    if (wire === undefined) throw new Error(name);
    const talks = TALKS.map(([question, answer]) => ({
      match: wire.match(Uint8Array.from(wire.frame(question))),
      answer: wire.frame(answer),
    }));
    const of = (i: number) =>
      talks[i % talks.length] ?? { match: () => ({ kind: 'more' as const }), answer: [] };

    it('takes nothing that is not whole and an answer', () => {
      const roll = dice(SEED);
      const wrong: string[] = [];
      for (let i = 0; i < INPUTS; i++) {
        const { match, answer } = of(i);
        const found = feed(match, i % 2 === 0 ? bytes(roll, 24) : damaged(roll, answer), roll);
        if (found === undefined) continue;
        const body = wire.body(found);
        if (body === undefined || !answers(body, i % talks.length)) wrong.push(`${i}: ${found}`);
      }
      expect(wrong).toEqual([]);
    });

    it('finds the good one behind noise', () => {
      const roll = dice(SEED + 1);
      let missed = 0;
      for (let i = 0; i < INPUTS / 100; i++) {
        const { match, answer } = of(i);
        // Bytes that no digit, unit or length has.
        const noise = Array.from({ length: roll(12) }, () => 128 + roll(128));
        const found = feed(match, [...noise, ...answer], roll);
        if (found === undefined || !found.every((byte, at) => byte === answer[at])) missed++;
      }
      // Where only a check tells frames apart, noise can look like somebody else's frame: one in 65536.
      expect(missed).toBeLessThanOrEqual(name === 'ASCII' ? 0 : Math.ceil(INPUTS / 100_000));
    });
  },
);

it('modbus TCP takes no answer to an earlier question', () => {
  const wire = WIRES.TCP;
  for (const [question, answer] of TALKS) {
    const good = wire?.frame(answer) ?? [];
    const late = [0x12, 0x33, ...good.slice(2)];
    const match = mbapMatcher(Uint8Array.from(wire?.frame(question) ?? []));
    expect(feed(match, [...late, ...good], dice(SEED))).toEqual(Uint8Array.from(good));
  }
});

describe(`noise (seed ${SEED}, ${INPUTS} inputs each)`, { timeout: 60_000 + INPUTS / 10 }, () => {
  const answer = framed([7, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8]);

  it.each([
    'modbus-rtu',
    'modbus-ascii',
    'modbus-tcp',
    'modbus-wordorder',
    'plantower-pms5003',
    'plantower-pms5003t',
  ])('decode %s always answers', (protocol) => {
    const roll = dice(SEED + 2);
    const good = protocol === 'modbus-ascii' ? [...Buffer.from(':1103007C00026E\r\n')] : answer;
    for (let i = 0; i < EXPLAINED; i++) {
      const input = Uint8Array.from(i % 2 === 0 ? bytes(roll, 40) : damaged(roll, good));
      const told = decode(protocol, i % 3 === 0 ? Buffer.from(input).toString('latin1') : input);
      expect(typeof told.ok).toBe('boolean');
      if (!told.ok) expect(told.error.length).toBeGreaterThan(0);
    }
  });

  it('plantower: only frames with the right sum come out, and the good one always does', () => {
    const roll = dice(SEED + 3);
    const words = Array.from({ length: 13 }, (_, i) => i + 1);
    const body = [0x42, 0x4d, 0, 28, ...words.flatMap((word) => [0, word])];
    const sum = body.reduce((total, byte) => total + byte, 0);
    const frame = [...body, sum >> 8, sum & 255];
    const reader = new FrameReader();
    for (let i = 0; i < INPUTS; i++)
      reader.push(Uint8Array.from(i % 2 === 0 ? bytes(roll, 24) : damaged(roll, frame)));
    // After noise the reader may wait for the rest of something that looked like a start; two frames settle it.
    reader.push(Uint8Array.from([...frame, ...frame]));
    const found = reader.push(Uint8Array.from(frame));
    expect(found).toEqual([{ length: 28, words }]);
  });

  it('firmata: only whole, known messages come out', () => {
    const roll = dice(SEED + 4);
    const reader = new MessageReader();
    const wrong: string[] = [];
    for (let i = 0; i < INPUTS; i++) {
      for (const message of reader.push(Uint8Array.from(bytes(roll, 24)))) {
        const [first = 0] = message;
        const whole = first === 0xf0 ? message.at(-1) === 0xf7 : message.length === 3;
        if (!whole || !message.subarray(1, -1).every((byte) => byte < 0x80)) wrong.push(String(message));
      }
    }
    expect(wrong).toEqual([]);
    // A sysex that never ends does not grow without end.
    const endless = new MessageReader();
    endless.push(Uint8Array.from([0xf0, ...new Array<number>(100_000).fill(1)]));
    expect(endless.push(Uint8Array.from([0xf9, 2, 5]))).toHaveLength(1);
  });
});
