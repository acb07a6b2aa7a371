/**
 * Exchanges over one Modbus TCP connection: as many at once as there are leases, each answer known by its transaction
 * id, and taken only where unit, function and length fit too. The ids are given here, one after the other and none
 * twice while its answer may still come, so that a late answer is never taken for another: whatever ids drivers choose
 * (several sessions share a gateway), they see their own again.
 */

import { AgentError, asAgentError } from '../core/errors.ts';
import type { Answer, ExchangeRequest } from '../core/link.ts';
import type { Mono } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';
import type { Carrier, Lease, Transaction } from './carrier.ts';
import { type Asked, type MbapFrame, MbapStream } from './mbap-stream.ts';
import type { Pipe } from './port/port.ts';
import type { FrameTaps } from './taps.ts';

/** Requests given up whose answers are still looked out for. */
const REMEMBERED = 4096;
/** A timer this late means that the process was held up: what has come meanwhile is looked at first, ms. */
const HELD_UP_MS = 5;

export interface MbapCarrierOptions {
  readonly pipe: Pipe;
  /** Response timeout, ms. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly onTransaction?: (transaction: Transaction) => void;
  readonly taps?: FrameTaps;
}

interface Pending extends Asked {
  /** Gives the answer to who waits; false where it does not fit. */
  readonly take: (frame: Uint8Array, time: Mono) => boolean;
  readonly fail: (error: AgentError) => void;
}

export class MbapCarrier implements Carrier {
  readonly #options: MbapCarrierOptions;
  readonly #stream: MbapStream;
  readonly #listener: Disposable;
  readonly #pending = new Map<number, Pending>();
  /** Given up; the oldest first. */
  readonly #late = new Map<number, Asked>();
  #transaction = Math.floor(Math.random() * 0x10000);
  #foreign = 0;
  /** Since when the time of the line is not reported yet. */
  #busySince: Mono = 0;
  #disposed = false;

  constructor(options: MbapCarrierOptions) {
    this.#options = options;
    this.#stream = new MbapStream(
      (transaction) => this.#pending.get(transaction) ?? this.#late.get(transaction),
    );
    this.#listener = options.pipe.onData((bytes, time) => this.#sort(this.#stream.feed(bytes), time));
    // Settles when the pipe is lost or disposed, and then ends what is in flight.
    void options.pipe.closed.then(() => this.#failAll(this.#gone()));
  }

  lend(device: string, cap = Number.POSITIVE_INFINITY): Lease {
    let revoked = false;
    let busy = false;
    const refuse = (why: string) =>
      Promise.reject(new AgentError('internal', `exchange of ${device} failed: ${why}`));
    return {
      exchange: (request, signal) => {
        if (revoked) return refuse('its turn on the line is over');
        if (busy) return refuse('another is under way');
        busy = true;
        return this.#exchange(device, request, cap, signal).finally(() => {
          busy = false;
        });
      },
      revoke: () => {
        revoked = true;
      },
    };
  }

  /** The transaction id tells every late answer. */
  owedUntil(): undefined {
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#listener[Symbol.dispose]();
    this.#failAll(this.#gone());
  }

  async #exchange(
    device: string,
    request: ExchangeRequest,
    cap: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { bytes } = request;
    if (bytes.length < 8 || bytes[2] !== 0 || bytes[3] !== 0) {
      throw new AgentError('unsupported', `request of ${device} failed: it is no MBAP frame`, {
        fix: 'Give the line framing: raw, or the device a line of its own.',
      });
    }
    if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
    if (this.#disposed || this.#options.pipe.failure !== undefined) throw this.#gone();
    const { clock } = this.#options;
    if (this.#pending.size === 0) this.#busySince = clock.mono();
    const { taps } = this.#options;
    const tapped = taps?.on(device) === true;
    if (tapped) taps.tell(device, { time: clock.mono(), dir: 'down', bytes });
    try {
      const answer = await this.#ask(
        request,
        Math.min(request.timeout ?? this.#options.timeout, cap),
        signal,
      );
      if (tapped) taps.tell(device, { time: answer.time, dir: 'up', bytes: answer.bytes });
      this.#report(device, answer.turnaround === undefined ? {} : { turnaround: answer.turnaround });
      return answer;
    } catch (thrown) {
      const error = asAgentError(thrown);
      if (tapped) {
        taps.tell(device, { time: clock.mono(), dir: 'up', bytes: new Uint8Array(), error: error.message });
      }
      this.#report(device, { error });
      throw error;
    }
  }

  #ask(
    { bytes, match, turnaround = 100 }: ExchangeRequest,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Answer & { readonly turnaround?: number }> {
    const { clock, pipe } = this.#options;
    const transaction = this.#nextTransaction();
    const frame = bytes.slice();
    name(frame, transaction);
    const [unit, code] = [bytes[6] ?? 0, bytes[7] ?? 0];
    return new Promise((resolve, reject) => {
      let timer: Disposable | undefined;
      let sent: Mono | undefined;
      let misfits = 0;
      let over = false;
      const end = () => {
        over = true;
        timer?.[Symbol.dispose]();
        signal.removeEventListener('abort', abort);
        this.#pending.delete(transaction);
      };
      const fail = (error: AgentError) => {
        if (over) return;
        end();
        this.#remember(transaction, { unit, code });
        reject(error);
        // Half its answer may stand before those of others.
        this.#sort(this.#stream.giveUp(transaction), clock.mono());
      };
      const take = (answer: Uint8Array, time: Mono): boolean => {
        const own = answer.slice();
        own.set(bytes.subarray(0, 2));
        const found = match?.(own);
        if (found?.kind !== 'frame' || found.length !== own.length) {
          misfits += 1;
          return false;
        }
        end();
        resolve({ bytes: own, time, turnaround: Math.max(0, time - (sent ?? time)) });
        return true;
      };
      const expire = (due: Mono) => {
        if (clock.mono() - due > HELD_UP_MS) timer = clock.after(1, () => fail(late()));
        else fail(late());
      };
      const late = () =>
        misfits > 0
          ? new AgentError(
              'frame-invalid',
              `no valid answer within ${timeout.toFixed(0)} ms: ${misfits} came that do not fit the request`,
              {
                context: { misfits, timeout_ms: timeout },
                fix: 'Check the unit id; behind a gateway, the address of the device on its serial side.',
              },
            )
          : new AgentError('timeout', `no answer within ${timeout.toFixed(0)} ms`, {
              context: { timeout_ms: timeout },
              fix: 'Check power and wiring of the device, and its unit id.',
            });
      const abort = () => fail(asAgentError(signal.reason, 'aborted'));
      signal.addEventListener('abort', abort, { once: true });
      this.#pending.set(transaction, { unit, code, take, fail });
      pipe.write(frame, signal).then(
        () => {
          sent = clock.mono();
          if (over) return;
          if (match !== undefined) {
            const due = sent + timeout;
            timer = clock.after(timeout, () => expire(due));
            return;
          }
          timer = clock.after(turnaround, () => {
            end();
            this.#remember(transaction, { unit, code });
            resolve({ bytes: new Uint8Array(), time: clock.mono() });
          });
        },
        (thrown: unknown) => fail(asAgentError(thrown, 'link-lost')),
      );
    });
  }

  /** Hands frames to who waits for them. */
  #sort(frames: readonly MbapFrame[], time: Mono): void {
    for (const { transaction, bytes } of frames) {
      const pending = this.#pending.get(transaction);
      if (pending?.take(bytes, time) === true) continue;
      this.#foreign += 1;
      if (pending === undefined) this.#late.delete(transaction);
    }
  }

  #nextTransaction(): number {
    do this.#transaction = (this.#transaction + 1) & 0xffff;
    while (this.#pending.has(this.#transaction) || this.#late.has(this.#transaction));
    return this.#transaction;
  }

  #remember(transaction: number, asked: Asked): void {
    this.#late.set(transaction, asked);
    if (this.#late.size <= REMEMBERED) return;
    for (const oldest of this.#late.keys()) {
      this.#late.delete(oldest);
      return;
    }
  }

  #failAll(error: AgentError): void {
    for (const pending of [...this.#pending.values()]) pending.fail(error);
  }

  #gone(): AgentError {
    if (this.#disposed) return new AgentError('aborted', 'exchange failed: the line is closed');
    return this.#options.pipe.failure ?? new AgentError('link-lost', 'the connection is closed');
  }

  #report(device: string, result: { readonly turnaround?: number } | { readonly error: AgentError }): void {
    const now = this.#options.clock.mono();
    const busy = now - this.#busySince;
    this.#busySince = now;
    const foreignFrames = this.#foreign;
    this.#foreign = 0;
    this.#options.onTransaction?.({
      device,
      busy,
      noiseBytes: this.#stream.takeNoise(),
      foreignFrames,
      ...result,
    });
  }
}

/** Writes the transaction id into a frame. */
function name(frame: Uint8Array, transaction: number): void {
  frame[0] = transaction >> 8;
  frame[1] = transaction & 0xff;
}
