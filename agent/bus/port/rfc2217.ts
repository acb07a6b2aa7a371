/**
 * A serial port behind a network: telnet with the COM port control option (RFC 2217), as ser2net and most serial
 * servers speak it. Sets baud rate, data bits, parity and stop bits of the far port, empties its buffers, and lets data
 * through as it is (RFC 856 binary, every 255 twice).
 */
import { concat } from '../../core/bytes.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { SerialSettings } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { pipeListeners } from '../pipe.ts';
import type { Pipe, Port } from './port.ts';
import { escaped, SB, subnegotiation, type TelnetCommand, TelnetDecoder, TelnetOptions } from './telnet.ts';

const BINARY = 0;
const SUPPRESS_GO_AHEAD = 3;
const COM_PORT = 44;

// RFC 2217 §3: commands to the server; it answers with 100 more and the value it has now.
const SET_BAUDRATE = 1;
const SET_DATASIZE = 2;
const SET_PARITY = 3;
const SET_STOPSIZE = 4;
const SET_CONTROL = 5;
const SET_LINESTATE_MASK = 10;
const SET_MODEMSTATE_MASK = 11;
const PURGE_DATA = 12;
const ANSWER = 100;

const PARITY = { none: 1, odd: 2, even: 3 } as const;
const NO_FLOW_CONTROL = 1;
const PURGE_BOTH = 3;

/** For options and settings together, ms. */
const NEGOTIATION_MS = 5000;

/** `inner`: the TCP port. Opening rejects with `unsupported` besides where the server refuses, within 15 s. */
export function rfc2217Port(inner: Port, serial: SerialSettings, clock: Clock): Port {
  return {
    name: inner.name,
    retry: inner.retry,
    async open(signal) {
      const pipe = await inner.open(signal);
      const far = new FarPort(pipe, inner.name, clock);
      const limit = new AbortController();
      const abort = () => limit.abort(asAgentError(signal.reason, 'aborted'));
      signal.addEventListener('abort', abort, { once: true });
      const timer = clock.after(NEGOTIATION_MS, () => limit.abort(far.silence()));
      try {
        await far.negotiate(limit.signal);
        await far.set(serial, limit.signal);
        return far.pipe();
      } catch (thrown) {
        await pipe[Symbol.asyncDispose]();
        throw asAgentError(thrown);
      } finally {
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

interface Setting {
  readonly command: number;
  readonly value: readonly number[];
  /** For people; absent: its answer is not waited for. */
  readonly what?: string;
}

class FarPort {
  readonly #pipe: Pipe;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #decoder = new TelnetDecoder();
  readonly #options = new TelnetOptions({
    us: [BINARY, SUPPRESS_GO_AHEAD, COM_PORT],
    him: [BINARY, SUPPRESS_GO_AHEAD],
  });
  readonly #listeners = pipeListeners((thrown) => {
    this.#thrown = asAgentError(thrown);
    void this.#pipe[Symbol.asyncDispose]();
  });
  readonly #answers = new Map<number, readonly number[]>();
  #thrown: AgentError | undefined;
  #spoke = false;
  #news = () => {};

  constructor(pipe: Pipe, name: string, clock: Clock) {
    this.#pipe = pipe;
    this.#name = name;
    this.#clock = clock;
    pipe.onData((bytes, time) => {
      const { data, commands } = this.#decoder.feed(bytes);
      for (const command of commands) this.#take(command);
      if (data.length > 0) this.#listeners.deliver(data, time);
    });
  }

  async negotiate(signal: AbortSignal): Promise<void> {
    await this.#pipe.write(this.#options.ask(), signal);
    await this.#until(() => {
      const refused = [this.#options.agreed(COM_PORT), this.#options.agreed(BINARY)].includes(false);
      if (refused || this.#options.agreedByHim(BINARY) === false) {
        throw this.#refusal('it refuses to have its serial port set (RFC 2217) or to pass bytes as they are');
      }
      return (
        this.#options.agreed(COM_PORT) === true &&
        this.#options.agreed(BINARY) === true &&
        this.#options.agreedByHim(BINARY) === true
      );
    }, signal);
  }

  /** Sets the far port and waits until the server has confirmed each setting. */
  async set(serial: SerialSettings, signal: AbortSignal): Promise<void> {
    const settings = settingsOf(serial);
    this.#answers.clear();
    const frames = settings.map(({ command, value }) => subnegotiation(COM_PORT, command, ...value));
    await this.#pipe.write(frames.reduce(concat), signal);
    await this.#until(
      () => settings.every(({ command, what }) => what === undefined || this.#answers.has(command)),
      signal,
    );
    for (const { command, value, what } of settings) {
      const got = this.#answers.get(command);
      if (what === undefined || got === undefined || got.join() === value.join()) continue;
      const number = (bytes: readonly number[]) => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
      throw this.#refusal(
        `it keeps ${what} ${number(got)} where ${number(value)} was asked (values of RFC 2217 §3)`,
      );
    }
  }

  /** What a server that does not answer is. */
  silence(): AgentError {
    return new AgentError(
      'unsupported',
      `port ${this.#name} failed: ${this.#spoke ? 'its settings were not confirmed' : 'it does not speak RFC 2217'} within ${NEGOTIATION_MS / 1000} s`,
      {
        retryable: true,
        fix: 'Write framing: raw and set baud rate and parity at the serial server itself.',
      },
    );
  }

  pipe(): Pipe {
    const inner = this.#pipe;
    const thrown = () => this.#thrown;
    return {
      closed: inner.closed.then(() => this.#listeners.clear()),
      get failure() {
        return inner.failure ?? thrown();
      },
      onData: this.#listeners.add,
      write: (bytes, signal) => inner.write(escaped(bytes), signal),
      configure: (serial, signal) => this.#change(serial, signal),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  /** As `set`, while the port is in use. */
  async #change(serial: SerialSettings, signal: AbortSignal): Promise<void> {
    const limit = new AbortController();
    using _timer = this.#clock.after(NEGOTIATION_MS, () => limit.abort(this.silence()));
    await this.set(serial, AbortSignal.any([signal, limit.signal]));
  }

  #take(command: TelnetCommand): void {
    this.#spoke = true;
    if (command.verb === SB) {
      const [code = 0, ...value] = command.body;
      // Notices of line and modem state (§3, 106 and 107) are none of ours.
      if (command.option === COM_PORT && code >= ANSWER) this.#answers.set(code - ANSWER, value);
    } else {
      const answer = this.#options.take(command);
      // A write that fails ends the connection, which is told by `closed`.
      if (answer !== undefined) this.#pipe.write(answer, NEVER).catch(() => {});
    }
    this.#news();
  }

  async #until(done: () => boolean, signal: AbortSignal): Promise<void> {
    while (!done()) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#news = resolve;
      const abort = () => reject(asAgentError(signal.reason, 'aborted'));
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      void this.#pipe.closed.then(() =>
        reject(this.#pipe.failure ?? new AgentError('link-lost', `${this.#name} is closed`)),
      );
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', abort);
        this.#news = () => {};
      }
    }
  }

  #refusal(why: string): AgentError {
    return new AgentError('unsupported', `port ${this.#name} failed: ${why}`, {
      retryable: true,
      fix: 'Set the port at the serial server itself and write framing: raw.',
    });
  }
}

function settingsOf({ baud, dataBits, parity, stopBits }: SerialSettings): readonly Setting[] {
  const rate = [baud >>> 24, (baud >>> 16) & 0xff, (baud >>> 8) & 0xff, baud & 0xff];
  return [
    { command: SET_BAUDRATE, value: rate, what: 'baud rate' },
    { command: SET_DATASIZE, value: [dataBits], what: 'data bits' },
    { command: SET_PARITY, value: [PARITY[parity]], what: 'parity' },
    { command: SET_STOPSIZE, value: [stopBits], what: 'stop bits' },
    { command: SET_CONTROL, value: [NO_FLOW_CONTROL] },
    { command: SET_LINESTATE_MASK, value: [0] },
    { command: SET_MODEMSTATE_MASK, value: [0] },
    { command: PURGE_DATA, value: [PURGE_BOTH] },
  ];
}

const NEVER = new AbortController().signal;
