/**
 * How platforms frame the encrypted XML on TCP. The text of the guideline (分项能耗数据传输技术导则) was not at hand and the
 * field has four layouts that cannot read each other, so a layout is data: a platform profile names one, a site file may
 * change parts of it.
 */
import { fromHex, hex } from '../../core/bytes.ts';
import { crcXmodem } from './crc.ts';

export interface Framing {
  /** Bytes in front of and behind a frame, in hex; empty: none. */
  readonly head: string;
  readonly tail: string;
  /** One byte that names the kind of packet behind the head (01 authentication, 02 heart-beat, 03 data, 04 compressed). */
  readonly packetType: boolean;
  /** The size of what follows, and whether the packet number is counted in it. `hex`: eight hex digits, counting characters. */
  readonly length: 'u32-le' | 'u32-be' | 'hex';
  readonly counts: 'sequence+body' | 'body';
  /** A 32-bit packet number, low byte first. */
  readonly sequence: boolean;
  /** The cipher text as bytes, or written in hex digits. */
  readonly body: 'bytes' | 'hex';
  /** CRC-16/XMODEM up to the end of the body; where it begins, and which byte comes first. */
  readonly crc: 'none' | 'from-head' | 'from-sequence';
  readonly crcOrder: 'le' | 'be';
}

/** The layouts seen in the field. Sources: docs/uplinks/building-energy.md */
export const FRAMINGS = {
  /** As senders of the guideline's text have it. */
  guideline: {
    head: '68681616',
    tail: '55AA55AA',
    packetType: false,
    length: 'u32-le',
    counts: 'sequence+body',
    sequence: true,
    body: 'bytes',
    crc: 'from-head',
    crcOrder: 'be',
  },
  /** Head and tail changed over, CRC without the head and low byte first. */
  netdau: {
    head: '55AA55AA',
    tail: '68681616',
    packetType: false,
    length: 'u32-le',
    counts: 'sequence+body',
    sequence: true,
    body: 'bytes',
    crc: 'from-sequence',
    crcOrder: 'le',
  },
  acrel: {
    head: '1F1F',
    tail: '',
    packetType: true,
    length: 'u32-be',
    counts: 'body',
    sequence: false,
    body: 'bytes',
    crc: 'none',
    crcOrder: 'be',
  },
  hex: {
    head: '',
    tail: '',
    packetType: false,
    length: 'hex',
    counts: 'body',
    sequence: false,
    body: 'hex',
    crc: 'none',
    crcOrder: 'be',
  },
} as const satisfies Readonly<Record<string, Framing>>;
export type FramingName = keyof typeof FRAMINGS;

/** What a packet carries between its marks. */
export interface Packet {
  /** Cipher text. */
  readonly body: Uint8Array;
  /** 0 where the layout has none. */
  readonly sequence: number;
  /** 0 where the layout has none. */
  readonly type: number;
}

export interface FoundPacket extends Packet {
  readonly ok: true;
  /** Bytes of the whole frame. */
  readonly size: number;
  readonly length: number;
  readonly crcWire?: Uint8Array;
  readonly crc?: number;
}
/** `crc`, `tail` and `length` say which check failed. */
export interface NoPacket {
  readonly ok: false;
  readonly error: string;
  readonly check: 'head' | 'length' | 'crc' | 'tail' | 'body';
  /** Bytes that belong to the damaged frame, or end with what is wrong in it: nothing is looked for within them. */
  readonly size?: number;
}

const bytesOf = (text: string) => fromHex(text) ?? new Uint8Array(0);

export function encodePacket(framing: Framing, { body, sequence, type }: Packet): Uint8Array {
  const head = bytesOf(framing.head);
  const content =
    framing.body === 'hex' ? Buffer.from(Buffer.from(body).toString('hex').toUpperCase()) : body;
  const number = Buffer.alloc(framing.sequence ? 4 : 0);
  if (framing.sequence) number.writeUInt32LE(sequence >>> 0);
  const size = content.length + (framing.counts === 'sequence+body' ? number.length : 0);
  const length = lengthBytes(framing, size);
  const kind = Uint8Array.from(framing.packetType ? [type] : []);
  const crc =
    framing.crc === 'from-head' ? crcXmodem(head, kind, length, number, content) : crcXmodem(number, content);
  const check = framing.crc === 'none' ? [] : [crc >> 8, crc & 0xff];
  if (framing.crcOrder === 'le') check.reverse();
  return Buffer.concat([head, kind, length, number, content, Uint8Array.from(check), bytesOf(framing.tail)]);
}

function lengthBytes({ length }: Framing, size: number): Uint8Array {
  if (length === 'hex') return Buffer.from(size.toString(16).toUpperCase().padStart(8, '0'));
  const field = Buffer.alloc(4);
  if (length === 'u32-le') field.writeUInt32LE(size);
  else field.writeUInt32BE(size);
  return field;
}

/**
 * The packet that begins at `at`; undefined while bytes are missing. `longest`: largest body that is waited for, bytes on
 * the wire.
 */
export function packetAt(
  framing: Framing,
  bytes: Uint8Array,
  at: number,
  longest: number,
): FoundPacket | NoPacket | undefined {
  const no = (check: NoPacket['check'], error: string): NoPacket => ({ ok: false, check, error });
  const head = bytesOf(framing.head);
  for (let i = 0; i < head.length && at + i < bytes.length; i++) {
    if (bytes[at + i] !== head[i]) return no('head', `head: expected ${hex(head)}`);
  }
  const lengthAt = at + head.length + (framing.packetType ? 1 : 0);
  const width = framing.length === 'hex' ? 8 : 4;
  const field = bytes.subarray(lengthAt, lengthAt + width);
  if (framing.length === 'hex' && !field.every(isHexDigit))
    return no('length', 'length: expected 8 hex digits');
  if (field.length < width) return undefined;
  const length = lengthOf(framing, field);
  const numberSize = framing.sequence ? 4 : 0;
  const size = length - (framing.counts === 'sequence+body' ? numberSize : 0);
  if (size < 0 || size > longest) return no('length', `length: ${length} is not between 0 and ${longest}`);
  const bodyAt = lengthAt + width + numberSize;
  const end = bodyAt + size;
  const crcSize = framing.crc === 'none' ? 0 : 2;
  const tail = bytesOf(framing.tail);
  if (bytes.length < end + crcSize + tail.length) return undefined;
  const raw = bytes.subarray(bodyAt, end);
  const crcWire = bytes.subarray(end, end + crcSize);
  const [first = 0, second = 0] = crcWire;
  const sent = framing.crcOrder === 'le' ? (second << 8) | first : (first << 8) | second;
  if (!tail.every((byte, i) => bytes[end + crcSize + i] === byte)) {
    return no(
      'tail',
      `tail: expected ${hex(tail)}, got ${hex(bytes.subarray(end + crcSize, end + crcSize + tail.length))}`,
    );
  }
  const crcFrom = framing.crc === 'from-head' ? at : bodyAt - numberSize;
  const crc = crcSize === 0 ? undefined : crcXmodem(bytes.subarray(crcFrom, end));
  if (crc !== undefined && crc !== sent) {
    const error = `crc: frame ${hex16(sent)} computed ${hex16(crc)}`;
    return { ok: false, check: 'crc', error, size: end + crcSize + tail.length - at };
  }
  const wrong = framing.body === 'hex' ? raw.findIndex((byte) => !isHexDigit(byte)) : -1;
  if (wrong >= 0) {
    return { ok: false, check: 'body', error: 'body: not hex digits', size: bodyAt + wrong + 1 - at };
  }
  const body = framing.body === 'hex' ? bytesOf(Buffer.from(raw).toString('latin1')) : raw;
  if (framing.body === 'hex' && 2 * body.length !== raw.length) return no('body', 'body: not hex digits');
  const number = Buffer.from(bytes.subarray(bodyAt - numberSize, bodyAt));
  return {
    ok: true,
    size: end + crcSize + tail.length - at,
    length,
    body,
    sequence: framing.sequence ? number.readUInt32LE() : 0,
    type: framing.packetType ? (bytes[at + head.length] ?? 0) : 0,
    ...(crc === undefined ? {} : { crc, crcWire }),
  };
}

function lengthOf({ length }: Framing, field: Uint8Array): number {
  const view = Buffer.from(field);
  if (length === 'hex') return Number.parseInt(view.toString('latin1'), 16);
  return length === 'u32-le' ? view.readUInt32LE() : view.readUInt32BE();
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Four hex digits, upper case. */
export function hex16(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}

/** Takes bytes as they come; what is no frame is dropped byte by byte, and said once per run. */
export class PacketStream {
  readonly #framing: Framing;
  readonly #longest: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(framing: Framing, longest: number) {
    this.#framing = framing;
    this.#longest = longest;
  }

  /** Packets, and the first thing wrong of each run of bytes that are none. */
  push(bytes: Uint8Array): readonly (FoundPacket | NoPacket)[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const found: (FoundPacket | NoPacket)[] = [];
    let wrong: NoPacket | undefined;
    let at = 0;
    while (at < all.length) {
      const next = packetAt(this.#framing, all, at, this.#longest);
      if (next === undefined) break;
      if (next.ok) {
        if (wrong !== undefined) found.push(wrong);
        wrong = undefined;
        found.push({ ...next, body: next.body.slice() });
        at += next.size;
        continue;
      }
      // A failed check of a whole frame tells more than bytes without a head.
      if (wrong === undefined || (wrong.check === 'head' && next.check !== 'head')) wrong = next;
      at = this.#skip(all, at + (next.size ?? 1));
    }
    if (wrong !== undefined) found.push(wrong);
    this.#rest = all.subarray(at).slice();
    return found;
  }

  /** The next place where a frame can begin. */
  #skip(all: Buffer, from: number): number {
    const first = this.#framing.head === '' ? undefined : Number.parseInt(this.#framing.head.slice(0, 2), 16);
    if (first === undefined) return from;
    const next = all.indexOf(first, from);
    return next < 0 ? all.length : next;
  }
}
