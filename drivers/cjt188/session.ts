/** One meter on a line: its plan, and the byte order it has turned out to want. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { LineConfig } from '../../agent/core/site.ts';
import { ANYBODY, type Order } from './frame.ts';
import { type DeviceMap, deviceMap, type Group } from './map.ts';
import { answerLength, type Payload, read, refuses, requestLength } from './reader.ts';
import { contentsFor, readingOf } from './value.ts';
import { moveValve } from './valve.ts';

/** Between two looks at a valve that moves, ms. */
const LOOK_AGAIN = 1000;

export class Cjt188Session implements PolledSession {
  readonly #context: DriverContext;
  readonly #map: DeviceMap;
  readonly polls: readonly Poll[];
  #order: Order;
  /** Whether the meter has answered in this order: then silence is no reason to doubt it. */
  #proven = false;
  #serial = 0;
  readonly #odd = new Set<string>();

  constructor(context: DriverContext, line: LineConfig) {
    this.#context = context;
    this.#map = deviceMap(context.device, line);
    this.#order = this.#map.order;
    this.polls = this.#map.groups.map((group) => ({
      id: `${group.di}/${group.period}`,
      points: group.points.map(({ point }) => point.id),
      period: group.period,
      requestBytes: requestLength(this.#map),
      answerBytes: answerLength(group.size),
      execute: (exchange, signal) => this.#execute(group, exchange, signal),
    }));
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const [group] = this.#map.groups;
    if (group === undefined) return;
    try {
      await this.#read(group, exchange, signal);
    } catch (error) {
      // A meter that refuses is there.
      if (!refuses(error)) throw error;
    }
  }

  /** The valve, where the site file allows it; told once, then looked at until it stands as it should or time is up. */
  async write(write: PointWrite, exchange: Exchange, signal: AbortSignal): Promise<WriteOutcome> {
    const rejected = (reason: string): WriteOutcome => ({ kind: 'rejected', reason });
    const { control, address } = this.#map;
    const group = this.#map.groups.find(({ points }) => points.some(({ point }) => point.id === write.point));
    const mapped = group?.points.find(({ point }) => point.id === write.point);
    if (group === undefined || mapped?.wire.control === undefined) {
      return rejected(`${write.point} cannot be written`);
    }
    const { value } = write;
    if (value !== 'open' && value !== 'closed') return rejected(`a valve is open or closed, got ${value}`);
    if (control === undefined) {
      return rejected('valve control is off: the site file does not allow it for this meter (control:)');
    }
    if (address === ANYBODY) return rejected('valve control needs the address of the meter');
    try {
      this.#serial = (this.#serial + 1) & 0xff;
      await moveValve(
        this.#map,
        control,
        { value, order: this.#order, serial: this.#serial },
        exchange,
        signal,
      );
    } catch (error) {
      if (!refuses(error)) throw error;
      return rejected(error instanceof Error ? error.message : String(error));
    }
    const { clock, device } = this.#context;
    const until = clock.mono() + control.travel;
    for (;;) {
      const { data, time } = await this.#read(group, exchange, signal);
      const readback = readingOf(device.id, mapped, contentsFor(group.di, data), this.#map.decimals, time);
      if (readback.value === value || clock.mono() >= until) return { kind: 'done', readback };
      await clock.sleep(LOOK_AGAIN, signal);
    }
  }

  async #execute(group: Group, exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]> {
    const { data, time } = await this.#read(group, exchange, signal);
    const contents = contentsFor(group.di, data);
    if (contents === undefined || contents.trailing > 0) this.#noteOdd(group.di, data.length, group.size);
    return group.points.map((mapped) =>
      readingOf(this.#context.device.id, mapped, contents, this.#map.decimals, time),
    );
  }

  /** Asks; where the meter has never answered in this order and is silent or refuses, once in the other. */
  async #read(group: Group, exchange: Exchange, signal: AbortSignal): Promise<Payload> {
    try {
      return await this.#ask(group, this.#order, exchange, signal);
    } catch (error) {
      if (this.#proven || signal.aborted || !isSilence(error)) throw error;
      const other: Order = this.#order === 'high' ? 'low' : 'high';
      const payload = await this.#ask(group, other, exchange, signal).catch((second: unknown) => {
        // Refused in both orders: the meter is there, and does not know the identifier.
        throw refuses(error) ? error : second;
      });
      this.#context.log.info('cjt188.order', { order: other, di: group.di });
      this.#order = other;
      return payload;
    }
  }

  async #ask(group: Group, order: Order, exchange: Exchange, signal: AbortSignal): Promise<Payload> {
    this.#serial = (this.#serial + 1) & 0xff;
    const { di, size } = group;
    const question = { di, order, serial: this.#serial, size, forgiven: !this.#proven };
    const payload = await read(this.#map, question, exchange, signal);
    this.#proven = true;
    return payload;
  }

  #noteOdd(di: string, got: number, usual: number): void {
    if (this.#odd.has(di)) return;
    this.#odd.add(di);
    this.#context.log.warn('cjt188.length', { di, got_bytes: got, usual_bytes: usual });
  }
}

/** A meter that does not know the order may be silent or refuse. */
function isSilence(error: unknown): boolean {
  return refuses(error) || (error instanceof AgentError && error.code === 'timeout');
}
