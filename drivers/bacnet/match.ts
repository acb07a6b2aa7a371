/**
 * Finds the answer to a confirmed request in what was received: BVLC of Annex J, NPDU of §6.2, APDU of §20.1. An answer has
 * the invoke id and the service of the request and comes from the network and address that was asked.
 */
import type { Match, Matcher } from '../../agent/core/link.ts';

const BVLC = 0x81;
const ORIGINAL_UNICAST = 0x0a;
const NPDU_VERSION = 1;
const LONGEST = 1506;
/** Bits of the NPDU's control octet. */
const NETWORK_MESSAGE = 0x80;
const DESTINATION = 0x20;
const SOURCE = 0x08;
/** Types of the APDU, as its upper half has them. */
export const APDU = { request: 0, unconfirmed: 1, complexAck: 3, error: 5, reject: 6, abort: 7 } as const;
const SEGMENTED = 0x08;
const SEGMENTS_ACCEPTED = 0x02;

export interface Apdu {
  readonly type: number;
  readonly segmented: boolean;
  readonly invoke: number;
  /** Absent in a reject and an abort. */
  readonly service: number | undefined;
  /** Network and address it goes to or comes from, `2001:0C`; empty for the one at the line's address itself. */
  readonly to: string;
  readonly from: string;
  /** Where the APDU begins. */
  readonly at: number;
}

/** What a message is; undefined where it is none, null where it is one of the network layer. */
export function apduOf(message: Uint8Array): Apdu | undefined | null {
  if (message[4] !== NPDU_VERSION) return undefined;
  const control = message[5] ?? 0;
  let at = 6;
  let [to, from] = ['', ''];
  const place = (): string | undefined => {
    const length = message[at + 2] ?? 0;
    const end = at + 3 + length;
    if (end > message.length) return undefined;
    const net = ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
    const text = `${net}:${Buffer.from(message.subarray(at + 3, end))
      .toString('hex')
      .toUpperCase()}`;
    at = end;
    return text;
  };
  if (control & DESTINATION) {
    const found = place();
    if (found === undefined) return undefined;
    to = found;
  }
  if (control & SOURCE) {
    const found = place();
    if (found === undefined) return undefined;
    from = found;
  }
  if (control & DESTINATION) at += 1;
  if (control & NETWORK_MESSAGE) return null;
  const [first, second, third, fourth] = message.subarray(at, at + 4);
  if (first === undefined || second === undefined) return undefined;
  const type = first >> 4;
  if (third === undefined && type !== APDU.unconfirmed) return undefined;
  const segmented = (first & SEGMENTED) !== 0;
  if (type === APDU.request) return { type, segmented, invoke: third ?? 0, service: fourth, to, from, at };
  const named = type === APDU.complexAck || type === APDU.error;
  const service = named && !segmented ? third : undefined;
  return { type, segmented: type === APDU.complexAck && segmented, invoke: second, service, to, from, at };
}

/** The matcher of a request's answer. */
export function answerTo(request: Uint8Array): Matcher {
  const asked = apduOf(request);
  return (received): Match => {
    if (received[0] !== BVLC) return { kind: 'skip', length: toMessage(received) };
    if (received.length < 4) return { kind: 'more' };
    const length = ((received[2] ?? 0) << 8) | (received[3] ?? 0);
    if ((received[1] ?? 0) > 0x0c || length < 6 || length > LONGEST) return { kind: 'skip', length: 1 };
    if (received[1] === ORIGINAL_UNICAST && received.length > 4 && received[4] !== NPDU_VERSION) {
      return { kind: 'skip', length: 1 };
    }
    if (received.length < length) return { kind: 'more' };
    if (received[1] !== ORIGINAL_UNICAST) return { kind: 'foreign', length };
    const told = apduOf(received.subarray(0, length));
    if (told === undefined || asked === undefined || asked === null) return { kind: 'skip', length: 1 };
    return { kind: told !== null && answers(asked, told) ? 'frame' : 'foreign', length };
  };
}

function answers(asked: Apdu, told: Apdu): boolean {
  if (told.invoke !== asked.invoke || told.from !== asked.to || told.segmented) return false;
  if (told.type === APDU.reject || told.type === APDU.abort) return true;
  return (told.type === APDU.complexAck || told.type === APDU.error) && told.service === asked.service;
}

function toMessage(received: Uint8Array): number {
  const next = received.indexOf(BVLC);
  return next < 0 ? received.length : next;
}

/** The request as one that takes no answer in segments: the library offers to take 65 of them and cannot be told not to. */
export function withoutSegments(request: Uint8Array): Uint8Array {
  const found = apduOf(request);
  const bytes = Uint8Array.from(request);
  if (found === undefined || found === null || found.type !== APDU.request) return bytes;
  bytes[found.at] = (bytes[found.at] ?? 0) & ~SEGMENTS_ACCEPTED;
  // The upper half says how many segments, the lower how long an APDU may be. §20.1.2.4
  bytes[found.at + 1] = (bytes[found.at + 1] ?? 0) & 0x0f;
  return bytes;
}
