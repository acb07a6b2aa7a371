/** Seeded noise into everything that takes bytes from outside. `FUZZ_INPUTS` sets how many, `FUZZ_SEED` which. */
import { describe, expect, it } from 'vitest';
import type { Matcher } from '../../../agent/core/link.ts';
import { MessageReader } from '../../../drivers/firmata/message.ts';
import { decode } from '../../../drivers/index.ts';
import { mbapMatcher, rtuMatcher } from '../../../drivers/modbus/match.ts';
import { FrameReader } from '../../../drivers/plantower/frame.ts';
import { slowCrc } from './fake-modbus.ts';

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 100_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20270101);

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

describe(`noise (seed ${SEED}, ${INPUTS} inputs each)`, { timeout: 60_000 + INPUTS / 10 }, () => {
  const request = Uint8Array.from(framed([7, 3, 0, 16, 0, 4]));
  const answer = framed([7, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8]);

  it('modbus RTU: the matcher never takes a damaged frame, and finds the good one behind noise', () => {
    const roll = dice(SEED);
    const match = rtuMatcher(request);
    for (let i = 0; i < INPUTS; i++) {
      const junk = i % 2 === 0 ? bytes(roll, 24) : damaged(roll, answer);
      const found = feed(match, junk, roll);
      if (found === undefined) continue;
      // Whatever is taken is whole: unit, function, length and check fit.
      const [low, high] = slowCrc(found.subarray(0, -2));
      expect([found[0], (found[1] ?? 0) & 0x7f, found.at(-2), found.at(-1)]).toEqual([7, 3, low, high]);
      expect([5, 13]).toContain(found.length);
    }
    let missed = 0;
    for (let i = 0; i < INPUTS / 10; i++) {
      const noise = Array.from({ length: roll(12) }, () => 128 + roll(128));
      const found = feed(match, [...noise, ...answer], roll);
      if (found === undefined || !found.every((byte, at) => byte === answer[at])) missed++;
    }
    // A noise byte can look like a longer frame of somebody else's with a check that fits: one in 65536.
    expect(missed).toBeLessThanOrEqual(Math.ceil(INPUTS / 10_000));
  });

  it('modbus TCP: the matcher takes nothing of another transaction', () => {
    const roll = dice(SEED + 1);
    const ask = Uint8Array.from([0x12, 0x34, 0, 0, 0, 6, 7, 3, 0, 16, 0, 4]);
    const reply = [0x12, 0x34, 0, 0, 0, 11, 7, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    const match = mbapMatcher(ask);
    expect(feed(match, reply, roll)).toEqual(Uint8Array.from(reply));
    const late = [0x12, 0x33, ...reply.slice(2)];
    expect(feed(match, [...late, ...reply], roll)).toEqual(Uint8Array.from(reply));
    for (let i = 0; i < INPUTS; i++) {
      const found = feed(match, i % 2 === 0 ? bytes(roll, 24) : damaged(roll, reply), roll);
      if (found === undefined) continue;
      expect([...found.subarray(0, 4), found[6], (found[7] ?? 0) & 0x7f]).toEqual([0x12, 0x34, 0, 0, 7, 3]);
    }
  });

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
    for (let i = 0; i < INPUTS / 4; i++) {
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
    for (let i = 0; i < INPUTS; i++) {
      for (const message of reader.push(Uint8Array.from(bytes(roll, 24)))) {
        const [first = 0] = message;
        if (first === 0xf0) expect(message.at(-1)).toBe(0xf7);
        else expect(message.length).toBe(3);
        expect(message.subarray(1, -1).every((byte) => byte < 0x80)).toBe(true);
      }
    }
    // A sysex that never ends does not grow without end.
    const endless = new MessageReader();
    endless.push(Uint8Array.from([0xf0, ...new Array<number>(100_000).fill(1)]));
    expect(endless.push(Uint8Array.from([0xf9, 2, 5]))).toHaveLength(1);
  });
});
