/** BER as far as SNMP needs it: elements of definite length, one behind the other. X.690 §8, RFC 3417 §8 */

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const OCTETS = 0x04;
/** What a UDP datagram can carry. */
const LONGEST = 65_507;

/** A tag with its contents; `end` lies behind `bytes` where they are cut off. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The element at `at`; undefined where its head is cut off, null where it is none. */
export function elementAt(bytes: Uint8Array, at: number): Element | undefined | null {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) return null;
  if (at + 2 + octets > bytes.length) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return length > LONGEST ? null : { tag, start: at + 2 + octets, end: at + 2 + octets + length };
}

/** Reads elements one behind the other within a message; `next` throws `Malformed` where one is not what is expected. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Tag of the next element; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** Steps over the next element; its contents. */
  next(...tags: readonly number[]): { readonly tag: number; readonly contents: Uint8Array } {
    const found = elementAt(this.#bytes, this.#at);
    if (found === undefined || found === null || found.end > this.#bytes.length) throw new Malformed();
    if (tags.length > 0 && !tags.includes(found.tag)) throw new Malformed();
    this.#at = found.end;
    return { tag: found.tag, contents: this.#bytes.subarray(found.start, found.end) };
  }

  number(): number {
    const { contents } = this.next(INTEGER);
    if (contents.length === 0 || contents.length > 5) throw new Malformed();
    return contents.reduce((value, byte) => value * 256 + byte, (contents[0] ?? 0) & 0x80 ? -1 : 0);
  }

  into(...tags: readonly number[]): Cursor {
    return new Cursor(this.next(...tags).contents);
  }
}

export class Malformed extends Error {}
