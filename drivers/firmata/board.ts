/** A johnny-five board on a core `Stream`: handshake, and the clean end that johnny-five itself has none for. */
import { EventEmitter } from 'node:events';
import type { Firmata } from 'firmata-io';
import type { Board } from 'johnny-five';
import { AgentError } from '../../agent/core/errors.ts';
import type { Stream } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import {
  ANALOG_MAPPING_QUERY,
  CAPABILITY_QUERY,
  FIRMWARE,
  MessageReader,
  REPORT_VERSION,
} from './message.ts';

/** A board that resets when its port opens is back after two seconds; the contract allows 15 s. */
const HANDSHAKE = 10_000;
const ASK_AGAIN = 500;
/** The longest a timer can be set for: firmata-io's own question is not wanted. */
const NEVER = 2 ** 31 - 1;

/** The transport firmata-io writes to and hears from; opens nothing. */
class StreamTransport extends EventEmitter {
  readonly #stream: Stream;
  readonly #signal: AbortSignal;
  readonly #failed: (error: unknown) => void;

  constructor(stream: Stream, signal: AbortSignal, failed: (error: unknown) => void) {
    super();
    this.#stream = stream;
    this.#signal = signal;
    this.#failed = failed;
  }

  write(data: Uint8Array, done?: () => void): void {
    this.#stream
      .write(Uint8Array.from(data), this.#signal)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => done?.());
  }
}

export interface OpenBoard extends AsyncDisposable {
  readonly board: Board;
  readonly io: Firmata;
  /** When the board was last heard. */
  heard(): Mono;
}

/**
 * Shakes hands with the board. Rejects with `timeout` when it does not answer as Firmata within 10 s, with `link-lost`
 * when the port closes, or as `signal` says. `failed` is told of writes that fail later.
 */
export async function openBoard(
  id: string,
  stream: Stream,
  clock: Clock,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<OpenBoard> {
  signal.throwIfAborted();
  // Loaded when the first board is opened: an agent without one does not pay for johnny-five.
  const [{ default: firmata }, { default: five }] = await Promise.all([
    import('firmata-io'),
    import('johnny-five'),
  ]);
  const ended = new AbortController();
  const transport = new StreamTransport(stream, ended.signal, failed);
  const io = new firmata.Firmata(transport, { reportVersionTimeout: NEVER });
  clearTimeout(io.reportVersionTimeoutId);
  io.on('error', failed);
  const reader = new MessageReader();
  let heard = clock.mono();
  const data = stream.onData((bytes, time) => {
    heard = time;
    for (const message of reader.push(bytes)) transport.emit('data', message);
  });
  let board: Board | undefined;
  const close = async () => {
    ended.abort();
    data[Symbol.dispose]();
    transport.removeAllListeners();
    io.removeAllListeners();
    if (board === undefined) return;
    if (board.timer !== null) clearTimeout(board.timer);
    board.removeAllListeners();
    // johnny-five keeps every board of the process for ever.
    const at = five.Board.cache.indexOf(board);
    if (at >= 0) five.Board.cache.splice(at, 1);
  };
  try {
    await shakeHands(id, io, transport, stream, clock, signal);
    board = new five.Board({ io, id, repl: false, debug: false, sigint: false, timeout: HANDSHAKE });
    board.on('error', failed);
    await ready(board, signal);
    return { board, io, heard: () => heard, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Asks until firmata-io has version, firmware, capabilities and analog mapping. */
async function shakeHands(
  id: string,
  io: Firmata,
  transport: StreamTransport,
  stream: Stream,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const ready = new Promise<true>((resolve) => {
    io.once('ready', () => resolve(true));
  });
  const lost = stream.closed.then((): never => {
    throw new AgentError('link-lost', `opening of board ${id} failed: the port closed`);
  });
  lost.catch(() => {});
  const end = clock.mono() + HANDSHAKE;
  try {
    while (clock.mono() < end) {
      ask(io, transport);
      const again = clock.sleep(ASK_AGAIN, either).then(() => false);
      again.catch(() => {});
      if (await Promise.race([ready, again, lost])) return;
    }
  } finally {
    done.abort();
  }
  throw new AgentError(
    'timeout',
    `opening of board ${id} failed: no answer of Firmata within ${HANDSHAKE} ms (${progress(io)})`,
    { fix: 'flash StandardFirmata to the board and check that the line has 57600 baud' },
  );
}

/** A board loses what it is asked while its boot loader runs, so each step is asked for again until it is answered. */
function ask(io: Firmata, transport: StreamTransport): void {
  if (!io.versionReceived || io.firmware.name === undefined) {
    transport.write(Uint8Array.of(REPORT_VERSION));
    transport.write(Uint8Array.of(0xf0, FIRMWARE, 0xf7));
    return;
  }
  const query = io.pins.length === 0 ? CAPABILITY_QUERY : ANALOG_MAPPING_QUERY;
  transport.write(Uint8Array.of(0xf0, query, 0xf7));
}

function progress(io: Firmata): string {
  if (!io.versionReceived) return 'nothing heard';
  if (io.firmware.name === undefined) return 'version heard, firmware not';
  return io.pins.length === 0 ? 'firmware heard, capabilities not' : 'capabilities heard, analog mapping not';
}

/** johnny-five tells a board on a ready io ready in the next ticks. */
async function ready(board: Board, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  board.once('ready', () => resolve());
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
