/** Frames of ultrasonic distance sensors: FF, two bytes of mm, the sum of the three. DFRobot SEN0311 (A02YYUW) wiki. */
import { byteText, type Found, sum8 } from '../scanner.ts';

export const SIZE = 4;
/** What some variants send instead of a distance: no echo (FFFD), another sensor in the way (FFFE). */
export const NO_ECHO = 0xfffd;

/** The distance in mm. */
export function frameAt(bytes: Uint8Array, at = 0): Found<number> | undefined {
  const have = bytes.length - at;
  if (have < 1) return undefined;
  if (bytes[at] !== 0xff) return { ok: false, error: `header ${byteText(bytes[at] ?? 0)} is not FF` };
  if (have < SIZE) return undefined;
  const sum = sum8(bytes, at, at + 3);
  const sent = bytes[at + 3] ?? 0;
  if (sum !== sent) return { ok: false, error: `checksum ${byteText(sent)} should be ${byteText(sum)}` };
  return { ok: true, size: SIZE, frame: ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0) };
}
