/**
 * One request and its answer on a half-duplex line. Keeps the silence before every request, the time-outs, and what
 * is owed by earlier requests (owed.ts). One exchange at a time; who comes next is decided by line.ts.
 */

import { AgentError, asAgentError } from '../core/errors.ts';
import type { Answer, ExchangeRequest } from '../core/link.ts';
import type { Mono } from '../core/reading.ts';
import type { SerialSettings } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { characterTime, type LineTiming, silenceTime } from './airtime.ts';
import type { Carrier, Lease, Transaction } from './carrier.ts';
import { OwedAnswers } from './owed.ts';
import type { Pipe } from './port/port.ts';
import { type EchoKnowledge, Reception } from './reception.ts';
import { type FrameTaps, joined } from './taps.ts';
import { type Arrival, Waiting } from './waiting.ts';

export interface WireOptions {
  readonly pipe: Pipe;
  readonly timing: LineTiming;
  /** What the port is set to as it opens; absent: it is set elsewhere. */
  readonly serial?: SerialSettings;
  /** Response timeout, ms. */
  readonly timeout: number;
  /** Silence within an answer that ends it, ms. Above the 16 ms that USB adapters hold bytes back. */
  readonly cut: number;
  readonly clock: Clock;
  readonly onTransaction?: (transaction: Transaction) => void;
  readonly taps?: FrameTaps;
}

export class Wire implements Carrier {
  readonly #options: WireOptions;
  readonly #owed: OwedAnswers;
  readonly #echo: EchoKnowledge = { echoes: undefined };
  readonly #listener: Disposable;
  #waiting: Waiting | undefined;
  /** What came during the exchange under way, where somebody looks at its device. */
  #heard: Uint8Array[] | undefined;
  #busy = false;
  #disposed = false;
  #lastByte: Mono = Number.NEGATIVE_INFINITY;
  #sentEnd: Mono = Number.NEGATIVE_INFINITY;
  /** Bytes came that nobody had asked for: wait for a longer silence, there may be more. */
  #dirty = false;
  #idle: Uint8Array = new Uint8Array();
  #timing: LineTiming;
  #serial: SerialSettings | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
    this.#timing = options.timing;
    this.#serial = options.serial;
    this.#owed = new OwedAnswers(Math.max(2000, 3 * options.timeout));
    this.#listener = options.pipe.onData((bytes, time) => this.#received(bytes, time));
    // Never settles before the pipe is lost or disposed, and then ends the exchange in flight.
    void options.pipe.closed.then(() => this.#waiting?.fail(this.#lost()));
  }

  lend(device: string, cap = Number.POSITIVE_INFINITY, serial?: SerialSettings): Lease {
    let revoked = false;
    return {
      exchange: (request, signal) => {
        if (!revoked) return this.#exchange(device, request, cap, serial, signal);
        return Promise.reject(
          new AgentError('internal', `exchange of ${device} failed: its turn on the line is over`),
        );
      },
      revoke: () => {
        revoked = true;
      },
    };
  }

  /** Until when an answer of `device` to an earlier request may still come; undefined where none is owed. */
  owedUntil(device: string): Mono | undefined {
    return this.#owed.until(device, this.#options.clock.mono());
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#listener[Symbol.dispose]();
    this.#waiting?.fail(new AgentError('aborted', 'exchange failed: the line is closed'));
  }

  async #exchange(
    device: string,
    request: ExchangeRequest,
    cap: number,
    serial: SerialSettings | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#disposed) throw new AgentError('aborted', 'exchange failed: the line is closed');
    if (this.#busy) throw new AgentError('internal', `exchange of ${device} failed: another is under way`);
    this.#busy = true;
    try {
      await this.#quiet(signal);
      if (serial !== undefined && !same(serial, this.#serial)) await this.#tune(serial, signal);
      return request.match === undefined
        ? await this.#broadcast(device, request, signal)
        : await this.#ask(device, request, Math.min(request.timeout ?? this.#options.timeout, cap), signal);
    } catch (thrown) {
      throw asAgentError(thrown);
    } finally {
      this.#busy = false;
    }
  }

  /** Sets the port to the settings of the device that is asked next. The silence before its request is counted anew. */
  async #tune(serial: SerialSettings, signal: AbortSignal): Promise<void> {
    const { pipe, clock } = this.#options;
    if (pipe.configure === undefined) {
      throw new AgentError('unsupported', 'request failed: the settings of this port cannot be changed', {
        fix: 'Give all devices of the line the same baud rate and format.',
      });
    }
    await pipe.configure(serial, signal);
    this.#serial = serial;
    this.#timing = { character: characterTime(serial), silence: silenceTime(serial) };
    this.#lastByte = clock.mono();
    await this.#quiet(signal);
  }

  /** Waits until the line has been silent long enough. Timers are coarse: what they come short is waited again. */
  async #quiet(signal: AbortSignal): Promise<void> {
    const { clock, cut, timeout } = this.#options;
    const timing = this.#timing;
    const started = clock.mono();
    for (;;) {
      signal.throwIfAborted();
      const now = clock.mono();
      const silence = this.#dirty ? Math.max(timing.silence, cut) : timing.silence;
      const free = Math.max(this.#lastByte + silence, this.#sentEnd + timing.silence);
      if (now >= free) break;
      if (now - started > Math.max(1000, timeout)) {
        throw new AgentError(
          'frame-invalid',
          `request failed: the line is never silent (bytes without a pause for ${(now - started).toFixed(0)} ms)`,
          { fix: 'Look for a device with another baud rate, a second master, or A and B swapped.' },
        );
      }
      await this.#rest(free - now, signal);
    }
    this.#dirty = false;
    this.#idle = new Uint8Array();
    this.#owed.expire(clock.mono());
  }

  /** Waits `ms` or less: what is left at the end is slept more finely than timers can, where the port is real. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const { pipe, clock } = this.#options;
    if (pipe.hold === undefined) return clock.sleep(ms, signal);
    if (ms >= 1) return clock.sleep(Math.max(1, ms - 1), signal);
    if (!pipe.hold(ms)) await clock.sleep(ms, signal);
  }

  async #broadcast(device: string, request: ExchangeRequest, signal: AbortSignal): Promise<Answer> {
    const { clock } = this.#options;
    const timing = this.#timing;
    const started = clock.mono();
    await this.#send(request.bytes, signal);
    this.#tapRequest(device, request.bytes);
    const turnaround = request.turnaround ?? 100;
    await clock.sleep(Math.max(0, this.#sentEnd + turnaround - clock.mono()), signal);
    const time = clock.mono();
    this.#report({ device, busy: time - started + timing.silence, noiseBytes: 0, foreignFrames: 0 });
    return { bytes: new Uint8Array(), time };
  }

  async #ask(
    device: string,
    request: ExchangeRequest,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { clock, cut } = this.#options;
    const timing = this.#timing;
    const match = request.match ?? (() => ({ kind: 'more' as const }));
    const reception = new Reception(request.bytes, match, this.#owed, this.#echo);
    const waiting = new Waiting({ reception, clock, cut: request.gap ?? cut, ...timing, signal });
    const started = clock.mono();
    this.#waiting = waiting;
    let arrival: Arrival;
    try {
      await this.#send(request.bytes, signal);
      this.#tapRequest(device, request.bytes);
      waiting.start(this.#sentEnd, timeout);
      arrival = await waiting.done;
    } catch (thrown) {
      const error = asAgentError(thrown);
      waiting.fail(error);
      this.#owed.add({ device, match, sent: clock.mono() });
      if (waiting.bytes > 0) {
        // Half an answer: what held it up may still bring the rest. The line has to be silent from now on.
        this.#dirty = true;
        this.#lastByte = clock.mono();
      }
      this.#tapAnswer(device, error);
      this.#finished(device, started, reception, { error });
      throw error;
    } finally {
      this.#waiting = undefined;
    }
    this.#tapAnswer(device);
    this.#owed.settle(device);
    if (reception.rest.length > 0) {
      this.#dirty = true;
      this.#idle = this.#owed.sift(reception.rest);
    }
    const turnaround = Math.max(0, arrival.first - this.#sentEnd);
    this.#finished(device, started, reception, { turnaround });
    return { bytes: arrival.bytes, time: arrival.time };
  }

  async #send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { pipe, clock } = this.#options;
    if (pipe.failure !== undefined) throw this.#lost();
    // The write itself is fast or fails: the operating system's buffer holds any request.
    await pipe.write(bytes, signal);
    // Written is not sent: the UART needs its time for every character.
    this.#sentEnd = clock.mono() + bytes.length * this.#timing.character;
  }

  #received(bytes: Uint8Array, time: Mono): void {
    this.#lastByte = time;
    if (this.#waiting !== undefined) {
      this.#heard?.push(bytes.slice());
      this.#waiting.feed(bytes, time);
      return;
    }
    this.#dirty = true;
    if (this.#owed.size === 0) return;
    const joined = new Uint8Array(this.#idle.length + bytes.length);
    joined.set(this.#idle);
    joined.set(bytes, this.#idle.length);
    this.#idle = this.#owed.sift(joined).slice(-1024);
  }

  #tapRequest(device: string, bytes: Uint8Array): void {
    const { taps, clock } = this.#options;
    if (taps?.on(device) !== true) return;
    this.#heard = [];
    taps.tell(device, { time: clock.mono(), dir: 'down', bytes });
  }

  /** All that came, an echo of the request too: a technician looks for what is wrong. */
  #tapAnswer(device: string, error?: AgentError): void {
    const heard = this.#heard;
    if (heard === undefined) return;
    this.#heard = undefined;
    this.#options.taps?.tell(device, {
      time: this.#options.clock.mono(),
      dir: 'up',
      bytes: joined(heard),
      ...(error === undefined ? {} : { error: error.message }),
    });
  }

  #lost(): AgentError {
    return this.#options.pipe.failure ?? new AgentError('link-lost', 'the port is closed');
  }

  #finished(
    device: string,
    started: Mono,
    { noise, foreign }: Reception,
    result: { readonly turnaround: number } | { readonly error: AgentError },
  ): void {
    const { clock } = this.#options;
    const busy = clock.mono() - started + this.#timing.silence;
    this.#report({ device, busy, noiseBytes: noise, foreignFrames: foreign, ...result });
  }

  #report(transaction: Transaction): void {
    this.#options.onTransaction?.(transaction);
  }
}

function same(a: SerialSettings, b: SerialSettings | undefined): boolean {
  return (
    a.baud === b?.baud && a.dataBits === b.dataBits && a.parity === b.parity && a.stopBits === b.stopBits
  );
}
