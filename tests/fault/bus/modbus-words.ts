/** The little Modbus RTU these tests speak: fc3 and fc6, written apart from drivers/modbus. */
import type { Match, Matcher } from '../../../agent/core/link.ts';

export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

export function framed(...body: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(body));
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}

export function sound(frame: Uint8Array): boolean {
  return frame.length >= 4 && crc16(frame) === 0;
}

export function readRequest(unit: number, address: number, count: number): Uint8Array {
  return framed(unit, 3, address >> 8, address & 0xff, count >> 8, count & 0xff);
}

export function writeRequest(unit: number, address: number, value: number): Uint8Array {
  return framed(unit, 6, address >> 8, address & 0xff, value >> 8, value & 0xff);
}

export function readAnswer(unit: number, words: readonly number[]): Uint8Array {
  return framed(unit, 3, words.length * 2, ...words.flatMap((word) => [(word >> 8) & 0xff, word & 0xff]));
}

export function words(answer: Uint8Array): readonly number[] {
  const count = (answer[2] ?? 0) / 2;
  return Array.from({ length: count }, (_, i) => ((answer[3 + 2 * i] ?? 0) << 8) | (answer[4 + 2 * i] ?? 0));
}

/** Takes the answer to a read of `count` registers, or its exception. */
export function readMatcher(unit: number, count: number): Matcher {
  return matcher(unit, 3, (received) => (received[2] === count * 2 ? 5 + count * 2 : undefined));
}

export function writeMatcher(request: Uint8Array): Matcher {
  return matcher(request[0] ?? 0, 6, () => 8);
}

function matcher(unit: number, fc: number, length: (received: Uint8Array) => number | undefined): Matcher {
  return (received): Match => {
    if (received.length < 3) return received[0] === unit ? { kind: 'more' } : skipOrForeign(received);
    if (received[0] === unit && received[1] === (fc | 0x80)) return whole(received, 5);
    if (received[0] !== unit || received[1] !== fc) return skipOrForeign(received);
    const needed = length(received);
    return needed === undefined ? skipOrForeign(received) : whole(received, needed);
  };
}

function whole(received: Uint8Array, length: number): Match {
  if (received.length < length) return { kind: 'more' };
  return sound(received.subarray(0, length)) ? { kind: 'frame', length } : { kind: 'skip', length: 1 };
}

function skipOrForeign(received: Uint8Array): Match {
  const length = received[1] === 3 ? 5 + (received[2] ?? 0) : 8;
  if (received.length >= length && sound(received.subarray(0, length))) return { kind: 'foreign', length };
  return { kind: 'skip', length: 1 };
}
