/** One BACnet device: its objects are asked for with ReadPropertyMultiple, or one by one where it does not know that. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { bad, type Reading } from '../../agent/core/reading.ts';
import { remoteOf } from './address.ts';
import { Client, key, type Path, Refused, type Told, type Wanted } from './client.ts';
import { ANY_INSTANCE, deviceSchema, OBJECTS, optionsSchema, PROPERTIES, wireSchema } from './schema.ts';
import { type Mapped, readingOf, reasonOf } from './value.ts';

const STATUS_FLAGS = 111;
const PRESENT_VALUE = PROPERTIES['present-value'];
const OBJECT_NAME = PROPERTIES['object-name'];
/** Supposed before the first answer: envelope, and an object with value and flags. */
const ENVELOPE = 12;
const OBJECT = 22;
/** Reject reason: the service is not known. §18.9 */
const UNKNOWN_SERVICE = 9;
/** BACnetErrorCode: optional functionality that is not there, and the reject above as an error. */
const NOT_SUPPORTED = [45, 67];

export class BacnetSession implements PolledSession {
  readonly polls: readonly Poll[];
  readonly #context: DriverContext;
  readonly #path: Path;
  #multiple: boolean;
  #invoke = 0;

  constructor(context: DriverContext) {
    const { device } = context;
    const options = optionsSchema.parse(device.profile.options ?? {});
    const { first } = deviceSchema.parse(device.options);
    const remote = remoteOf(device.address);
    this.#context = context;
    this.#multiple = options.multiple;
    this.#path = {
      ...(remote === undefined ? {} : { remote }),
      invoke: () => {
        this.#invoke = (this.#invoke % 255) + 1;
        return this.#invoke;
      },
    };
    const byPeriod = new Map<number, Mapped[]>();
    for (const point of device.profile.points) {
      const wire = wireSchema.parse(point.wire);
      const period = device.every ?? point.every ?? device.profile.every;
      const type = OBJECTS[wire.object];
      const own = wire.object === 'device' ? 0 : first;
      const instance = Math.min(wire.instance + own, ANY_INSTANCE);
      const mapped = { point, wire, type, instance, property: PROPERTIES[wire.property] };
      byPeriod.set(period, [...(byPeriod.get(period) ?? []), mapped]);
    }
    this.polls = [...byPeriod].flatMap(([period, mapped]) =>
      chunks(mapped, options.perRequest).map((part) => this.#poll(period, part)),
    );
  }

  #poll(period: number, mapped: readonly Mapped[]): Poll {
    const size = ENVELOPE + OBJECT * mapped.length;
    const bytes = { asked: size, answered: size };
    const [first] = mapped;
    return {
      id: `read@${first === undefined ? '' : key(first.type, first.instance, first.property)}`,
      points: mapped.map(({ point }) => point.id),
      period,
      get requestBytes() {
        return bytes.asked;
      },
      get answerBytes() {
        return bytes.answered;
      },
      execute: async (exchange, signal) => {
        const client = new Client(this.#path, exchange, signal);
        const readings = await this.#read(client, mapped);
        Object.assign(bytes, client.bytes);
        return readings;
      },
    };
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    const client = new Client(this.#path, exchange, signal);
    await client.read(OBJECTS.device, ANY_INSTANCE, OBJECT_NAME).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
  }

  async write(write: PointWrite): Promise<WriteOutcome> {
    return { kind: 'rejected', reason: `${write.point} cannot be written: BACnet is only read` };
  }

  /** Of a request that is refused as a whole, the halves are asked. */
  async #read(client: Client, mapped: readonly Mapped[]): Promise<readonly Reading[]> {
    const { id } = this.#context.device;
    if (!this.#multiple) return await this.#readEach(client, mapped);
    try {
      const { said, time } = await client.readMultiple(wantedOf(mapped));
      return mapped.map((one) => {
        const { type, instance, property } = one;
        const flags = said.get(key(type, instance, STATUS_FLAGS));
        return readingOf(
          id,
          one,
          said.get(key(type, instance, property)) ?? wildcard(said, one),
          flags,
          time,
        );
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (unknownService(error)) {
        this.#multiple = false;
        return await this.#readEach(client, mapped);
      }
      const half = Math.ceil(mapped.length / 2);
      if (mapped.length === 1) return await this.#readEach(client, mapped);
      const first = await this.#read(client, mapped.slice(0, half));
      return [...first, ...(await this.#read(client, mapped.slice(half)))];
    }
  }

  async #readEach(client: Client, mapped: readonly Mapped[]): Promise<readonly Reading[]> {
    const readings: Reading[] = [];
    for (const one of mapped) readings.push(await this.#readOne(client, one));
    return readings;
  }

  async #readOne(client: Client, one: Mapped): Promise<Reading> {
    const { device, clock } = this.#context;
    const { type, instance, property, point } = one;
    try {
      const told = await client.read(type, instance, property);
      const said = told.said.get(key(type, instance, property)) ?? wildcard(told.said, one);
      const flags = flagged(one) ? await this.#flags(client, one) : undefined;
      return readingOf(device.id, one, said, flags, told.time);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const reason = error.kind === 'error' ? reasonOf(error.code) : 'device-failure';
      return bad({ device: device.id, point: point.id, unit: point.unit }, reason, clock.mono());
    }
  }

  async #flags(client: Client, { type, instance }: Mapped) {
    try {
      const { said } = await client.read(type, instance, STATUS_FLAGS);
      return said.get(key(type, instance, STATUS_FLAGS));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return undefined;
    }
  }
}

function unknownService({ kind, code }: Refused): boolean {
  return kind === 'reject' ? code === UNKNOWN_SERVICE : kind === 'error' && NOT_SUPPORTED.includes(code);
}

/** The device object answers with its own instance where it was asked for any. */
function wildcard(said: Told['said'], { type, instance, property }: Mapped) {
  if (type !== OBJECTS.device || instance !== ANY_INSTANCE) return undefined;
  const found = [...said.keys()].find((name) => name.startsWith(`${type},`) && name.endsWith(`,${property}`));
  return found === undefined ? undefined : said.get(found);
}

/** Whether the object has status flags that speak of this value. */
function flagged({ type, property }: Mapped): boolean {
  return type !== OBJECTS.device && property === PRESENT_VALUE;
}

/** Each object once, with all that is wanted of it. */
function wantedOf(mapped: readonly Mapped[]): readonly Wanted[] {
  const objects = new Map<string, { type: number; instance: number; properties: number[] }>();
  for (const one of mapped) {
    const { type, instance } = one;
    const name = `${type},${instance}`;
    const object = objects.get(name) ?? { type, instance, properties: [] };
    const more = flagged(one) ? [one.property, STATUS_FLAGS] : [one.property];
    object.properties.push(...more.filter((property) => !object.properties.includes(property)));
    objects.set(name, object);
  }
  return [...objects.values()];
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
