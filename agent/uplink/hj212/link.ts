/** One connection to a centre: packets out and in, answers found by QN, packets sent again under the same QN. */

import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Centre } from './centre.ts';
import { namesOf, parseCp } from './cp.ts';
import { encodePacket, type Fault, type Frame, type Packet, partsOf, readPacket } from './packet.ts';
import type { Pipe } from './pipe.ts';
import { keyOf } from './sm4.ts';
import { FrameStream } from './stream.ts';

/** What became of a packet that wants an answer. `code`: QnRtn other than 1. */
export type Outcome =
  | { readonly kind: 'answered'; readonly again: boolean }
  | { readonly kind: 'refused'; readonly code: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'closed' };

interface Waiting {
  answer(outcome: Outcome): void;
}

export interface LinkParts {
  readonly centre: Centre;
  readonly clock: Clock;
  readonly log: Log;
  /** A request of the centre, already checked and decrypted; or a packet that was none. */
  request(packet: Packet, encrypted: boolean): void;
  damaged(fault: Fault, qn: string | undefined): void;
}

export class Link {
  readonly closed: Promise<string>;
  readonly #pipe: Pipe;
  readonly #parts: LinkParts;
  readonly #frames = new FrameStream();
  readonly #waiting = new Map<string, Waiting>();
  readonly #closed = Promise.withResolvers<string>();
  #open = true;

  constructor(pipe: Pipe, parts: LinkParts) {
    this.#pipe = pipe;
    this.#parts = parts;
    this.closed = this.#closed.promise;
    pipe.onData((bytes) => {
      for (const frame of this.#frames.push(bytes)) this.#hear(frame);
    });
    pipe.onClose((why) => this.#end(why));
  }

  get open(): boolean {
    return this.#open;
  }

  /** Ends the connection; what waits for an answer gets none. */
  close(why: string): void {
    this.#end(why);
    this.#pipe.close();
  }

  send(packet: Packet): void {
    if (this.#open) this.#pipe.write(this.#encode(packet));
  }

  /** Sends and waits; the same bytes go again (same QN) until there is an answer or no resend is left. */
  async exchange(packet: Packet, signal: AbortSignal): Promise<Outcome> {
    const qn = packet.fields.QN ?? '';
    const bytes = this.#encode(packet);
    const { timeout, resends } = this.#parts.centre.settings;
    for (let tries = 0; tries <= resends; tries++) {
      if (!this.#open) return { kind: 'closed' };
      const answer = this.#answerTo(qn, timeout, signal);
      this.#pipe.write(bytes);
      const outcome = await answer;
      if (signal.aborted) throw signal.reason;
      if (outcome.kind === 'answered') return { kind: 'answered', again: tries > 0 };
      if (outcome.kind !== 'silence') return outcome;
    }
    return { kind: 'silence' };
  }

  /** Sends once and waits `ms`. */
  async once(packet: Packet, ms: number, signal: AbortSignal): Promise<Outcome> {
    const answer = this.#answerTo(packet.fields.QN ?? '', ms, signal);
    this.send(packet);
    return answer;
  }

  /** Whether there is another answer to `qn` within `ms`: the answer to a packet that was sent twice. */
  async drain(qn: string, ms: number, signal: AbortSignal): Promise<void> {
    await this.#answerTo(qn, ms, signal);
  }

  #answerTo(qn: string, ms: number, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', abort);
        this.#waiting.delete(qn);
        resolve(outcome);
      };
      const abort = () => end({ kind: 'closed' });
      const timer = this.#parts.clock.after(ms, () => end({ kind: 'silence' }));
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.set(qn, { answer: end });
    });
  }

  #encode(packet: Packet): Buffer {
    const { centre } = this.#parts;
    const [text] = centre.settings.keys;
    const key = text === undefined ? undefined : keyOf(text);
    return encodePacket(packet, { crc: centre.config.crc, ...(key === undefined ? {} : { key }) });
  }

  #hear(frame: Frame): void {
    const { centre, request, damaged } = this.#parts;
    const keys = centre.settings.keys.flatMap((text) => keyOf(text) ?? []);
    const read = readPacket(frame, { crc: centre.config.crc, keys });
    if ('kind' in read) {
      const parts = partsOf(frame.segment);
      damaged(read, 'kind' in parts ? undefined : parts.fields.QN);
      return;
    }
    const { CN, QN } = read.fields;
    if (CN === '9013' || CN === '9014') {
      const said = namesOf(parseCp(read.cp)).QnRtn;
      const waiting = this.#waiting.get(QN ?? '');
      // One nobody waits for answers a packet that was sent again, or one of an earlier connection.
      if (said === undefined || said === '1' || said === '')
        waiting?.answer({ kind: 'answered', again: false });
      else waiting?.answer({ kind: 'refused', code: Number(said) });
      return;
    }
    request(read, read.encrypted);
  }

  #end(why: string): void {
    if (!this.#open) return;
    this.#open = false;
    for (const waiting of [...this.#waiting.values()]) waiting.answer({ kind: 'closed' });
    this.#closed.resolve(why);
  }
}

/** Why a centre that took nothing is left. */
export function silence(url: string, timeout: number, tries: number): AgentError {
  return new AgentError(
    'link-lost',
    `link to ${url} lost: no answer (9014) within ${timeout / 1000} s, tried ${tries} times`,
    { fix: 'Ask the centre whether it answers data packets; where it never does, write acknowledge: false.' },
  );
}
