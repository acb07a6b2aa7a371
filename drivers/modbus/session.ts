/** One device on a line: its plan, the holes learned in its map, its writes. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { bad, type Mono, type Reading } from '../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { type Framing, frameLength } from './framing.ts';
import { Holes, refusesRegisters } from './holes.ts';
import { type DeviceMap, deviceMap, type Mapped, place } from './map.ts';
import { type Block, blockOf, characterTime, type Fare, fareOf, type Limits, plan } from './plan.ts';
import { exceptionOf, type Path } from './port.ts';
import { Reader } from './reader.ts';
import { deviceSchema, type Wire, wireSchema } from './schema.ts';
import { findModel } from './sunspec.ts';
import { sunspecPoint } from './sunspec-models.ts';
import { encode, readingOf } from './value.ts';
import { asHeld, send } from './write.ts';

/** A new plan is worth its while when the measured turnaround differs by this factor. */
const TURNAROUND_CHANGE = 1.5;
const MAX_TRANSACTION = 0xffff;

export class ModbusSession implements PolledSession {
  readonly #context: DriverContext;
  readonly #line: LineConfig;
  readonly #map: DeviceMap;
  readonly #reader: Reader;
  readonly #framing: Framing;
  #points: readonly Mapped[];
  #turnaround: number;
  readonly #holes: Holes;
  #located: boolean;
  #polls: readonly Poll[] = [];
  #blocks: readonly Block<Mapped>[] = [];

  constructor(context: DriverContext, line: LineConfig) {
    this.#context = context;
    this.#line = line;
    const { device, clock } = context;
    this.#map = deviceMap(device);
    const { options } = this.#map;
    this.#framing = framingOf(device, line);
    this.#reader = new Reader(pathOf(context, line, options.unit), clock, options.minInterval);
    this.#turnaround = options.turnaround;
    const declared = [1, 2, 3, 4].flatMap((code) =>
      options.holes.map(([first, last]) => ({ function: code, start: first, end: last + 1 })),
    );
    this.#holes = new Holes(declared, options.align);
    this.#points = this.#map.points;
    this.#located = this.#map.sunspec.length === 0;
    this.#replan();
  }

  get polls(): readonly Poll[] {
    return this.#polls;
  }

  measured(turnaround: number): void {
    const ratio = (turnaround + 1) / (this.#turnaround + 1);
    if (ratio < TURNAROUND_CHANGE && ratio > 1 / TURNAROUND_CHANGE) return;
    this.#turnaround = turnaround;
    if (this.#located) this.#replan();
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const cheapest = this.#readable().reduce<Mapped | undefined>(
      (best, next) => (best === undefined || next.end - next.start < best.end - best.start ? next : best),
      undefined,
    );
    const {
      function: code,
      start,
      end,
    } = cheapest === undefined
      ? { function: this.#map.options.function, start: 40000, end: 40002 }
      : blockOf([cheapest], this.#map.options.align);
    try {
      await this.#reader.read(code, start, end - start, exchange, signal);
    } catch (error) {
      // A device that refuses is there.
      if (exceptionOf(error) === undefined) throw error;
    }
  }

  async write(write: PointWrite, exchange: Exchange, signal: AbortSignal): Promise<WriteOutcome> {
    const mapped = this.#points.find((candidate) => candidate.point.id === write.point);
    if (mapped === undefined || mapped.point.access === 'read') {
      return { kind: 'rejected', reason: `${write.point} cannot be written` };
    }
    const encoded = encode(mapped, write.value);
    if (!encoded.ok) return { kind: 'rejected', reason: encoded.why };
    try {
      await send(mapped, encoded, this.#reader, exchange, signal);
    } catch (error) {
      if (exceptionOf(error) === undefined) throw error;
      return { kind: 'rejected', reason: error instanceof Error ? error.message : String(error) };
    }
    const readback = await this.#readBack(mapped, exchange, signal);
    const held = asHeld(this.#context.device.id, mapped, encoded);
    if (readback.value === held) return { kind: 'done', readback };
    const got = readback.value ?? readback.reason;
    return { kind: 'rejected', reason: `read-back of ${write.point}: expected ${held}, got ${got}` };
  }

  async #readBack(mapped: Mapped, exchange: Exchange, signal: AbortSignal): Promise<Reading> {
    const address = mapped.wire.write?.readback?.address ?? mapped.address;
    const held = { ...mapped, address, scaleRegister: undefined };
    const { bytes, time } = await this.#reader.read(mapped.function, address, mapped.words, exchange, signal);
    return readingOf(this.#context.device.id, held, { start: address, bytes }, time);
  }

  #readable(): readonly Mapped[] {
    return this.#points.filter(({ point }) => point.access !== 'write' && !this.#holes.absent.has(point.id));
  }

  #replan(): void {
    const { options } = this.#map;
    const limits: Limits = { ...options, holes: this.#holes.ranges, cuts: this.#holes.cuts };
    const fare: Fare = fareOf(this.#line, this.#turnaround, this.#framing);
    this.#blocks = plan(this.#readable(), limits, fare);
    this.#polls = this.#located ? this.#blockPolls() : this.#searchPolls();
  }

  /** One poll per block; points the device does not have ride on a poll of their period and are bad. */
  #blockPolls(): readonly Poll[] {
    const absent = this.#points.filter(
      ({ point }) => point.access !== 'write' && this.#holes.absent.has(point.id),
    );
    const riders = new Map<Block<Mapped>, Mapped[]>();
    const alone: Mapped[] = [];
    for (const mapped of absent) {
      const carrier = this.#blocks.find((block) => block.period === mapped.period);
      if (carrier === undefined) alone.push(mapped);
      else riders.set(carrier, [...(riders.get(carrier) ?? []), mapped]);
    }
    const polls = this.#blocks.map((block) => this.#poll(block, riders.get(block) ?? []));
    // Nothing left to carry them: they are asked again each time, the device may have been exchanged.
    return [...polls, ...alone.map((mapped) => this.#poll(blockOf([mapped], this.#map.options.align), []))];
  }

  #poll(block: Block<Mapped>, riders: readonly Mapped[]): Poll {
    const count = block.end - block.start;
    const data = block.function <= 2 ? Math.ceil(count / 8) : 2 * count;
    return {
      id: `fc${block.function}@${block.start}+${count}/${block.period}`,
      points: [...block.items, ...riders].map(({ point }) => point.id),
      period: block.period,
      requestBytes: frameLength(this.#framing, 6),
      answerBytes: frameLength(this.#framing, 3 + data),
      execute: async (exchange, signal) => {
        const readings = await this.#execute(block, exchange, signal);
        const time = this.#context.clock.mono();
        return [...readings, ...riders.map((mapped) => this.#missing(mapped, time))];
      },
    };
  }

  #missing(mapped: Mapped, time: Mono): Reading {
    const { id, unit } = mapped.point;
    return bad({ device: this.#context.device.id, point: id, unit }, 'not-available', time);
  }

  async #execute(block: Block<Mapped>, exchange: Exchange, signal: AbortSignal): Promise<readonly Reading[]> {
    try {
      return await this.#readBlock(block, exchange, signal);
    } catch (error) {
      if (!refusesRegisters(error)) throw error;
      const before = this.#holes.absent.size;
      const readings = await this.#holes.search(
        block.items,
        (part) => this.#readBlock(part, exchange, signal),
        (mapped) => this.#missing(mapped, this.#context.clock.mono()),
      );
      const absent = [...this.#holes.absent].slice(before);
      this.#context.log.info('modbus.hole', {
        function: block.function,
        start: block.start,
        count: block.end - block.start,
        exception: exceptionOf(error),
        absent,
      });
      this.#replan();
      return readings;
    }
  }

  async #readBlock(
    block: Block<Mapped>,
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<readonly Reading[]> {
    const { start, end } = block;
    const { bytes, time } = await this.#reader.read(block.function, start, end - start, exchange, signal);
    return block.items.map((mapped) => readingOf(this.#context.device.id, mapped, { start, bytes }, time));
  }

  /** Before the SunSpec chain was walked there is one poll per period, which walks it and then reads. */
  #searchPolls(): readonly Poll[] {
    const { device } = this.#context;
    const periodOf = (every: number | undefined) => device.every ?? every ?? device.profile.every;
    const periods = new Set(this.#map.sunspec.map((point) => periodOf(point.every)));
    return [...periods].map((period) => {
      const points = this.#map.sunspec.filter((point) => periodOf(point.every) === period);
      return {
        id: `sunspec/${period}`,
        points: points.map((point) => point.id),
        period,
        requestBytes: frameLength(this.#framing, 6),
        answerBytes: frameLength(this.#framing, 7),
        execute: async (exchange, signal) => {
          if (!this.#located) await this.#locate(exchange, signal);
          const readings: Reading[] = [];
          for (const poll of this.#polls.filter((candidate) => candidate.period === period)) {
            readings.push(...(await poll.execute(exchange, signal)));
          }
          return readings;
        },
      };
    });
  }

  async #locate(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const code = this.#map.options.function;
    const read = async (address: number, count: number) => {
      const { bytes } = await this.#reader.read(code, address, count, exchange, signal);
      return Array.from({ length: count }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
    };
    const refused = (error: unknown) => exceptionOf(error) !== undefined;
    const found = await findModel(this.#map.options.sunspec ?? [], read, refused);
    const { device, log } = this.#context;
    const located: Mapped[] = [];
    for (const point of this.#map.sunspec) {
      const wire = wireSchema.parse(point.wire);
      const entry = sunspecPoint(found.model, wire.sunspec ?? '');
      if (entry === undefined) this.#holes.drop(point.id);
      const full: Wire = {
        ...wire,
        type: entry?.type ?? 'uint16',
        notAvailable: entry === undefined ? [] : [entry.notAvailable],
        ...(entry?.scale === undefined ? {} : { scaleRegister: found.address + entry.scale }),
      };
      const address = found.address + (entry?.offset ?? 0);
      located.push(place(point, full, this.#map.options, device, address));
    }
    this.#points = [...this.#map.points, ...located];
    this.#located = true;
    log.info('modbus.sunspec', { model: found.model, address: found.address });
    this.#replan();
  }
}

/** How frames look on a line: Modbus TCP has its own, elsewhere the device says. */
function framingOf(device: DeviceConfig, line: LineConfig): Framing {
  if (line.kind === 'tcp' && line.framing === 'modbus-tcp') return 'tcp';
  return deviceSchema.parse(device.options).framing;
}

function pathOf({ device }: DriverContext, line: LineConfig, fixedUnit: number | undefined): Path {
  const framing = framingOf(device, line);
  const { timeout } = deviceSchema.parse(device.options);
  const ascii = framing === 'ascii' && line.serial !== undefined;
  const unit = typeof device.address === 'number' ? device.address : (fixedUnit ?? 1);
  let transaction = Math.floor(Math.random() * MAX_TRANSACTION);
  return {
    framing,
    unit,
    timeout: ascii ? (timeout ?? line.timeout) : timeout,
    ...(ascii ? { character: characterTime(line.serial) } : {}),
    transaction: () => {
      transaction = (transaction + 1) & MAX_TRANSACTION;
      return transaction;
    },
  };
}
