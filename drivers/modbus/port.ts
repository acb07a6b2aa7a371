/**
 * Modbus over the agent's `Exchange`, with modbus-serial building and reading the PDUs.
 *
 * modbus-serial's own ports open the serial device or socket themselves, time out by a timer of their own and hand on
 * whatever arrives; a line shared by many devices and watched by agent/bus cannot give that away. So the library gets a
 * port of ours: `write` runs one `Exchange` with a matcher that accepts nothing but the answer, and emits it as `data`.
 */
import { EventEmitter } from 'node:events';
import modbusSerial from 'modbus-serial';
import { AgentError, asAgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import { withCrc } from './crc.ts';
import { answerLengthOf, EXCEPTIONS } from './frame.ts';
import { type Framing, framed, frameLength } from './framing.ts';

/** How one device is reached. */
export interface Path {
  readonly framing: Framing;
  readonly unit: number;
  /** Longest wait for the answer, ms; absent: the line's. */
  readonly timeout: number | undefined;
  /** For `ascii`: time that the answer itself takes is waited on top of this, ms for each of its characters. */
  readonly character?: number;
  /** The next transaction id, 0..65535; used by `tcp` only. */
  readonly transaction: () => number;
}

const ModbusRTU = modbusSerial.default;

/** The client of modbus-serial; its type declarations miss function 23. */
export interface Client extends InstanceType<typeof ModbusRTU> {
  readWriteRegisters(
    readAddress: number,
    readQuantity: number,
    writeAddress: number,
    writeQuantity: number,
    values: readonly number[],
  ): Promise<{ readonly data: number[] }>;
}

export interface Transacted<T> {
  readonly result: T;
  /** When the last byte of the answer came. */
  readonly time: Mono;
}

/**
 * Runs `call` on a client of modbus-serial over `exchange`. Rejects with the exchange's `AgentError`, with
 * `device-exception` (or `device-busy` for 5 and 6; the code is in `context.exception`), or `frame-invalid`.
 */
export async function transact<T>(
  path: Path,
  exchange: Exchange,
  signal: AbortSignal,
  what: string,
  call: (client: Client) => Promise<T>,
): Promise<Transacted<T>> {
  const port = new ExchangePort(path, exchange, signal);
  const client = new ModbusRTU(port) as Client;
  client.open(() => {});
  client.setID(path.unit);
  try {
    const result = await Promise.race([call(client), port.failed]);
    return { result, time: port.time };
  } catch (thrown) {
    throw asModbusError(thrown, what, path.unit);
  } finally {
    client.close(() => {});
  }
}

function asModbusError(thrown: unknown, what: string, unit: number): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const code = exceptionCode(thrown);
  if (code !== undefined) {
    const name = EXCEPTIONS[code] ?? 'unknown exception';
    const busy = code === 5 || code === 6;
    return new AgentError(
      busy ? 'device-busy' : 'device-exception',
      `${what} failed: exception ${code}, ${name} (unit ${unit})`,
      { context: { exception: code, unit }, cause: thrown },
    );
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new AgentError('frame-invalid', `${what} failed: ${why} (unit ${unit})`, { cause: thrown });
}

function exceptionCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('modbusCode' in thrown)) return undefined;
  return typeof thrown.modbusCode === 'number' ? thrown.modbusCode : undefined;
}

/** The exception code of a refused request; undefined for every other error. */
export function exceptionOf(error: unknown): number | undefined {
  if (!(error instanceof AgentError)) return undefined;
  const { exception } = error.context;
  return typeof exception === 'number' ? exception : undefined;
}

/** The port modbus-serial writes to: one request, one exchange, one `data`. */
class ExchangePort extends EventEmitter {
  isOpen = false;
  /** Set by modbus-serial, which finds the transaction of an answer by it. */
  _transactionIdRead = 1;
  _transactionIdWrite = 1;
  time: Mono = 0;
  readonly failed: Promise<never>;
  readonly #fail: (reason: unknown) => void;
  readonly #path: Path;
  readonly #exchange: Exchange;
  readonly #signal: AbortSignal;

  constructor(path: Path, exchange: Exchange, signal: AbortSignal) {
    super();
    const { promise, reject } = Promise.withResolvers<never>();
    // Nobody waits for it once the call is settled.
    promise.catch(() => {});
    this.failed = promise;
    this.#fail = reject;
    this.#path = path;
    this.#exchange = exchange;
    this.#signal = signal;
  }

  open(done: (error: Error | null) => void): void {
    this.isOpen = true;
    done(null);
  }

  close(done?: (error: Error | null) => void): void {
    this.isOpen = false;
    done?.(null);
  }

  write(frame: Buffer): void {
    this.#run(Uint8Array.from(frame)).catch((error: unknown) => this.#fail(asAgentError(error)));
  }

  async #run(frame: Uint8Array): Promise<void> {
    const { framing, transaction } = this.#path;
    const { bytes, match, gap, body } = framed(framing, frame.subarray(0, -2), transaction);
    const timeout = this.#timeout(frame);
    const answer = await this.#exchange(
      { bytes, match, ...(timeout === undefined ? {} : { timeout }), ...(gap === undefined ? {} : { gap }) },
      this.#signal,
    );
    this.#answer(framing === 'rtu' ? answer.bytes : withCrc(body(answer.bytes)), answer.time);
  }

  /** ASCII takes twice the characters, which the time-out of a line does not reckon with. */
  #timeout(frame: Uint8Array): number | undefined {
    const { framing, timeout, character } = this.#path;
    if (timeout === undefined || character === undefined || framing !== 'ascii') return timeout;
    return timeout + character * frameLength(framing, answerLengthOf(frame) - 2);
  }

  #answer(frame: Uint8Array, time: Mono): void {
    this.time = time;
    this.emit('data', Buffer.from(frame));
  }
}
