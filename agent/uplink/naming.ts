/**
 * Names and units of a platform: records, descriptions and commands as an uplink says them. The numbers of records stay
 * what they are, so the books balance whatever things are called.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from '../core/command.ts';
import { glob } from '../core/pattern.ts';
import type { Point } from '../core/point.ts';
import type { Value } from '../core/reading.ts';
import type { LoggedReading, LoggedRecord } from '../core/record.ts';
import type { Description, NamingRule } from '../core/site.ts';
import type { PointName } from '../core/time/period.ts';
import { convert, UNITS, type Unit } from '../core/unit.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../core/uplink.ts';

/** Significant digits that survive a conversion: more would be noise of the arithmetic. */
const DIGITS = 12;

interface Rule {
  readonly device: RegExp | undefined;
  readonly class: RegExp | undefined;
  readonly point: RegExp | undefined;
  readonly deviceAs: string | undefined;
  readonly pointAs: string | undefined;
  readonly unit: Unit | undefined;
}

/** How one point is said. */
interface Said {
  readonly point: string;
  readonly unit: Unit | undefined;
}

type Described = ReturnType<UplinkContext['descriptions']>;

export class Naming {
  readonly #rules: readonly Rule[];
  readonly #classOf: (device: string) => string | undefined;
  readonly #messages = new WeakMap<Message, Message>();
  #descriptions: readonly [Described, Described] | undefined;
  readonly #devices = new Map<string, string>();
  readonly #points = new Map<string, Said>();
  /** Described points by what the platform calls them. */
  readonly #own = new Map<string, { readonly device: string; readonly point: string; readonly unit: Unit }>();

  /** For a device and for a point the first rule that fits and names one decides; what none fits keeps its name. */
  constructor(rules: readonly NamingRule[], classOf: (device: string) => string | undefined) {
    this.#classOf = classOf;
    this.#rules = rules.map(({ device, class: kind, point, deviceAs, pointAs, unit }) => ({
      device: device === undefined ? undefined : glob(device),
      class: kind === undefined ? undefined : glob(kind),
      point: point === undefined ? undefined : glob(point),
      deviceAs,
      pointAs,
      unit,
    }));
  }

  /** The same message for the same one, so that what a session remembers of it holds. */
  message(message: Message): Message {
    let named = this.#messages.get(message);
    if (named === undefined) {
      named = { envelope: message.envelope, records: message.records.map((record) => this.record(record)) };
      this.#messages.set(message, named);
    }
    return named;
  }

  /** The same list for the same one. */
  descriptions(described: Described): Described {
    if (this.#descriptions?.[0] !== described) {
      const named = described.map(({ hash, description }) => {
        const said = this.description(description);
        return { hash: isDeepStrictEqual(said, description) ? hash : hashOf(hash, said), description: said };
      });
      this.#descriptions = [described, named];
    }
    return this.#descriptions[1];
  }

  record(record: LoggedRecord): LoggedRecord {
    if (record.kind === 'reading') return this.reading(record);
    return record.device === undefined ? record : { ...record, device: this.#device(record.device) };
  }

  reading(reading: LoggedReading): LoggedReading {
    const { point, unit } = this.#point(reading.device, reading.point);
    const device = this.#device(reading.device);
    const value = reading.value === null ? null : said(reading.value, reading.unit, unit);
    return { ...reading, device, point, value, unit: alike(reading.unit, unit) ? unit : reading.unit };
  }

  /** What a point is called and in which unit it is told; `of` converts numbers of `unit`. */
  figure({ device, point }: PointName, unit: Unit): PointName & { unit: Unit; of(value: number): number } {
    const { point: name, unit: there } = this.#point(device, point);
    const to = alike(unit, there) ? there : unit;
    return { device: this.#device(device), point: name, unit: to, of: (value) => convert(value, unit, to) };
  }

  description(description: Description): Description {
    const { device } = description;
    return {
      ...description,
      device: this.#device(device),
      points: description.points.map((point) => this.#described(device, point)),
    };
  }

  /** A command of the platform in our own names and units; one of something unknown stays as it is. */
  command(command: Command): Command {
    const { device, point, value } = command;
    const own = this.#own.get(`${device}/${point}`);
    if (own === undefined) return command;
    const { unit } = this.#point(own.device, own.point);
    return {
      ...command,
      device: own.device,
      point: own.point,
      value: said(value, unit ?? own.unit, own.unit),
    };
  }

  /** What was read back for `command` (of the platform), in its unit. */
  readback({ device, point }: Command, value: Value): Value {
    const own = this.#own.get(`${device}/${point}`);
    return own === undefined ? value : said(value, own.unit, this.#point(own.device, own.point).unit);
  }

  #described(device: string, point: Point): Point {
    const { point: id, unit } = this.#point(device, point.id);
    this.#own.set(`${this.#device(device)}/${id}`, { device, point: point.id, unit: point.unit });
    const { decimals: _, range, weight, ...rest } = point;
    const weighed = weight === undefined ? {} : { weight: this.#point(device, weight).point };
    if (!alike(point.unit, unit) || unit === point.unit) {
      return { ...point, ...weighed, id };
    }
    const [min, max] = (range ?? []).map((limit) => Number(said(limit, point.unit, unit)));
    const converted = min === undefined || max === undefined ? {} : { range: [min, max] as const };
    return { ...rest, ...weighed, id, unit, ...converted };
  }

  #device(device: string): string {
    let name = this.#devices.get(device);
    if (name === undefined) {
      const rule = this.#rules.find(
        (one) => one.deviceAs !== undefined && this.#fits(one, device, undefined),
      );
      name = (rule?.deviceAs ?? '{device}').replaceAll('{device}', device);
      this.#devices.set(device, name);
    }
    return name;
  }

  #point(device: string, point: string): Said {
    const key = `${device}/${point}`;
    let found = this.#points.get(key);
    if (found === undefined) {
      const rule = this.#rules.find(
        (one) => (one.pointAs !== undefined || one.unit !== undefined) && this.#fits(one, device, point),
      );
      const name = (rule?.pointAs ?? '{point}').replaceAll('{point}', point).replaceAll('{device}', device);
      found = { point: name, unit: rule?.unit };
      this.#points.set(key, found);
    }
    return found;
  }

  #fits(rule: Rule, device: string, point: string | undefined): boolean {
    if (rule.device !== undefined && !rule.device.test(device)) return false;
    if (rule.class !== undefined && !rule.class.test(this.#classOf(device) ?? '')) return false;
    return point === undefined
      ? rule.point === undefined
      : rule.point === undefined || rule.point.test(point);
  }
}

/** `context` as a platform sees it that calls things by `naming`. */
export function namedContext(context: UplinkContext, naming: Naming): UplinkContext {
  const { newest } = context;
  return {
    ...context,
    descriptions: () => naming.descriptions(context.descriptions()),
    submit: async (command) => {
      const result = await context.submit(naming.command(command));
      return result.readback === undefined
        ? result
        : { ...result, readback: naming.readback(command, result.readback) };
    },
    ...(newest === undefined
      ? {}
      : { newest: () => newest.call(context).map((reading) => naming.reading(reading)) }),
  };
}

/** `session` fed with records under the names of `naming`. */
export class NamedSession implements UplinkSession {
  readonly closed: Promise<void>;
  readonly maxBytes: number;
  readonly ready?: Promise<void>;
  readonly recordBytes?: number;
  readonly atOnce?: number;
  readonly #session: UplinkSession;
  readonly #naming: Naming;

  constructor(session: UplinkSession, naming: Naming) {
    this.#session = session;
    this.#naming = naming;
    const { closed, maxBytes, ready, recordBytes, atOnce } = session;
    this.closed = closed;
    this.maxBytes = maxBytes;
    if (ready !== undefined) this.ready = ready;
    if (recordBytes !== undefined) this.recordBytes = recordBytes;
    if (atOnce !== undefined) this.atOnce = atOnce;
  }

  get remark(): string | undefined {
    return this.#session.remark;
  }

  deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    return this.#session.deliver(this.#naming.message(message), signal);
  }

  size(message: Message): number {
    return this.#session.size(this.#naming.message(message));
  }

  sentSize(message: Message): number {
    const named = this.#naming.message(message);
    return this.#session.sentSize?.(named) ?? this.#session.size(named);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#session[Symbol.asyncDispose]();
  }
}

/** `value` of unit `from` in `to`; as it is where there is nothing to convert. */
function said(value: Value, from: Unit, to: Unit | undefined): Value {
  if (typeof value !== 'number' || !alike(from, to) || from === to) return value;
  return Number(convert(value, from, to).toPrecision(DIGITS));
}

/** Whether `to` measures the same as `from`. A profile may have changed since the settings were checked. */
function alike(from: Unit, to: Unit | undefined): to is Unit {
  return to !== undefined && UNITS[from].dimension === UNITS[to].dimension;
}

/** Of the hash of the original, for the description is a function of it and the rules. */
function hashOf(hash: string, description: Description): string {
  return createHash('sha256').update(hash).update(JSON.stringify(description)).digest('hex').slice(0, 16);
}
