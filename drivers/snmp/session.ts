/** One SNMP agent: its objects are asked for with GetRequest, several at once. */
import type {
  DriverContext,
  PointWrite,
  Poll,
  PolledSession,
  WriteOutcome,
} from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Exchange } from '../../agent/core/link.ts';
import { bad, type Mono, type Reading, type Reason } from '../../agent/core/reading.ts';
import { Client, Refused } from './client.ts';
import { type DeviceOptions, deviceSchema, optionsSchema, wireSchema } from './schema.ts';
import { type Mapped, readingOf } from './value.ts';

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
/** Supposed before the first answer: envelope, and an object with its value. */
const ENVELOPE = 32;
const OBJECT = 18;
/** An object that a device of version 1 does not have is left out of requests so long, ms. */
const ABSENT_MS = 3_600_000;
/** error-status of RFC 3416 §3. */
const TOO_BIG = 1;
const NO_SUCH_NAME = 2;
const NO_ACCESS = [6, 16];

export class SnmpSession implements PolledSession {
  readonly polls: readonly Poll[];
  readonly #context: DriverContext;
  readonly #version: 1 | '2c' | 3;
  readonly #own: DeviceOptions;
  readonly #absent = new Map<string, Mono>();
  #client: Client | undefined;

  constructor(context: DriverContext) {
    const { device } = context;
    const options = optionsSchema.parse(device.profile.options ?? {});
    const own = deviceSchema.parse(device.options);
    this.#context = context;
    this.#own = own;
    this.#version = own.version ?? options.version;
    const byPeriod = new Map<number, Mapped[]>();
    for (const point of device.profile.points) {
      const wire = wireSchema.parse(point.wire);
      const period = device.every ?? point.every ?? device.profile.every;
      const oid = wire.oid.replace('{index}', String(own.index));
      byPeriod.set(period, [...(byPeriod.get(period) ?? []), { point, wire, oid }]);
    }
    this.polls = [...byPeriod].flatMap(([period, mapped]) =>
      chunks(mapped, options.perRequest).map((part) => this.#poll(period, part)),
    );
  }

  #poll(period: number, mapped: readonly Mapped[]): Poll {
    const size = ENVELOPE + OBJECT * mapped.length;
    const bytes = { asked: size, answered: size };
    return {
      id: `get@${mapped[0]?.oid ?? ''}`,
      points: mapped.map(({ point }) => point.id),
      period,
      get requestBytes() {
        return bytes.asked;
      },
      get answerBytes() {
        return bytes.answered;
      },
      execute: async (exchange, signal) => {
        const { readings, asked, answered } = await this.#read(mapped, exchange, signal);
        Object.assign(bytes, { asked, answered });
        return readings;
      },
    };
  }

  async probe(exchange: Exchange, signal: AbortSignal): Promise<void> {
    await this.#with(async (client) => {
      await client.get([SYS_UP_TIME], exchange, signal).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
      });
    });
  }

  async write(write: PointWrite): Promise<WriteOutcome> {
    return { kind: 'rejected', reason: `${write.point} cannot be written: SNMP is only read` };
  }

  async #read(mapped: readonly Mapped[], exchange: Exchange, signal: AbortSignal) {
    const now = this.#context.clock.mono();
    for (const [oid, since] of this.#absent) if (now - since > ABSENT_MS) this.#absent.delete(oid);
    const { id } = this.#context.device;
    const left = mapped.filter(({ oid }) => this.#absent.has(oid));
    const asked = mapped.filter((one) => !left.includes(one));
    return await this.#with(async (client) => {
      const before = { ...client.bytes };
      // Nothing left to ask for would tell nothing of the device: it is asked for one of them again.
      const readings = await this.#ask(
        client,
        asked.length > 0 ? asked : left.splice(0, 1),
        exchange,
        signal,
      );
      const missing = left.map(({ point }) =>
        bad({ device: id, point: point.id, unit: point.unit }, 'not-available', now),
      );
      return {
        readings: [...readings, ...missing],
        asked: client.bytes.asked - before.asked,
        answered: client.bytes.answered - before.answered,
      };
    });
  }

  /** Of a request that is refused, the halves are asked: a device of version 1 refuses all for one it does not have. */
  async #ask(
    client: Client,
    mapped: readonly Mapped[],
    exchange: Exchange,
    signal: AbortSignal,
  ): Promise<readonly Reading[]> {
    const { id } = this.#context.device;
    try {
      const oids = mapped.map(({ oid }) => oid);
      const { varbinds, time } = await client.get(oids, exchange, signal);
      return mapped.map((one, i) => {
        const varbind = varbinds[i];
        if (varbind === undefined) throw new AgentError('internal', `read of ${id} failed: too few values`);
        return readingOf(id, one, varbind, time);
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const [only] = mapped;
      if (only !== undefined && mapped.length === 1) return [this.#refused(only, error)];
      const half = Math.ceil(mapped.length / 2);
      const first = await this.#ask(client, mapped.slice(0, half), exchange, signal);
      return [...first, ...(await this.#ask(client, mapped.slice(half), exchange, signal))];
    }
  }

  #refused({ point, oid }: Mapped, { status }: Refused): Reading {
    const { device, clock } = this.#context;
    const now = clock.mono();
    if (status === NO_SUCH_NAME) this.#absent.set(oid, now);
    const reason: Reason = NO_ACCESS.includes(status)
      ? 'configuration'
      : status === NO_SUCH_NAME || status === TOO_BIG
        ? 'not-available'
        : 'device-failure';
    return bad({ device: device.id, point: point.id, unit: point.unit }, reason, now);
  }

  /** A client that failed knows nothing that could be used again: the next one finds out anew. */
  async #with<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.#client ??= await Client.create(this.#version, this.#own);
    const client = this.#client;
    try {
      return await work(client);
    } catch (error) {
      client[Symbol.dispose]();
      if (this.#client === client) this.#client = undefined;
      throw error;
    }
  }
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
