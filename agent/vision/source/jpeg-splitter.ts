/**
 * Cuts a stream of bytes into JPEGs by their own markers (ISO/IEC 10918-1 annex B), whatever stands between them: part
 * headers of multipart/x-mixed-replace, or nothing, as from ffmpeg. So a frame is there with its last byte, not with
 * the header of the next one, and a camera that counts its Content-Length wrong is read all the same.
 */
import { MAX_FRAME_BYTES } from './frame.ts';

const START = Buffer.from([0xff, 0xd8]);

type State = 'between' | 'segments' | 'scan';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;
/** RST0…RST7 stand alone, as TEM does. */
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;

export class JpegSplitter {
  #held: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Where the next marker is looked for. */
  #at = 0;
  #state: State = 'between';
  /** Whether the picture has a scan yet. */
  #scanned = false;
  readonly #limit: number;
  /** Pictures that were begun and not ended, or had a marker where none can be. */
  damaged = 0;
  /** Bytes since the last whole picture. */
  unframed = 0;

  constructor(limit: number = MAX_FRAME_BYTES) {
    this.#limit = limit;
  }

  /** Takes what has arrived; gives the pictures that are whole with it. Holds at most the limit and one chunk. */
  push(chunk: Uint8Array): Buffer[] {
    this.#append(chunk);
    this.unframed += chunk.length;
    const whole: Buffer[] = [];
    while (this.#step(whole));
    // All of it goes: to look for another picture within would cost a hostile sender nothing and us a lot.
    if (this.#used > this.#limit) this.#restart(this.#used);
    return whole;
  }

  /** One marker further. False: more bytes are needed. */
  #step(whole: Buffer[]): boolean {
    switch (this.#state) {
      case 'between':
        return this.#seek();
      case 'segments':
        return this.#segment(whole);
      case 'scan':
        return this.#scan(whole);
    }
  }

  #seek(): boolean {
    const from = this.#bytes.indexOf(START);
    if (from === -1) {
      // The last byte may be the first half of a marker.
      const keep = this.#bytes.at(-1) === 0xff ? 1 : 0;
      this.#drop(this.#used - keep);
      return false;
    }
    this.#begin(from);
    return true;
  }

  /** At the FF of a marker outside coded data. */
  #segment(whole: Buffer[]): boolean {
    const bytes = this.#bytes;
    if (bytes.length < this.#at + 2) return false;
    if (bytes[this.#at] !== 0xff) return this.#restart(2);
    const marker = bytes[this.#at + 1] ?? 0;
    // Any marker may be preceded by fill bytes FF (B.1.1.2).
    if (marker === 0xff) {
      this.#at += 1;
      return true;
    }
    if (marker === SOI || marker === 0) return this.#restart(marker === SOI ? this.#at : 2);
    if (marker === EOI) {
      // Ends a picture of several scans; without any scan it is none.
      if (!this.#scanned) return this.#restart(this.#at + 2);
      this.#emit(this.#at + 2, whole);
      return true;
    }
    if (marker === TEM || isRestart(marker)) {
      this.#at += 2;
      return true;
    }
    if (bytes.length < this.#at + 4) return false;
    const length = bytes.readUInt16BE(this.#at + 2);
    if (length < 2) return this.#restart(2);
    this.#at += 2 + length;
    if (marker === SOS) {
      this.#scanned = true;
      this.#state = 'scan';
    }
    return true;
  }

  /** Within coded data, where FF is followed by 00 or a restart marker until the scan ends (B.1.1.5). */
  #scan(whole: Buffer[]): boolean {
    const bytes = this.#bytes;
    const found = this.#at >= bytes.length ? -1 : bytes.indexOf(0xff, this.#at);
    if (found === -1 || found + 1 >= bytes.length) {
      this.#at = found === -1 ? Math.max(this.#at, bytes.length) : found;
      return false;
    }
    const marker = bytes[found + 1] ?? 0;
    if (marker === 0 || isRestart(marker)) this.#at = found + 2;
    else if (marker === 0xff) this.#at = found + 1;
    else if (marker === EOI) this.#emit(found + 2, whole);
    else if (marker === SOI) return this.#restart(found);
    else {
      this.#at = found;
      this.#state = 'segments';
    }
    return true;
  }

  #emit(end: number, whole: Buffer[]): void {
    whole.push(Buffer.from(this.#bytes.subarray(0, end)));
    this.#drop(end);
    this.unframed = this.#used;
    this.#state = 'between';
  }

  /** Gives the picture up; looks for the next one from `from` on. */
  #restart(from: number): true {
    this.damaged += 1;
    this.#drop(Math.min(from, this.#used));
    this.#state = 'between';
    return true;
  }

  #begin(from: number): void {
    this.#drop(from);
    this.#at = 2;
    this.#scanned = false;
    this.#state = 'segments';
  }

  get #bytes(): Buffer {
    return this.#held.subarray(0, this.#used);
  }

  #drop(count: number): void {
    this.#held.copyWithin(0, count, this.#used);
    this.#used -= count;
    this.#at = 0;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#held.length) {
      const grown = Buffer.alloc(Math.max(needed, Math.min(2 * this.#held.length, 2 * this.#limit)));
      this.#held.copy(grown, 0, 0, this.#used);
      this.#held = grown;
    }
    this.#held.set(chunk, this.#used);
    this.#used = needed;
  }
}
