/** One meter on a line: its plan, and what it has turned out not to know. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { bad, type Mono, type Reading } from '../../agent/core/reading.ts';
import type { LineConfig } from '../../agent/core/site.ts';
import { NO_DATA } from './error.ts';
import { ANYBODY } from './frame.ts';
import { itemsOf } from './items.ts';
import { type DeviceMap, deviceMap, type Mapped, singleOf } from './map.ts';
import { answerLength, errorWordOf, read, requestLength } from './reader.ts';
import { switchRelay } from './relay.ts';
import { readingOf } from './value.ts';

/** An identifier the meter does not know is not asked for again before this time, ms: it may have been exchanged. */
const ASK_AGAIN = 3_600_000;

/** Points read by one identifier at one period. */
interface Group {
  readonly di: string;
  readonly period: number;
  readonly points: readonly Mapped[];
}

export class Dlt645Session implements PolledSession {
  readonly #context: DriverContext;
  readonly #map: DeviceMap;
  /** Until when an identifier is taken to be unknown to the meter. */
  readonly #unknown = new Map<string, Mono>();
  /** Blocks the meter does not know although it knows their parts. */
  readonly #parted = new Set<string>();
  readonly #longer = new Set<string>();
  #polls: readonly Poll[] = [];

  constructor(context: DriverContext, line: LineConfig) {
    this.#context = context;
    this.#map = deviceMap(context.device, line);
    this.#replan();
  }

  get polls(): readonly Poll[] {
    return this.#polls;
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const [cheapest] = groupsOf(this.#map.points).sort((a, b) => sizeOf(a) - sizeOf(b));
    if (cheapest === undefined) return;
    try {
      await read(this.#map, cheapest.di, sizeOf(cheapest), exchange, signal);
    } catch (error) {
      // A meter that refuses is there.
      if (errorWordOf(error) === undefined) throw error;
    }
  }

  /** The relay, where the site file allows it; attempted once, then read back. */
  async write(write: PointWrite, exchange: Exchange, signal: AbortSignal): Promise<WriteOutcome> {
    const rejected = (reason: string): WriteOutcome => ({ kind: 'rejected', reason });
    const mapped = this.#map.points.find(({ point }) => point.id === write.point);
    if (mapped?.wire.control === undefined || typeof write.value !== 'boolean') {
      return rejected(`${write.point} cannot be written`);
    }
    const { control, address } = this.#map;
    if (control === undefined) {
      return rejected('relay control is off: the site file does not allow it for this meter (control:)');
    }
    if (address === ANYBODY) return rejected('relay control needs the address of the meter');
    try {
      await switchRelay(this.#map, write.value, control, exchange, signal);
    } catch (error) {
      if (errorWordOf(error) === undefined) throw error;
      return rejected(error instanceof Error ? error.message : String(error));
    }
    const { data, time } = await read(
      this.#map,
      mapped.wire.di,
      mapped.format.layout.bytes,
      exchange,
      signal,
    );
    return { kind: 'done', readback: readingOf(this.#context.device.id, mapped, data, time) };
  }

  #replan(): void {
    const { version } = this.#map;
    const points = this.#map.points.map((mapped) =>
      this.#parted.has(mapped.wire.di) ? this.#alone(mapped) : mapped,
    );
    this.#polls = groupsOf(points).map((group) => ({
      id: `${group.di}/${group.period}`,
      points: group.points.map(({ point }) => point.id),
      period: group.period,
      requestBytes: requestLength(version),
      answerBytes: answerLength(version, sizeOf(group)),
      execute: (exchange, signal) => this.#execute(group, exchange, signal),
    }));
  }

  /** A point of a block as it is read without the block. */
  #alone(mapped: Mapped): Mapped {
    const di = singleOf(this.#map.version, mapped.wire.di, mapped.wire.index) ?? mapped.wire.di;
    const { slots: _block, ...format } = mapped.format;
    return { ...mapped, wire: { ...mapped.wire, di, index: 0 }, format };
  }

  async #execute(group: Group, exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]> {
    const { clock, device } = this.#context;
    if (clock.mono() < (this.#unknown.get(group.di) ?? Number.NEGATIVE_INFINITY)) return this.#missing(group);
    try {
      const { data, time } = await read(this.#map, group.di, sizeOf(group), exchange, signal);
      this.#unknown.delete(group.di);
      this.#noteLonger(group, data);
      return group.points.map((mapped) => readingOf(device.id, mapped, data, time));
    } catch (error) {
      if (((errorWordOf(error) ?? 0) & NO_DATA) === 0) throw error;
      return await this.#refused(group, exchange, signal);
    }
  }

  /** "No requested data": a block is read in its parts from now on, a single value is left alone for a while. */
  async #refused(group: Group, exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]> {
    const { log, clock } = this.#context;
    const { version } = this.#map;
    const parts = group.points.every(({ wire }) => singleOf(version, group.di, wire.index) !== undefined);
    log.info('dlt645.unknown', {
      di: group.di,
      points: group.points.map(({ point }) => point.id),
      parted: parts,
    });
    if (!parts) {
      this.#unknown.set(group.di, clock.mono() + ASK_AGAIN);
      return this.#missing(group);
    }
    this.#parted.add(group.di);
    this.#replan();
    const readings: Reading[] = [];
    for (const part of groupsOf(group.points.map((mapped) => this.#alone(mapped)))) {
      readings.push(...(await this.#execute(part, exchange, signal)));
    }
    return readings;
  }

  #missing(group: Group): readonly Reading[] {
    const time = this.#context.clock.mono();
    return group.points.map(({ point }) =>
      bad({ device: this.#context.device.id, point: point.id, unit: point.unit }, 'not-available', time),
    );
  }

  #noteLonger({ di, points }: Group, data: Uint8Array): void {
    const format = points[0]?.format;
    const trailing = format === undefined ? 0 : itemsOf(format, data).trailing.length;
    if (trailing === 0 || this.#longer.has(di)) return;
    this.#longer.add(di);
    this.#context.log.warn('dlt645.longer', { di, got_bytes: data.length, trailing_bytes: trailing });
  }
}

/** Points that one request reads: one identifier, one period. */
function groupsOf(points: readonly Mapped[]): Group[] {
  const groups = new Map<string, { di: string; period: number; points: Mapped[] }>();
  for (const mapped of points) {
    const { period } = mapped;
    const { di } = mapped.wire;
    const key = `${di}/${period}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { di, period, points: [mapped] });
    else group.points.push(mapped);
  }
  return [...groups.values()];
}

/** Bytes that follow the identifier in a usual answer. */
function sizeOf({ points }: Group): number {
  const [first] = points;
  if (first === undefined) return 0;
  const { layout, slots } = first.format;
  if (slots === undefined) return layout.bytes;
  const last = Math.max(...points.map(({ wire }) => wire.index));
  return layout.bytes * Math.max(slots.length, last + 1);
}
