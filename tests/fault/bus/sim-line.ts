/**
 * A wire in memory that keeps wire time by a virtual clock: requests take their characters, devices their turnaround,
 * answers theirs. Faults are made by replacing what goes back. It notes every request that came inside the silence.
 */
import { lineTiming } from '../../../agent/bus/airtime.ts';
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Mono } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { framed, readAnswer, sound } from './modbus-words.ts';

/** Bytes that go back, `after` ms from the end of the request; `spread`: one by one, so many ms apart. */
export interface Back {
  readonly after: number;
  readonly bytes: Uint8Array;
  readonly spread?: number;
}

export interface Heard {
  /** Number of the request on this line, 1 … */
  readonly number: number;
  readonly request: Uint8Array;
  /** What the device would say; undefined where no device has the unit. */
  readonly answer: Uint8Array | undefined;
  /** Its usual delay, ms. */
  readonly turnaround: number;
}

export type Behaviour = (heard: Heard) => readonly Back[];

export const honest: Behaviour = ({ answer, turnaround }) =>
  answer === undefined ? [] : [{ after: turnaround, bytes: answer }];

export class SimLine implements Port {
  readonly name = 'sim';
  readonly retry = 1000;
  readonly units = new Set<number>();
  /** Values written by fc6, by unit and address. */
  readonly written = new Map<string, number>();
  behaviour: Behaviour = honest;
  requests = 0;
  /** Requests that began inside the silence or over another frame. */
  intrusions = 0;
  opens = 0;
  openPipes = 0;
  plugged = true;
  turnaround = 5;
  requestLog: { readonly at: Mono; readonly bytes: Uint8Array }[] = [];
  readonly #clock: VirtualClock;
  readonly #line: LineConfig;
  #busyUntil: Mono = Number.NEGATIVE_INFINITY;
  #listeners = new Set<(bytes: Uint8Array, time: Mono) => void>();
  #lose: ((error: AgentError) => void) | undefined;

  constructor(clock: VirtualClock, line: LineConfig) {
    this.#clock = clock;
    this.#line = line;
  }

  async open(): Promise<Pipe> {
    this.opens += 1;
    if (!this.plugged)
      throw new AgentError('port-missing', 'port sim failed: it is not there', { fix: 'Plug it in.' });
    this.openPipes += 1;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    let failure: AgentError | undefined;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      this.openPipes -= 1;
      this.#listeners.clear();
      resolve();
    };
    this.#lose = (error) => {
      if (!over) failure = error;
      end();
    };
    return {
      closed,
      get failure() {
        return failure;
      },
      onData: (listener) => {
        this.#listeners.add(listener);
        return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
      },
      write: async (bytes) => {
        if (over) throw failure ?? new AgentError('link-lost', 'sim is closed');
        this.#heard(bytes);
      },
      [Symbol.asyncDispose]: async () => end(),
    };
  }

  unplug(): void {
    this.plugged = false;
    this.#lose?.(new AgentError('link-lost', 'port sim lost: unplugged'));
  }

  /** Bytes from nowhere, `after` ms from now. */
  inject(bytes: Uint8Array, after = 0): void {
    const { character } = lineTiming(this.#line);
    const from = Math.max(this.#clock.mono() + after, this.#busyUntil);
    this.#deliver(bytes, from - this.#clock.mono() + bytes.length * character);
  }

  #heard(request: Uint8Array): void {
    const { character, silence } = lineTiming(this.#line);
    const now = this.#clock.mono();
    if (now < this.#busyUntil + silence - 1e-6) this.intrusions += 1;
    this.requests += 1;
    this.requestLog.push({ at: now, bytes: request });
    const end = now + request.length * character;
    this.#busyUntil = end;
    const heard = {
      number: this.requests,
      request,
      answer: this.#answer(request),
      turnaround: silence + this.turnaround,
    };
    for (const { after, bytes, spread } of this.behaviour(heard)) {
      let at = end - now + after;
      if (spread === undefined) {
        at += bytes.length * character;
        this.#deliver(bytes, at);
      } else {
        for (const byte of bytes) {
          at += spread;
          this.#deliver(Uint8Array.of(byte), at);
        }
      }
    }
  }

  #deliver(bytes: Uint8Array, after: number): void {
    this.#clock.after(after, () => {
      this.#busyUntil = Math.max(this.#busyUntil, this.#clock.mono());
      for (const listener of [...this.#listeners]) listener(bytes, this.#clock.mono());
    });
  }

  /**
   * Registers hold the number of the request that reads them (0 … 65535), so that a stale answer shows; the first one
   * holds the address, so that an answer to another question shows.
   */
  #answer(request: Uint8Array): Uint8Array | undefined {
    const [unit = 0, fc, high = 0, low = 0, countHigh = 0, count = 0] = request;
    if (!sound(request) || !this.units.has(unit)) return undefined;
    const address = (high << 8) | low;
    if (fc === 6) {
      this.written.set(`${unit}/${address}`, (countHigh << 8) | count);
      return request;
    }
    if (address >= 0xf000) return framed(unit, (fc ?? 0) | 0x80, 2);
    const content = (_: unknown, i: number) =>
      i === 0 ? address : (this.written.get(`${unit}/${address + i}`) ?? this.requests);
    return readAnswer(unit, Array.from({ length: count }, content));
  }
}

/** Repeatable randomness (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
