/**
 * Finds the answer to a request in what was received: a whole message (BER of RFC 3417 §8) of the same version and
 * community with the same request-id; of version 3 the same msgID, and no less protection than was asked with.
 */
import type { Match, Matcher } from '../../agent/core/link.ts';
import { Cursor, elementAt, INTEGER, Malformed, OCTETS, SEQUENCE } from './ber.ts';

const RESPONSE = 0xa2;
const REPORT = 0xa8;
/** msgFlags: authenticated, encrypted. RFC 3412 §6.4 */
const PROTECTED = 0x03;

interface Identity {
  readonly version: number;
  readonly community: string;
  /** request-id, or msgID of version 3. */
  readonly id: number;
  readonly flags: number;
  /** Tag of the PDU; undefined where it is encrypted. */
  readonly pdu: number | undefined;
}

/** Who a message is from and which one it is; undefined where it is no SNMP message. */
export function identityOf(message: Uint8Array): Identity | undefined {
  try {
    const outer = new Cursor(message).into(SEQUENCE);
    const version = outer.number();
    if (version === 3) {
      const header = outer.into(SEQUENCE);
      const id = header.number();
      header.number();
      const [flags = 0] = header.next(OCTETS).contents;
      outer.next(OCTETS);
      const scoped = outer.next(SEQUENCE, OCTETS);
      const pdu = scoped.tag === SEQUENCE ? pduOf(new Cursor(scoped.contents)) : undefined;
      return { version, community: '', id, flags, pdu };
    }
    if (version !== 0 && version !== 1) return undefined;
    const community = Buffer.from(outer.next(OCTETS).contents).toString('latin1');
    const { tag, contents } = outer.next(0xa0, 0xa1, RESPONSE, 0xa3, 0xa5);
    return { version, community, id: new Cursor(contents).number(), flags: 0, pdu: tag };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function pduOf(scoped: Cursor): number {
  scoped.next(OCTETS);
  scoped.next(OCTETS);
  return scoped.next(0xa0, 0xa1, RESPONSE, 0xa3, 0xa5, REPORT).tag;
}

/** The matcher of a request's answer. */
export function answerTo(request: Uint8Array): Matcher {
  const asked = identityOf(request);
  return (received): Match => {
    if (received[0] !== SEQUENCE) return { kind: 'skip', length: toSequence(received) };
    const message = elementAt(received, 0);
    if (message === undefined) return { kind: 'more' };
    if (message === null) return { kind: 'skip', length: 1 };
    // Noise looks like the head of a message now and then; it is not waited for.
    const head = received.subarray(message.start, message.start + 3);
    const known = [INTEGER, 1, (asked?.version ?? 0) & 0xff];
    if (head.some((byte, i) => byte !== known[i])) return { kind: 'skip', length: 1 };
    if (received.length < message.end) return { kind: 'more' };
    const told = identityOf(received.subarray(0, message.end));
    if (told === undefined || asked === undefined) return { kind: 'skip', length: 1 };
    return { kind: answers(asked, told) ? 'frame' : 'foreign', length: message.end };
  };
}

function answers(asked: Identity, told: Identity): boolean {
  if (told.id !== asked.id || told.community !== asked.community) return false;
  if (asked.version !== 3) return told.pdu === RESPONSE;
  if (told.pdu === REPORT) return true;
  return (told.flags & PROTECTED) === (asked.flags & PROTECTED) && (told.pdu ?? RESPONSE) === RESPONSE;
}

function toSequence(received: Uint8Array): number {
  const next = received.indexOf(SEQUENCE);
  return next < 0 ? received.length : next;
}
