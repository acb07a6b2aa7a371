/** Single requests to one device, spaced as it wants them. */

import { asAgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Mono } from '../../agent/core/reading.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import type { ReadFunction } from './map.ts';
import { type Client, type Path, type Transacted, transact } from './port.ts';

export interface Registers {
  /** Data of the answer: two bytes a register, or eight bits a byte. */
  readonly bytes: Uint8Array;
  readonly time: Mono;
}

/** Reads `count` registers or bits. Rejects as `transact` does. */
export type Read = (
  code: ReadFunction,
  start: number,
  count: number,
  exchange: Exchange,
  signal: AbortSignal,
) => Promise<Registers>;

const NAMES: Readonly<Record<ReadFunction, string>> = {
  1: 'coils',
  2: 'discrete inputs',
  3: 'holding registers',
  4: 'input registers',
};

/** Requests of one device; `minInterval` ms pass between the end of one and the start of the next. */
export class Reader {
  readonly #path: Path;
  readonly #clock: Clock;
  readonly #minInterval: number;
  #last: Mono = Number.NEGATIVE_INFINITY;

  constructor(path: Path, clock: Clock, minInterval: number) {
    this.#path = path;
    this.#clock = clock;
    this.#minInterval = minInterval;
  }

  async run<T>(
    what: string,
    exchange: Exchange,
    signal: AbortSignal,
    call: (client: Client) => Promise<T>,
  ): Promise<Transacted<T>> {
    const wait = this.#last + this.#minInterval - this.#clock.mono();
    try {
      signal.throwIfAborted();
      if (wait > 0) await this.#clock.sleep(wait, signal);
    } catch (error) {
      throw asAgentError(error, 'aborted');
    }
    try {
      return await transact(this.#path, exchange, signal, what, call);
    } finally {
      this.#last = this.#clock.mono();
    }
  }

  read: Read = async (code, start, count, exchange, signal) => {
    const what = `read of ${count} ${NAMES[code]} at ${start}`;
    const { result, time } = await this.run<{ readonly buffer: Buffer }>(what, exchange, signal, (client) => {
      if (code === 1) return client.readCoils(start, count);
      if (code === 2) return client.readDiscreteInputs(start, count);
      return code === 3 ? client.readHoldingRegisters(start, count) : client.readInputRegisters(start, count);
    });
    return { bytes: Uint8Array.from(result.buffer), time };
  };
}
