/**
 * One end of a GB/T 26875.3 connection, whichever: sends and waits for the answer, sends again, answers what is wrong
 * with nak (6.2 to 6.5). What a frame means is its owner's business.
 */

import { AgentError } from '../../core/errors.ts';
import type { Stream } from '../../core/link.ts';
import type { Clock } from '../../core/time/clock.ts';
import { COMMANDS, encodeFrame, type Frame, FrameStream } from './frame.ts';

/** What became of a frame that asks for an answer. */
export type Outcome =
  | { readonly kind: 'answered'; readonly frame: Frame }
  /** Every try was turned down. */
  | { readonly kind: 'nak' }
  | { readonly kind: 'silent' };

export interface PeerOptions {
  readonly stream: Stream;
  readonly clock: Clock;
  /** Longest wait for an answer, ms (6.5: at most 10 s, may be redefined). */
  readonly timeout: number;
  /** How often a frame goes again (6.5: 3, may be redefined). */
  readonly resends: number;
  readonly version: readonly [main: number, user: number];
  readonly source: number;
  readonly destination: number;
  /** Serial number to begin with; taken on where a connection follows another. */
  readonly serials: { next: number };
  /** Time label of now. */
  label(): Uint8Array;
  /** A frame that is no answer. Heart-beats too. */
  hear(frame: Frame): void;
}

/** Duplicates are known for this long, ms: a sender gives up after 40 s. */
const REMEMBER = 60_000;
const MOST_REMEMBERED = 64;

interface Pending {
  readonly bytes: Uint8Array;
  readonly done: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
  tries: number;
  refused: boolean;
  timer: Disposable;
}

export class Peer implements Disposable {
  readonly #options: PeerOptions;
  readonly #frames = new FrameStream();
  readonly #data: Disposable;
  readonly #pending = new Map<number, Pending>();
  readonly #stop = new AbortController();
  /** Frames heard lately, by what makes them the same, with when. */
  readonly #heard = new Map<string, number>();
  /** Addresses of the other end as it says them; those of the options until then. */
  source: number;
  destination: number;
  /** When a frame came last, monotonic ms. */
  lastHeard: number;
  /** Frames whose check was wrong. */
  damaged = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.source = options.source;
    this.destination = options.destination;
    this.lastHeard = options.clock.mono();
    this.#data = options.stream.onData((bytes) => this.#take(bytes));
  }

  /** Bytes dropped because they were no frame. */
  get dropped(): number {
    return this.#frames.dropped;
  }

  /** Sends and waits. Rejects with `link-lost` where nothing can be written, or `aborted`. */
  ask(command: number, adu: Uint8Array): Promise<Outcome> {
    const { serials } = this.#options;
    const serial = serials.next;
    serials.next = (serials.next + 1) & 0xffff;
    const bytes = this.#encode({ serial, command, adu });
    return new Promise((resolve, reject) => {
      if (this.#stop.signal.aborted) return reject(this.#stop.signal.reason);
      const pending: Pending = {
        bytes,
        done: resolve,
        failed: reject,
        tries: 0,
        refused: false,
        timer: { [Symbol.dispose]() {} },
      };
      this.#pending.set(serial, pending);
      this.#try(serial, pending);
    });
  }

  /** Answers `frame` under its serial number. */
  async answer(frame: Frame, command: number, adu: Uint8Array = new Uint8Array(0)): Promise<void> {
    const { serial, version, source, destination } = frame;
    const { label, stream } = this.#options;
    const bytes = encodeFrame({
      serial,
      version,
      time: label(),
      source: destination,
      destination: source,
      command,
      adu,
    });
    await stream.write(bytes, this.#stop.signal);
  }

  /** Whether the same frame was heard within a minute: its answer was lost, and it comes again. Remembers it. */
  again({ source, serial, command, adu }: Frame): boolean {
    const now = this.#options.clock.mono();
    const key = `${source} ${serial} ${command} ${Buffer.from(adu).toString('base64')}`;
    const before = this.#heard.get(key);
    this.#heard.delete(key);
    this.#heard.set(key, now);
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MOST_REMEMBERED) break;
      this.#heard.delete(oldest);
    }
    return before !== undefined && now - before < REMEMBER;
  }

  [Symbol.dispose](): void {
    this.#data[Symbol.dispose]();
    this.#stop.abort(new AgentError('aborted', 'the session ends'));
    for (const { timer, failed } of this.#pending.values()) {
      timer[Symbol.dispose]();
      failed(this.#stop.signal.reason);
    }
    this.#pending.clear();
  }

  #encode({ serial, command, adu }: Pick<Frame, 'serial' | 'command' | 'adu'>): Uint8Array {
    const { version, label } = this.#options;
    const { source, destination } = this;
    return encodeFrame({ serial, version, time: label(), source, destination, command, adu });
  }

  #try(serial: number, pending: Pending): void {
    const { clock, timeout, resends, stream } = this.#options;
    pending.timer[Symbol.dispose]();
    if (pending.tries > resends) {
      this.#pending.delete(serial);
      pending.done({ kind: pending.refused ? 'nak' : 'silent' });
      return;
    }
    pending.tries += 1;
    pending.timer = clock.after(timeout, () => {
      pending.refused = false;
      this.#try(serial, pending);
    });
    stream.write(pending.bytes, this.#stop.signal).catch((thrown: unknown) => {
      pending.timer[Symbol.dispose]();
      this.#pending.delete(serial);
      pending.failed(thrown);
    });
  }

  #take(bytes: Uint8Array): void {
    const { clock, hear } = this.#options;
    for (const heard of this.#frames.push(bytes)) {
      if (this.#stop.signal.aborted) return;
      this.lastHeard = clock.mono();
      const { frame } = heard;
      if (!heard.ok) {
        this.damaged += 1;
        // An answer that is damaged is asked for again by our own resend.
        if (!isAnswer(frame)) this.#nak(frame);
        continue;
      }
      if (isAnswer(frame)) this.#answered(frame);
      else if (frame.command >= COMMANDS.control && frame.command <= COMMANDS.request) hear(frame);
      else this.#nak(frame);
    }
  }

  #answered(frame: Frame): void {
    const pending = this.#pending.get(frame.serial);
    if (pending === undefined) return;
    if (frame.command === COMMANDS.nak) {
      // Turned down: again at once, as 6.5 has it for no answer, but never faster than the line.
      pending.refused = true;
      if (pending.tries <= this.#options.resends) {
        pending.timer[Symbol.dispose]();
        pending.timer = this.#options.clock.after(Math.min(1000, this.#options.timeout), () =>
          this.#try(frame.serial, pending),
        );
        return;
      }
      this.#end(frame.serial, pending, { kind: 'nak' });
      return;
    }
    this.#end(frame.serial, pending, { kind: 'answered', frame });
  }

  #end(serial: number, pending: Pending, outcome: Outcome): void {
    pending.timer[Symbol.dispose]();
    this.#pending.delete(serial);
    pending.done(outcome);
  }

  #nak(frame: Frame): void {
    this.answer(frame, COMMANDS.nak).catch(() => {});
  }
}

function isAnswer({ command }: Frame): boolean {
  return command === COMMANDS.ack || command === COMMANDS.reply || command === COMMANDS.nak;
}
