/**
 * A host application under the test's control. What it hears it decodes with sparkplug-payload, an implementation that is
 * not ours (with its faults: an unknown type is 0, 64-bit numbers come as Long); the books are the receiver's own.
 */
import { createRequire } from 'node:module';
import { connectAsync, type MqttClient } from 'mqtt';
import { ReceiverLedger, type Report } from '../../agent/cli/verify/ledger.ts';
import { SparkplugReceiver } from '../../agent/cli/verify/sparkplug.ts';

export interface HostMetric {
  readonly name?: string;
  readonly alias?: number;
  readonly timestamp?: number;
  readonly type?: string;
  readonly value?: unknown;
  readonly isHistorical?: boolean;
  readonly isNull?: boolean;
  readonly properties?: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
}

export interface Heard {
  readonly topic: string;
  /** NBIRTH, DDATA …, or STATE. */
  readonly verb: string;
  readonly device: string | undefined;
  readonly qos: number;
  readonly retain: boolean;
  readonly bytes: Uint8Array;
  readonly timestamp: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly HostMetric[];
}

interface Codec {
  encodePayload(payload: object): Uint8Array;
  decodePayload(bytes: Uint8Array): {
    timestamp?: unknown;
    seq?: unknown;
    metrics: Record<string, unknown>[];
  };
}
const { get } = createRequire(import.meta.url)('sparkplug-payload') as { get(namespace: string): Codec };
/** Encoder and decoder that are not ours. */
export const foreign: Codec = get('spBv1.0');

export class SparkplugHost implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly ledger = new ReceiverLedger({ complete: true });
  readonly client: MqttClient;
  /** Records as the receiver reads them, in the order they came. */
  readonly records: Record<string, unknown>[] = [];
  readonly #receiver = new SparkplugReceiver({
    take: (message) => {
      this.ledger.take(message);
      this.records.push(...(message as { records: Record<string, unknown>[] }).records);
    },
    malformed: (why) => this.ledger.malformed(why),
  });
  readonly #group: string;

  private constructor(client: MqttClient, group: string) {
    this.client = client;
    this.#group = group;
    client.on('error', () => {});
    client.on('message', (topic, bytes, { qos, retain }) => {
      const [, , verb = '', , device] = topic.split('/');
      if (topic.includes('/STATE/') || verb.endsWith('CMD')) return;
      this.#receiver.take(topic, bytes);
      this.heard.push({ topic, verb, device, qos, retain, bytes, ...SparkplugHost.read(bytes) });
    });
  }

  /** Subscribed to everything of `group` with QoS 1, over 3.1.1, which every broker of the tests speaks. */
  static async at(port: number, group: string, node = '#'): Promise<SparkplugHost> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
    const host = new SparkplugHost(client, group);
    const filters = node === '#' ? [`spBv1.0/${group}/#`] : [`spBv1.0/${group}/+/${node}/#`];
    await client.subscribeAsync(filters, { qos: 1 });
    return host;
  }

  /** A payload as the foreign decoder gives it, with numbers for what it has as objects. */
  static read(bytes: Uint8Array): Pick<Heard, 'timestamp' | 'seq' | 'metrics'> {
    const { timestamp, seq, metrics } = foreign.decodePayload(bytes);
    return {
      timestamp: number(timestamp),
      seq: number(seq),
      metrics: metrics.map((metric) => plain(metric) as HostMetric),
    };
  }

  /** Of this kind, in order. */
  of(verb: string, device?: string): Heard[] {
    return this.heard.filter((one) => one.verb === verb && (device === undefined || one.device === device));
  }

  verbs(): string[] {
    return this.heard.map(({ verb, device }) => (device === undefined ? verb : `${verb} ${device}`));
  }

  async state(host: string, online: boolean, timestamp: number): Promise<void> {
    const payload = JSON.stringify({ online, timestamp });
    await this.client.publishAsync(`spBv1.0/STATE/${host}`, payload, { qos: 1, retain: true });
  }

  /** NCMD, or DCMD where a device is named. */
  async command(
    node: string,
    device: string | undefined,
    metrics: readonly object[],
    more: object = {},
  ): Promise<void> {
    const topic =
      device === undefined
        ? `spBv1.0/${this.#group}/NCMD/${node}`
        : `spBv1.0/${this.#group}/DCMD/${node}/${device}`;
    const payload = foreign.encodePayload({ timestamp: Date.now(), metrics, ...more });
    await this.client.publishAsync(topic, Buffer.from(payload), { qos: 0 });
  }

  async rebirth(node: string): Promise<void> {
    await this.command(node, undefined, [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }]);
  }

  report(): Report {
    return this.ledger.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** Their numbers of 64 bits are objects. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if ('toNumber' in value) return number(value);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

function number(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : Number(String(value));
}
