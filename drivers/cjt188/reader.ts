/** Single reads of one meter. */

import { hex } from '../../agent/core/bytes.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { PREAMBLES, preambles } from '../meter-frame.ts';
import { forgiving, matcher } from '../meter-match.ts';
import {
  ABNORMAL,
  answers,
  frameAt,
  identifierBytes,
  type Order,
  OVERHEAD,
  orderOf,
  READ,
  request,
} from './frame.ts';
import type { DeviceMap } from './map.ts';

/** Identifier and SER. */
export const HEAD = 3;
/** Longest silence between two bytes of an answer, ms. */
const BYTE_GAP = 500;
/** Characters that an answer may have more than reckoned with: further preambles, a byte too many. */
const SLACK = 24;

export interface Payload {
  /** What follows identifier and SER. */
  readonly data: Uint8Array;
  readonly order: Order | undefined;
  readonly time: Mono;
}

export interface Question {
  /** Identifier, highest byte first. */
  readonly di: string;
  readonly order: Order;
  /** SER */
  readonly serial: number;
  /** Bytes expected behind SER. */
  readonly size: number;
  /** The same will be asked again in the other order if there is no answer: one that comes late is good for both. */
  readonly forgiven: boolean;
}

/** Bytes of a request. */
export function requestLength(map: DeviceMap): number {
  return map.preambles + OVERHEAD + HEAD;
}

/** Bytes of an answer with so many behind identifier and SER. */
export function answerLength(size: number): number {
  return PREAMBLES + OVERHEAD + HEAD + size;
}

/**
 * Reads an identifier. Rejects as the exchange does, and with `device-exception`
 * where the meter refuses (C1): what it said is in `context.refusal`.
 */
export async function read(
  map: DeviceMap,
  { di, order, serial, size, forgiven }: Question,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<Payload> {
  const { address, type, character, delay } = map;
  const what = `read of ${di} from ${address}`;
  const data = Uint8Array.of(...identifierBytes(di, order), serial);
  const expected = { address, control: READ, di };
  const asked = {
    bytes: request({ type, address, control: READ, data }, map.preambles),
    match: matcher(frameAt, (frame) => answers(frame, expected)),
    timeout: delay + character * (answerLength(size) + SLACK),
    gap: BYTE_GAP,
  };
  const answer = await (forgiven ? forgiving(exchange, asked, signal) : exchange(asked, signal));
  const found = frameAt(answer.bytes, preambles(answer.bytes, 0));
  if (found.kind !== 'frame') throw new AgentError('frame-invalid', `${what} failed: the answer is no frame`);
  const { control, data: got } = found.frame;
  if ((control & ABNORMAL) !== 0) {
    const refusal = hex(got);
    throw new AgentError('device-exception', `${what} failed: the meter refuses (${refusal})`, {
      retryable: false,
      context: { refusal },
    });
  }
  return { data: got.slice(HEAD), order: orderOf(got, di), time: answer.time };
}

/** Whether an error is the meter's own refusal. */
export function refuses(error: unknown): boolean {
  return error instanceof AgentError && error.context.refusal !== undefined;
}
