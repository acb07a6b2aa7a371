/**
 * Finds the answer to one request in the bytes that follow it: the echo of the request is stripped once, noise is
 * skipped, whole foreign frames are passed over, answers owed to earlier requests are told from ours. No time in here.
 */
import { concat, equal } from '../core/bytes.ts';
import type { Matcher } from '../core/link.ts';
import { accepts, type OwedAnswers } from './owed.ts';

/** More than this without an answer is babble; the oldest bytes go. Largest frame of any protocol here: 517 (SHDLC). */
const KEEP_BYTES = 1024;

/** Whether the adapter of a line gives back what we send. Learned from the line. */
export interface EchoKnowledge {
  echoes: boolean | undefined;
}

export class Reception {
  readonly #request: Uint8Array;
  readonly #match: Matcher;
  readonly #owed: OwedAnswers;
  readonly #echo: EchoKnowledge;
  /** The protocol repeats this request as its answer (Modbus functions 5, 6), so that an echo looks like one. */
  readonly #mirrored: boolean;
  #buffer: Uint8Array = new Uint8Array();
  #echoSettled: boolean;
  #stripped = false;
  #mirror: Uint8Array | undefined;
  #noise = 0;
  #foreign = 0;
  #doubtful = 0;

  constructor(request: Uint8Array, match: Matcher, owed: OwedAnswers, echo: EchoKnowledge) {
    this.#request = request;
    this.#match = match;
    this.#owed = owed;
    this.#echo = echo;
    this.#mirrored = accepts(match, request);
    this.#echoSettled = this.#mirrored;
  }

  /** Takes what came; gives the answer once it is there and proven to be ours. */
  feed(bytes: Uint8Array): Uint8Array | undefined {
    this.#buffer = this.#buffer.length === 0 ? bytes : concat(this.#buffer, bytes);
    if (!this.#echoSettled && !this.#stripEcho()) return undefined;
    while (this.#buffer.length > 0) {
      const found = this.#match(this.#buffer);
      if (found.kind === 'more') break;
      const length = Math.min(Math.max(1, found.length), this.#buffer.length);
      const part = this.#buffer.slice(0, length);
      this.#buffer = this.#buffer.subarray(length);
      if (found.kind === 'skip') {
        this.#noise += length;
      } else if (found.kind === 'foreign') {
        this.#foreign += 1;
        this.#owed.take(part);
      } else if (this.#ours(part)) {
        if (!this.#mirrored && !this.#stripped) this.#echo.echoes = false;
        return part;
      }
    }
    if (this.#buffer.length > KEEP_BYTES) {
      this.#noise += this.#buffer.length - KEEP_BYTES / 2;
      this.#buffer = this.#buffer.slice(-KEEP_BYTES / 2);
    }
    return undefined;
  }

  /** Bytes of an answer that is not whole yet. */
  get pending(): number {
    return this.#buffer.length;
  }

  /** What came after the answer, or instead of one. */
  get rest(): Uint8Array {
    return this.#buffer;
  }

  /** Bytes that belong to no frame. */
  get noise(): number {
    return this.#noise;
  }

  get foreign(): number {
    return this.#foreign;
  }

  /** Frames that fit but may as well answer an earlier request. */
  get doubtful(): number {
    return this.#doubtful;
  }

  /** A copy of the request that is either its echo or its answer; the line has not shown yet which. */
  get mirror(): Uint8Array | undefined {
    return this.#mirror;
  }

  /** The line fell silent in the middle of something: it is no answer any more. Gives its length. */
  cut(): number {
    const length = this.#buffer.length;
    this.#noise += length;
    this.#buffer = new Uint8Array();
    this.#echoSettled = true;
    return length;
  }

  /** False while the bytes may still turn out to be the echo. */
  #stripEcho(): boolean {
    const length = Math.min(this.#buffer.length, this.#request.length);
    if (!equal(this.#buffer.subarray(0, length), this.#request.subarray(0, length))) {
      this.#echoSettled = true;
      return true;
    }
    if (length < this.#request.length) return false;
    this.#buffer = this.#buffer.subarray(length);
    this.#echoSettled = true;
    this.#stripped = true;
    this.#echo.echoes = true;
    return true;
  }

  #ours(frame: Uint8Array): boolean {
    if (this.#mirrored && !this.#stripped && equal(frame, this.#request)) {
      if (this.#echo.echoes === true) {
        this.#stripped = true;
        return false;
      }
      if (this.#echo.echoes === undefined) {
        if (this.#mirror === undefined) {
          this.#mirror = frame;
          return false;
        }
        this.#stripped = true;
        this.#echo.echoes = true;
      }
    }
    if (!this.#owed.take(frame)) return true;
    this.#doubtful += 1;
    return false;
  }
}
