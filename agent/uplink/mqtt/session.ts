/** One MQTT session: state, descriptions, data, gaps and commands over one connection. */
import type { LoggedEvent } from '../../core/record.ts';
import type { MqttUplinkConfig } from '../../core/site.ts';
import type { Delivery, Message, UplinkContext, UplinkSession } from '../../core/uplink.ts';
import { devicesOf, encodeMessage } from '../payload.ts';
import { CityCommands } from './city-commands.ts';
import type { Connection } from './connection.ts';
import { encodeDescription, encodeGap, encodeResult, encodeState } from './payload.ts';
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

class MqttSession implements UplinkSession {
  readonly closed: Promise<void>;
  readonly remark?: string;
  readonly maxBytes: number;
  readonly atOnce: number;
  readonly #connection: Connection;
  readonly #context: UplinkContext;
  readonly #topics: Topics;
  readonly #publisher: Publisher;
  readonly #encoded = new WeakMap<Message, Uint8Array>();
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
    this.#connection = connection;
    this.#context = context;
    this.#topics = topics;
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
    return this.#encode(message).length;
  }

  async deliver(message: Message, signal: AbortSignal): Promise<Delivery> {
    const { stream, lane } = message.envelope;
    this.#describe(devicesOf(message.records));
    const gaps = message.records
      .filter(isGap)
      .map((record) => this.#publisher.publish(this.#topics.gap, encodeGap(message, record), false, signal));
    const data = this.#publisher.publish(
      this.#topics.data(stream, lane),
      this.#encode(message),
      false,
      signal,
    );
    const [outcome, ...others] = await Promise.all([data, ...gaps]);
    if (signal.aborted) throw signal.reason;
    // The gap topic repeats what is in the data; only a lost link is a reason to send both again.
    if (outcome.kind === 'acknowledged' && others.every(({ kind }) => kind !== 'lost'))
      return { kind: 'accepted' };
    return this.#delivery(message, outcome);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { client, lost } = this.#connection;
    const { site, agent, clock, machine } = this.#context;
    const ended = lost.catch(() => {});
    if (client.connected) {
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
    const { client, version } = this.#connection;
    const { site, agent, machine, clock, log, submit } = this.#context;
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
    client.on('message', (topic, payload, packet) => void commands.take(topic, payload, packet.retain));
    // MQTT 5 §3.8.3.1: no own messages back (nl), and retained ones are not even sent (rh 2).
    const options = version === 5 ? { qos: 1 as const, nl: true, rh: 2 } : { qos: 1 as const };
    client.subscribe(this.#topics.commands, options, (error, granted) => {
      const refused = granted?.some(({ qos }) => qos >= 0x80) === true;
      if (client.connected && (error !== null || refused)) {
        log.warn('uplink.no-commands', { error: error?.message ?? 'the broker refused the subscription' });
      }
    });
    this.#refreshDescriptions();
    this.#describe(this.#byDevice.keys());
  }

  /** Publishes what is not yet published of these devices; before the data that name it. */
  #describe(devices: Iterable<string>): void {
    this.#refreshDescriptions();
    for (const device of devices) {
      const described = this.#byDevice.get(device);
      if (described === undefined || this.#described.get(device) === described.hash) continue;
      this.#described.set(device, described.hash);
      const payload = encodeDescription(described.hash, described.description);
      this.#tell('describe', this.#publisher.publish(this.#topics.describe(device), payload, true));
    }
  }

  #refreshDescriptions(): void {
    const descriptions = this.#context.descriptions();
    if (descriptions === this.#descriptions) return;
    this.#descriptions = descriptions;
    this.#byDevice = new Map(descriptions.map((one) => [one.description.device, one]));
  }

  #encode(message: Message): Uint8Array {
    let payload = this.#encoded.get(message);
    if (payload === undefined) {
      this.#refreshDescriptions();
      payload = encodeMessage(message, (device) => this.#byDevice.get(device)?.hash);
      this.#encoded.set(message, payload);
    }
    return payload;
  }

  #delivery(message: Message, outcome: Published): Delivery {
    switch (outcome.kind) {
      case 'acknowledged':
        return { kind: 'keep', reason: 'link lost' };
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

function isGap(record: Message['records'][number]): record is LoggedEvent {
  return record.kind === 'event' && record.event === 'gap';
}
