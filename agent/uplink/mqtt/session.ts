/** One MQTT session: state, descriptions, data, gaps and commands over one connection. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { LoggedEvent } from '../../core/record.ts';
import type { MqttUplinkConfig } from '../../core/site.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { COLUMN_BYTES } from '../columns.ts';
import { devicesOf, encodeMessage } from '../payload.ts';
import { CityCommands } from './city-commands.ts';
import { readCityTime, TIME_UNCERTAINTY } from './city-time.ts';
import type { Connection } from './connection.ts';
import { encodeGeneration } from './generation.ts';
import { type Mapped, Mapping } from './mapping.ts';
import { encodeDescription, encodeGap, encodeResult, encodeState } from './payload.ts';
import { type Preset, presetOf } from './preset.ts';
import { type Published, Publisher } from './publisher.ts';
import { linkLost, refusesMessage } from './reason.ts';
import { longestTopic, type Topics } from './topics.ts';

/** A clean goodbye takes at most this long, ms. */
const GOODBYE = 1000;
/** PUBLISH without payload and topic: header 5, topic length 2, packet id 2, empty properties 1 (MQTT 5 §3.3). */
const PUBLISH_OVERHEAD = 10;

export function openSession(
  connection: Connection,
  config: MqttUplinkConfig,
  context: UplinkContext,
  topics: Topics,
  remark?: string,
): UplinkSession {
  return new MqttSession(connection, config, context, topics, remark);
}

interface Encoded {
  /** Payload v1; empty where the preset has none. */
  readonly v1: Uint8Array;
  readonly mapped: readonly Mapped[];
}

class MqttSession implements UplinkSession {
  readonly closed: Promise<void>;
  readonly remark?: string;
  readonly maxBytes: number;
  readonly recordBytes?: number;
  readonly atOnce: number;
  readonly #config: MqttUplinkConfig;
  readonly #connection: Connection;
  readonly #context: UplinkContext;
  readonly #topics: Topics;
  readonly #publisher: Publisher;
  readonly #preset: Preset;
  readonly #mapping: Mapping;
  readonly #encoded = new WeakMap<Message, Encoded>();
  /** Bytes of payload v1 on the wire. */
  readonly #sent = new WeakMap<Message, number>();
  /** Hash of the description that this session has published, by device. */
  readonly #described = new Map<string, string>();
  #descriptions: ReturnType<UplinkContext['descriptions']> = [];
  #byDevice = new Map<string, ReturnType<UplinkContext['descriptions']>[number]>();
  #notAllowed = false;

  constructor(
    connection: Connection,
    config: MqttUplinkConfig,
    context: UplinkContext,
    topics: Topics,
    remark: string | undefined,
  ) {
    if (remark !== undefined) this.remark = remark;
    if (config.payload === 'columns') this.recordBytes = COLUMN_BYTES;
    this.#config = config;
    this.#connection = connection;
    this.#context = context;
    this.#topics = topics;
    this.#preset = presetOf(config.preset ?? 'plain');
    this.#mapping = new Mapping(this.#preset, context.site, context.agent);
    const { client } = connection;
    const room = connection.maximumPacket - longestTopic(context.site, context.agent) - PUBLISH_OVERHEAD;
    // Half of the largest message leaves room for what grows on the way (bridges wrap payloads, and base64 adds a third).
    this.maxBytes = Math.max(1, Math.min(Math.floor(config.maxMessage / 2), room));
    this.atOnce = Math.min(config.inFlight, connection.receiveMaximum);
    this.#publisher = new Publisher({
      client,
      clock: context.clock,
      atOnce: this.atOnce,
      overdue: (reason) => connection.drop(reason),
    });
    this.closed = connection.lost.catch((reason: unknown) => {
      this.#publisher.close('link lost');
      throw linkLost(reason, connection.url);
    });
    this.closed.catch(() => {});
    this.#begin(config);
  }

  size(message: Message): number {
    const { v1, mapped } = this.#encode(message);
    return Math.max(v1.length, ...mapped.map(({ payload }) => payload.length));
  }

  async deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    const { stream, lane } = message.envelope;
    this.#describe(devicesOf(message.records));
    const publish = ({ topic, payload, retain }: Mapped) =>
      this.#publisher.publish(topic, payload, retain, signal);
    const { plain } = this.#preset;
    const { gap } = this.#topics;
    const copies = (plain ? message.records.filter(isGap) : []).map((record) =>
      publish({ topic: gap, payload: encodeGap(message, record), retain: false }),
    );
    const { v1, mapped } = this.#encode(message);
    const own = plain
      ? [
          {
            topic: this.#topics.data(stream, lane),
            payload: this.#compressed(message, v1),
            retain: false,
          },
        ]
      : [];
    const [outcomes, repeated] = await Promise.all([
      Promise.all([...own, ...mapped].map(publish)),
      Promise.all(copies),
    ]);
    if (signal.aborted) throw signal.reason;
    // The gap topic repeats what is in the data; only a lost link is a reason to send both again.
    const failed =
      outcomes.find((one) => one.kind !== 'acknowledged') ?? repeated.find((one) => one.kind === 'lost');
    return failed === undefined ? { kind: 'accepted' } : this.#delivery(message, failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { client, lost } = this.#connection;
    const { site, agent, clock, machine } = this.#context;
    const ended = lost.catch(() => {});
    if (client.connected && this.#preset.plain) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(GOODBYE, resolve);
      // A clean DISCONNECT makes the broker forget the will, so «offline» must be there before.
      const offline = encodeState('offline', { site, agent, ...machine, reason: 'stopped' });
      const told = this.#publisher.publish(this.#topics.state, offline, true);
      await Promise.race([told.then(() => void client.end()).then(() => ended), late]);
      timer[Symbol.dispose]();
    }
    this.#publisher.close('closed');
    client.end(true);
    // `end` does nothing more once a polite one waits for acknowledgements that never come.
    client.stream.destroy();
    await ended;
  }

  #begin(config: MqttUplinkConfig): void {
    this.#refreshDescriptions();
    if (this.#preset.plain) this.#beginPlain(config);
    this.#describe(this.#byDevice.keys());
  }

  /** State, and the commands of the city. */
  #beginPlain(config: MqttUplinkConfig): void {
    const { client, version } = this.#connection;
    const { site, agent, machine, clock, log, submit } = this.#context;
    // Before anything else, so that the unit that was replaced is silent when this one speaks.
    if (machine !== undefined && (machine.generation ?? 1) > 1) {
      this.#tell(
        'generation',
        this.#publisher.publish(this.#topics.generation, encodeGeneration(machine), true),
      );
    }
    this.#tell(
      'state',
      this.#publisher.publish(this.#topics.state, encodeState('online', { site, agent, ...machine }), true),
    );
    const commands = new CityCommands({
      uplink: config.id,
      topics: this.#topics,
      clock,
      log,
      submit,
      answer: (result) =>
        this.#tell(
          'result',
          this.#publisher.publish(this.#topics.result(result.id), encodeResult(result), false),
        ),
    });
    client.on('message', (topic, payload, packet) => {
      if (topic === this.#topics.time) this.#heedTime(payload, packet.retain);
      else void commands.take(topic, payload, packet.retain);
    });
    // MQTT 5 §3.8.3.1: no own messages back (nl), and retained ones are not even sent (rh 2).
    const options = version === 5 ? { qos: 1 as const, nl: true, rh: 2 } : { qos: 1 as const };
    if (this.#context.heardTime !== undefined)
      client.subscribe(this.#topics.time, { ...options, qos: 0 }, () => {});
    client.subscribe(this.#topics.commands, options, (error, granted) => {
      const refused = granted?.some(({ qos }) => qos >= 0x80) === true;
      if (client.connected && (error !== null || refused)) {
        log.warn('uplink.no-commands', { error: error?.message ?? 'the broker refused the subscription' });
      }
    });
  }

  /** A retained time is an old one. */
  #heedTime(payload: Uint8Array, retained: boolean): void {
    const wall = retained ? undefined : readCityTime(payload);
    const { clock, heardTime } = this.#context;
    if (wall !== undefined) heardTime?.(wall, clock.mono(), TIME_UNCERTAINTY);
  }

  /** Publishes what is not yet published of these devices; before the data that name it. */
  #describe(devices: Iterable<string>): void {
    this.#refreshDescriptions();
    for (const device of devices) {
      const described = this.#byDevice.get(device);
      if (described === undefined || this.#described.get(device) === described.hash) continue;
      this.#described.set(device, described.hash);
      if (this.#preset.plain) {
        const payload = encodeDescription(described.hash, described.description);
        this.#tell('describe', this.#publisher.publish(this.#topics.describe(device), payload, true));
      }
      for (const { topic, payload, retain } of this.#mapping.describe(described.description)) {
        this.#tell('describe', this.#publisher.publish(topic, payload, retain));
      }
    }
  }

  #refreshDescriptions(): void {
    const descriptions = this.#context.descriptions();
    if (descriptions === this.#descriptions) return;
    this.#descriptions = descriptions;
    this.#byDevice = new Map(descriptions.map((one) => [one.description.device, one]));
  }

  #encode(message: Message): Encoded {
    let encoded = this.#encoded.get(message);
    if (encoded === undefined) {
      this.#refreshDescriptions();
      const { plain } = this.#preset;
      encoded = {
        v1: plain ? this.#encodeV1(message) : new Uint8Array(),
        mapped: this.#mapping.data(message),
      };
      this.#encoded.set(message, encoded);
    }
    return encoded;
  }

  sentSize(message: Message): number {
    const { v1, mapped } = this.#encode(message);
    const own = this.#sent.get(message) ?? v1.length;
    return mapped.reduce((sum, { payload }) => sum + payload.length, own);
  }

  #compressed(message: Message, v1: Uint8Array): Uint8Array {
    const payload = compress(v1, this.#config.compression);
    this.#sent.set(message, payload.length);
    return payload;
  }

  #encodeV1(message: Message): Uint8Array {
    return encodeMessage(message, (device) => this.#byDevice.get(device)?.hash, this.#config.payload);
  }

  #delivery(message: Message, outcome: Exclude<Published, { kind: 'acknowledged' }>): Delivery {
    switch (outcome.kind) {
      case 'lost':
        return { kind: 'keep', reason: outcome.reason };
      case 'refused':
        if (refusesMessage(outcome.code)) {
          const { reason } = outcome;
          return { kind: 'refused', records: message.records.map(({ seq }) => ({ seq, reason })) };
        }
        this.#sayRefused('data', outcome);
        return { kind: 'keep', reason: outcome.reason };
    }
  }

  #tell(what: string, publishing: Promise<Published>): void {
    void publishing.then((outcome) => {
      if (outcome.kind === 'refused') this.#sayRefused(what, outcome);
    });
  }

  /** Once a session: the broker says no to every message of the kind alike. */
  #sayRefused(what: string, outcome: Published & { kind: 'refused' }): void {
    if (this.#notAllowed) return;
    this.#notAllowed = true;
    this.#context.log.warn('uplink.refused', {
      what,
      code: outcome.code,
      reason: outcome.reason,
      fix: 'Check what the broker allows this client to publish, and its quotas.',
    });
  }
}

/** At once and not in the thread pool: messages of a stream must leave in their order. */
function compress(payload: Uint8Array, compression: MqttUplinkConfig['compression']): Uint8Array {
  if (compression === 'gzip') return gzipSync(payload);
  return compression === 'zstd' ? zstdCompressSync(payload) : payload;
}

function isGap(record: Message['records'][number]): record is LoggedEvent {
  return record.kind === 'event' && record.event === 'gap';
}
