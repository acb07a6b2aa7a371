/** Frames of Winsen MH-Z19 CO₂ sensors: 9 bytes both ways. MH-Z19B user manual V1.0; WifWaf/MH-Z19. */
import { byteText, type Found, sum8 } from '../scanner.ts';

export const SIZE = 9;

export interface Frame {
  /** 134 (86 hex): gas concentration. */
  readonly command: number;
  /** Bytes 3 to 8. */
  readonly data: Uint8Array;
}

/** The check byte: two's complement of the sum of bytes 2 to 8. */
export function checkOf(bytes: Uint8Array, at = 0): number {
  return (0x100 - sum8(bytes, at + 1, at + 8)) & 0xff;
}

/** A frame from the sensor. */
export function frameAt(bytes: Uint8Array, at = 0): Found<Frame> | undefined {
  const have = bytes.length - at;
  if (have < 1) return undefined;
  if (bytes[at] !== 0xff) return { ok: false, error: `header ${byteText(bytes[at] ?? 0)} is not FF` };
  if (have < SIZE) return undefined;
  const check = checkOf(bytes, at);
  const sent = bytes[at + 8] ?? 0;
  if (check !== sent) return { ok: false, error: `checksum ${byteText(sent)} should be ${byteText(check)}` };
  return { ok: true, size: SIZE, frame: { command: bytes[at + 1] ?? 0, data: bytes.slice(at + 2, at + 8) } };
}

/**
 * A command to sensor 1: 86 read, 79 automatic baseline (A0 on, 00 off). 87 and 88 calibrate: they are never sent by
 * this driver.
 */
export function request(command: 0x86 | 0x79, value = 0): Uint8Array {
  const bytes = Uint8Array.of(0xff, 1, command, value, 0, 0, 0, 0, 0);
  bytes[8] = checkOf(bytes);
  return bytes;
}
