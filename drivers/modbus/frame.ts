/** How long Modbus frames are and which answer fits which request. Modbus Application Protocol V1.1b3 §6. */
import { crcFits } from './crc.ts';

/** Largest RTU frame, bytes. Modbus over Serial Line V1.02 §2.5.1 */
export const MAX_RTU = 256;

export const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge',
  6: 'server device busy',
  7: 'negative acknowledge',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
};

/** Length of the RTU answer that starts at `at`; undefined while its length byte is missing, 0 for no known function. */
export function answerLength(bytes: Uint8Array, at = 0): number | undefined {
  const code = bytes[at + 1];
  if (code === undefined) return undefined;
  if (code > 0x80) return 5;
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 12:
    case 17:
    case 20:
    case 21:
    case 23: {
      const count = bytes[at + 2];
      return count === undefined ? undefined : count + 5;
    }
    case 5:
    case 6:
    case 8:
    case 11:
    case 15:
    case 16:
      return 8;
    case 7:
      return 5;
    case 22:
      return 10;
    case 43:
      return identificationLength(bytes, at);
    default:
      return 0;
  }
}

/** Length of the RTU request that starts at `at`; undefined while its length byte is missing, 0 for no known function. */
export function requestLength(bytes: Uint8Array, at = 0): number | undefined {
  const code = bytes[at + 1];
  if (code === undefined) return undefined;
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 8:
      return 8;
    case 7:
    case 11:
    case 12:
    case 17:
      return 4;
    case 15:
    case 16: {
      const count = bytes[at + 6];
      return count === undefined ? undefined : count + 9;
    }
    case 22:
      return 10;
    case 23: {
      const count = bytes[at + 10];
      return count === undefined ? undefined : count + 13;
    }
    case 43:
      return 7;
    default:
      return 0;
  }
}

/** 43/14 has no length byte: its objects are walked. Modbus Application Protocol V1.1b3 §6.21 */
function identificationLength(bytes: Uint8Array, at: number): number | undefined {
  const mei = bytes[at + 2];
  if (mei === undefined) return undefined;
  if (mei !== 14) return 0;
  const objects = bytes[at + 7];
  if (objects === undefined) return undefined;
  let end = at + 8;
  for (let i = 0; i < objects; i++) {
    const length = bytes[end + 1];
    if (length === undefined) return undefined;
    end += 2 + length;
    if (end - at > MAX_RTU) return 0;
    // The example of §6.21 counts the objects of all pages in each: the check tells where this one ends.
    if (bytes[at + 5] === 0xff && crcFits(bytes, at, end + 2)) return end - at + 2;
  }
  return end - at + 2;
}

/** What a request waits for. */
export interface Expected {
  readonly unit: number;
  readonly code: number;
  /** Length of the RTU answer; undefined where only the answer knows (43/14). */
  readonly length: number | undefined;
  /** Bytes the answer begins with: unit, function, and what it repeats of the request or its byte count. */
  readonly head: Uint8Array;
}

/** The answer that an RTU request (with CRC) asks for. */
export function expectedAnswer(request: Uint8Array): Expected {
  const unit = request[0] ?? 0;
  const code = request[1] ?? 0;
  const word = (at: number) => ((request[at] ?? 0) << 8) | (request[at + 1] ?? 0);
  const counted = (count: number) => ({
    unit,
    code,
    length: count + 5,
    head: Uint8Array.of(unit, code, count & 0xff),
  });
  switch (code) {
    case 1:
    case 2:
      return counted(Math.ceil(word(4) / 8));
    case 3:
    case 4:
    case 23:
      return counted(2 * word(4));
    case 5:
    case 6:
    case 15:
    case 16:
      return { unit, code, length: 8, head: request.slice(0, 6) };
    case 22:
      return { unit, code, length: 10, head: request.slice(0, 8) };
    case 43:
      return { unit, code, length: undefined, head: request.slice(0, 4) };
    default:
      return { unit, code, length: undefined, head: request.slice(0, 2) };
  }
}

/** Length of the RTU answer to an RTU request, bytes; the longest where only the answer knows. */
export function answerLengthOf(request: Uint8Array): number {
  return expectedAnswer(request).length ?? MAX_RTU;
}

/** Length of a valid frame of whatever kind (answer or request) at `at`; 0 where there is none, undefined where one may still become. */
export function validFrame(bytes: Uint8Array, at = 0): number | undefined {
  let open = false;
  for (const length of [answerLength(bytes, at), requestLength(bytes, at)]) {
    if (length === 0) continue;
    if (length === undefined || (length <= MAX_RTU && at + length > bytes.length)) open = true;
    else if (crcFits(bytes, at, at + length)) return length;
  }
  return open ? undefined : 0;
}
