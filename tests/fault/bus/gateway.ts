/**
 * A Modbus TCP gateway in memory, in virtual time: takes requests as they come, answers each after a time of its own.
 * Faults are made by replacing what goes back. A register holds a number that only its unit and address give, so that
 * every wrong answer shows.
 */
import type { Pipe, Port } from '../../../agent/bus/port/port.ts';
import type { PolledDriver, PolledSession } from '../../../agent/core/driver.ts';
import { defineDriver } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Exchange, Matcher } from '../../../agent/core/link.ts';
import { good } from '../../../agent/core/reading.ts';
import type { DeviceConfig } from '../../../agent/core/site.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import type { PollSpec } from './test-driver.ts';

/** Bytes that go back `after` ms from the request. */
export interface Back {
  readonly after: number;
  readonly bytes: Uint8Array;
}

export interface Asked {
  /** Number of the request, 1 … */
  readonly number: number;
  readonly unit: number;
  readonly transaction: number;
  /** What the device says; undefined where no device has the unit. */
  readonly answer: Uint8Array | undefined;
  /** Its usual delay, ms. */
  readonly turnaround: number;
}

export type GatewayBehaviour = (asked: Asked) => readonly Back[];

export const prompt: GatewayBehaviour = ({ answer, turnaround }) =>
  answer === undefined ? [] : [{ after: turnaround, bytes: answer }];

/** What a register holds. */
export function content(unit: number, address: number): number {
  return (Math.imul(unit * 65_537 + address, 2_654_435_761) >>> 12) & 0xffff;
}

export function frame(transaction: number, unit: number, ...pdu: readonly number[]): Uint8Array {
  return Uint8Array.of(transaction >> 8, transaction & 0xff, 0, 0, 0, pdu.length + 1, unit, ...pdu);
}

function words(values: readonly number[]): readonly number[] {
  return values.flatMap((value) => [value >> 8, value & 0xff]);
}

export class Gateway implements Port {
  readonly name = 'gateway';
  readonly retry = 1000;
  readonly units = new Set<number>();
  behaviour: GatewayBehaviour = prompt;
  /** ms, by unit. */
  turnaround: (unit: number) => number = () => 20;
  requests = 0;
  /** Requests not answered yet, and the most there were at once; a fault leaves the count to time out. */
  waiting = 0;
  most = 0;
  opens = 0;
  openPipes = 0;
  up = true;
  readonly log: { readonly at: number; readonly unit: number; readonly code: number }[] = [];
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<(bytes: Uint8Array, time: number) => void>();
  #lose: ((error: AgentError) => void) | undefined;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async open(): Promise<Pipe> {
    this.opens += 1;
    if (!this.up) throw new AgentError('port-missing', 'gateway is away');
    this.openPipes += 1;
    this.waiting = 0;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    let failure: AgentError | undefined;
    let over = false;
    const listeners = this.#listeners;
    const end = () => {
      if (over) return;
      over = true;
      this.openPipes -= 1;
      listeners.clear();
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
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      write: async (bytes) => {
        if (over) throw failure ?? new AgentError('link-lost', 'gateway is closed');
        this.#take(bytes);
      },
      [Symbol.asyncDispose]: async () => end(),
    };
  }

  reset(): void {
    this.#lose?.(new AgentError('link-lost', 'connection to gateway lost: reset'));
  }

  say(bytes: Uint8Array, after = 0): void {
    const generation = this.opens;
    this.#clock.after(after, () => {
      if (generation !== this.opens) return;
      for (const listener of [...this.#listeners]) listener(bytes, this.#clock.mono());
    });
  }

  #take(request: Uint8Array): void {
    const word = (at: number) => ((request[at] ?? 0) << 8) | (request[at + 1] ?? 0);
    const [unit = 0, code = 0] = request.subarray(6);
    this.requests += 1;
    this.log.push({ at: this.#clock.mono(), unit, code });
    const [address, count] = [word(8), word(10)];
    const pdu =
      code === 6
        ? request.subarray(7)
        : [3, 2 * count, ...words(Array.from({ length: count }, (_, i) => content(unit, address + i)))];
    const answer = this.units.has(unit) ? frame(word(0), unit, ...pdu) : undefined;
    const turnaround = this.turnaround(unit);
    this.waiting += 1;
    this.most = Math.max(this.most, this.waiting);
    this.#clock.after(turnaround, () => {
      this.waiting -= 1;
    });
    for (const { after, bytes } of this.behaviour({
      number: this.requests,
      unit,
      transaction: word(0),
      answer,
      turnaround,
    })) {
      this.say(bytes, after);
    }
  }
}

/** Reads other registers each time, checks all of each answer. Its own transaction ids are the same for all devices. */
export function gatewayDriver(): { readonly driver: PolledDriver; readonly wrong: string[] } {
  const wrong: string[] = [];
  let asked = 0;
  const read = async (unit: number, count: number, exchange: Exchange, signal: AbortSignal) => {
    asked += 7;
    const address = asked & 0x7fff;
    const request = frame(1, unit, 3, address >> 8, address & 0xff, 0, count);
    const match = exactly(9 + 2 * count, [0, 1, 0, 0, 0, 3 + 2 * count, unit, 3, 2 * count]);
    const { bytes, time } = await exchange({ bytes: request, match }, signal);
    const got = Array.from(
      { length: count },
      (_, i) => ((bytes[9 + 2 * i] ?? 0) << 8) | (bytes[10 + 2 * i] ?? 0),
    );
    const right = got.every((value, i) => value === content(unit, address + i));
    if (!right) wrong.push(`unit ${unit} at ${address}: ${got.join(' ')}`);
    return { value: got[0] ?? 0, time };
  };
  const open = (config: DeviceConfig): PolledSession => {
    const unit = Number(config.address);
    const { polls } = config.profile.options as { readonly polls: readonly PollSpec[] };
    return {
      polls: polls.map(({ address, count, period }) => ({
        id: `fc3@${address}`,
        points: [`r${address}`],
        period,
        requestBytes: 12,
        answerBytes: 9 + 2 * count,
        async execute(exchange, signal) {
          const { value, time } = await read(unit, count, exchange, signal);
          return [good({ device: config.id, point: `r${address}`, unit: 'V' }, value, time)];
        },
      })),
      async probe(exchange, signal) {
        await read(unit, 1, exchange, signal);
      },
      async write({ point, value }, exchange, signal) {
        const pdu = [6, 0, 7, 0, Number(value)];
        const request = frame(1, unit, ...pdu);
        const { time } = await exchange({ bytes: request, match: exactly(12, [...request]) }, signal);
        return { kind: 'done', readback: good({ device: config.id, point, unit: 'V' }, value, time) };
      },
    };
  };
  const driver = defineDriver({
    kind: 'polled',
    protocol: 'test',
    checkProfile: () => [],
    checkDevice: () => [],
    open: (context) => open(context.device),
  });
  return { driver, wrong };
}

function exactly(length: number, head: readonly number[]): Matcher {
  return (received) =>
    received.length === length && head.every((byte, i) => received[i] === byte)
      ? { kind: 'frame', length }
      : { kind: 'foreign', length: received.length };
}
