/**
 * Cuts the bytes of a connection into MBAP frames (MODBUS Messaging on TCP/IP V1.0b §3.1.3). No time in here.
 *
 * TCP loses nothing, but devices and gateways do: half a frame, bytes of a serial line, an answer twice. A header gives
 * a length and no check, so half a frame would swallow the next ones and lend them its name. Two rules keep that out:
 * a frame in which the answer to a known request begins was cut off and is dropped up to there, and once the
 * bytes have lost their order only the answer to a known request begins a frame again.
 */
import { concat } from '../core/bytes.ts';

/** Transaction, protocol, length. */
const HEADER = 6;
/** `unit` and PDU: unit, function and one byte at least; ADU of 260 at most. */
const SHORTEST = 3;
const LONGEST = 254;

/** How an answer to a request begins behind its header. */
export interface Asked {
  readonly unit: number;
  /** Function code of the request. */
  readonly code: number;
}

export interface MbapFrame {
  readonly transaction: number;
  readonly bytes: Uint8Array;
}

type Begin = 'no' | 'maybe' | 'yes';

export class MbapStream {
  readonly #asked: (transaction: number) => Asked | undefined;
  #buffer: Uint8Array = new Uint8Array();
  #lost = false;
  /** Length of what was there before the bytes that came last. */
  #pieces = 0;
  #noise = 0;

  /** `asked`: the request of a transaction that is waited for, or was lately. */
  constructor(asked: (transaction: number) => Asked | undefined) {
    this.#asked = asked;
  }

  /** Takes what came; gives the frames that are complete. */
  feed(bytes: Uint8Array): readonly MbapFrame[] {
    this.#pieces = this.#buffer.length;
    this.#buffer = this.#buffer.length === 0 ? bytes : concat(this.#buffer, bytes);
    return this.#cut();
  }

  /** A request was given up: a frame that is not complete by now and is nobody else's is none. Gives what it hid. */
  giveUp(transaction: number): readonly MbapFrame[] {
    if (this.#buffer.length === 0) return [];
    const head = word(this.#buffer, 0);
    if (head !== undefined && head !== transaction && this.#asked(head) !== undefined) return [];
    this.#drop(this.#next(1));
    return this.#cut();
  }

  /** Bytes of a frame that is not complete. */
  get pending(): number {
    return this.#buffer.length;
  }

  /** Bytes that were no frame, since the last call. */
  takeNoise(): number {
    const noise = this.#noise;
    this.#noise = 0;
    return noise;
  }

  #cut(): readonly MbapFrame[] {
    const frames: MbapFrame[] = [];
    while (this.#buffer.length > 0) {
      const begin = this.#lost ? this.#beginsKnown(0) : this.#begins(0);
      if (begin === 'no') {
        this.#drop(this.#next(1));
        continue;
      }
      const length = word(this.#buffer, 4);
      const size = HEADER + (length ?? LONGEST);
      if (begin === 'maybe' || this.#buffer.length < size) break;
      this.#lost = false;
      const inside = this.#hidden(size);
      if (inside < size || (this.#pieces > 0 && this.#begins(size) === 'no')) {
        this.#drop(inside < size ? inside : this.#next(1));
        continue;
      }
      frames.push({ transaction: word(this.#buffer, 0) ?? 0, bytes: this.#buffer.slice(0, size) });
      this.#buffer = this.#buffer.subarray(size);
      this.#pieces = Math.max(0, this.#pieces - size);
    }
    return frames;
  }

  /** Where in the frame at the front an answer to a known request begins; `size` where nowhere. */
  #hidden(size: number): number {
    for (let at = 1; at < size; at++) {
      if (this.#buffer[at + 2] === 0 && this.#buffer[at + 3] === 0 && this.#beginsKnown(at) === 'yes')
        return at;
    }
    return size;
  }

  /** Where the next answer to a known request begins or may begin. */
  #next(from: number): number {
    let at = from;
    while (at < this.#buffer.length && this.#beginsKnown(at) === 'no') at++;
    return at;
  }

  #drop(length: number): void {
    this.#noise += length;
    this.#lost = true;
    this.#pieces = Math.max(0, this.#pieces - length);
    this.#buffer = this.#buffer.subarray(length);
  }

  #begins(at: number): Begin {
    const bytes = this.#buffer;
    for (const i of [2, 3, 4]) {
      const byte = bytes[at + i];
      if (byte === undefined) return 'maybe';
      if (byte !== 0) return 'no';
    }
    const length = bytes[at + 5];
    if (length === undefined) return 'maybe';
    return length < SHORTEST || length > LONGEST ? 'no' : 'yes';
  }

  #beginsKnown(at: number): Begin {
    const begin = this.#begins(at);
    if (begin === 'no') return 'no';
    const transaction = word(this.#buffer, at);
    if (transaction === undefined) return 'maybe';
    const asked = this.#asked(transaction);
    if (asked === undefined) return 'no';
    const unit = this.#buffer[at + HEADER];
    const code = this.#buffer[at + HEADER + 1];
    if (unit !== undefined && unit !== asked.unit) return 'no';
    if (code !== undefined && (code & 0x7f) !== asked.code) return 'no';
    return begin === 'maybe' || code === undefined ? 'maybe' : 'yes';
  }
}

function word(bytes: Uint8Array, at: number): number | undefined {
  const high = bytes[at];
  const low = bytes[at + 1];
  return high === undefined || low === undefined ? undefined : (high << 8) | low;
}
