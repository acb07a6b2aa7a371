/**
 * What an edge node says, and the numbers it says it under: births, data and deaths of devices over one connection.
 * Everything that belongs together leaves in one turn, so that nothing comes between the numbers.
 */
import type { MqttClient } from 'mqtt';
import { AgentError } from '../../core/errors.ts';
import type { SparkplugUplinkConfig } from '../../core/site.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { UplinkContext } from '../../core/uplink.ts';
import { birthMetric, inOrder, resultMetric } from './metrics.ts';
import type { Plan, Style } from './outgoing.ts';
import { encodePayload, framePayload, type WrittenMetric } from './payload.ts';
import { type Device, NODE, type Roster } from './roster.ts';
import type { Topics } from './topics.ts';

/** PUBLISH without topic and payload (MQTT 5 §3.3). */
const OVERHEAD = 10;
/** A device of which readings of the past were sent is not buried so soon after them, ms. */
const REPLAY_REST = 60_000;

export interface VoiceOptions {
  readonly client: MqttClient;
  readonly config: SparkplugUplinkConfig;
  readonly context: UplinkContext;
  readonly roster: Roster;
  readonly topics: Topics;
  /** 0 to 255: of this connection. */
  readonly bdSeq: number;
  /** Largest packet the server takes, bytes. */
  readonly maximumPacket: number;
  /** Called where something that cannot be cut is larger: the session cannot go on. */
  tooLarge(error: AgentError): void;
}

export class Voice {
  readonly #options: VoiceOptions;
  #seq = 0;

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  /** Unix epoch, ms. */
  now(): number {
    const { clock } = this.#options.context;
    return Math.trunc(wallAt(clock.mapping(), clock.mono()).time);
  }

  /** The birth of the node, and of all its devices that can be reached. */
  birth(): void {
    const { config, bdSeq, roster, topics } = this.#options;
    const now = this.now();
    const own: readonly WrittenMetric[] = [
      { name: 'bdSeq', timestamp: now, type: 'Int64', withType: true, value: bdSeq },
      // [tck-id-operational-behavior-data-commands-rebirth-name-aliases] No alias.
      { name: NODE.rebirth, timestamp: now, type: 'Boolean', withType: true, value: false },
    ];
    const others = [...roster.node.values()].map((known) => birthMetric(known, config.aliases, now));
    this.#seq = 0;
    const metrics = [...own, ...inOrder(others)];
    this.#publish(topics.of('NBIRTH'), encodePayload({ timestamp: now, seq: this.#next(), metrics }));
    for (const device of roster.devices.values()) {
      if (device.metrics.size > 0 && !roster.unreached(device)) this.#deviceBirth(device);
      else device.alive = false;
    }
  }

  #deviceBirth(device: Device): void {
    const { config, topics } = this.#options;
    const now = this.now();
    const metrics = inOrder(
      [...device.metrics.values()].map((known) => birthMetric(known, config.aliases, now)),
    );
    device.alive = true;
    device.stale = false;
    this.#publish(
      topics.ofDevice('DBIRTH', device.id),
      encodePayload({ timestamp: now, seq: this.#next(), metrics }),
    );
  }

  /** A message of the pump. */
  data({ packets, readings, historical }: Plan): void {
    const { roster, context, topics } = this.#options;
    if (!historical) for (const reading of readings) roster.see(reading);
    const now = this.now();
    for (const { device: id, metrics } of packets) {
      const device = id === undefined ? undefined : roster.device(id);
      // [tck-id-payloads-ddata-order] No data of a device before its birth.
      if (device !== undefined) {
        const dead = !device.alive;
        if (device.stale || dead) this.#deviceBirth(device);
        // Born for its past alone: it rests a while before it is buried again.
        if (historical && (dead || device.replayed !== undefined)) device.replayed = context.clock.mono();
      }
      const topic = device === undefined ? topics.of('NDATA') : topics.ofDevice('DDATA', device.id);
      this.#publish(topic, framePayload(metrics, now, this.#next()));
    }
    if (!historical)
      for (const id of new Set(readings.map(({ device }) => device))) this.#bury(roster.device(id));
  }

  /** [tck-id-operational-behavior-device-ddeath] A device that cannot be reached any more is dead. */
  #bury(device: Device): void {
    const { roster, context, topics } = this.#options;
    if (!device.alive) return;
    if (!roster.unreached(device)) {
      device.replayed = undefined;
      return;
    }
    if (device.replayed !== undefined && context.clock.mono() - device.replayed < REPLAY_REST) return;
    device.alive = false;
    device.replayed = undefined;
    const payload = encodePayload({ timestamp: this.now(), seq: this.#next(), metrics: [] });
    this.#publish(topics.ofDevice('DDEATH', device.id), payload);
  }

  /** Results go at once; that they may be lost is why they are events of the log too. */
  result(result: object): void {
    const { roster, config, topics } = this.#options;
    const known = roster.node.get(NODE.result);
    if (known === undefined) return;
    const now = this.now();
    const metrics = [resultMetric(known, result, { ...styleOf(config), historical: false }, now)];
    this.#publish(topics.of('NDATA'), encodePayload({ timestamp: now, seq: this.#next(), metrics }));
  }

  /** [tck-id-topics-ddata-mqtt] QoS 0, not retained. */
  #publish(topic: string, payload: Uint8Array): void {
    const { client, maximumPacket, tooLarge } = this.#options;
    if (payload.length + topic.length + OVERHEAD > maximumPacket) {
      const why = `${payload.length} bytes, and the server takes packets of ${maximumPacket}`;
      const fix = 'Allow larger packets at the server, or select fewer points.';
      tooLarge(new AgentError('broker-refused', `publish to ${topic} failed: ${why}`, { fix }));
      return;
    }
    client.publish(topic, Buffer.from(payload.buffer, payload.byteOffset, payload.length), {
      qos: 0,
      retain: false,
    });
  }

  #next(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) % 256;
    return seq;
  }
}

/** What the settings say of names and types. */
export function styleOf({ aliases, types }: SparkplugUplinkConfig): Style {
  return { alias: aliases, types };
}
