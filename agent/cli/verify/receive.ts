/** Where messages come from: a broker that is listened to, or a file of lines `{topic, payload}`, or `{topic, payload_base64}` of a compressed one. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { fromHex } from '../../core/bytes.ts';
import { AgentError } from '../../core/errors.ts';
import { isFields } from './envelope.ts';
import type { ReceiverLedger } from './ledger.ts';
import { readPayload } from './payload.ts';
import { SparkplugReceiver } from './sparkplug.ts';
import { rebirthRequest } from './sparkplug-wire.ts';

/** `…/data/<lane>` and `…/backlog/<lane>`; everything else is not about records. */
const RECORDS = /^kerbside\/v1\/[^/]+\/[^/]+\/(data|backlog)\/[^/]+$/;
/** What is no hex is no payload. */
const BROKEN = Uint8Array.of(0xff);
/** The broker keeps our session so long while our own link is down, s. */
const SESSION = 300;

export interface BrokerOptions {
  /** mqtt:// or mqtts://, or several of a cluster with commas between: where one goes, the next is used. */
  readonly broker: string;
  readonly site: string;
  /** Of Sparkplug the id of the edge node. */
  readonly agent: string;
  /** Group id: edge nodes of Sparkplug B are followed instead of payload v1. */
  readonly sparkplug?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Listening extends AsyncDisposable {
  /** How often our own link was down. A broker that kept no session for us meanwhile leaves numbers lacking. */
  interruptions(): number;
  readonly protocol: 'MQTT 5' | 'MQTT 3.1.1';
}

/** Subscribes and books what comes. Rejects with `AgentError` `broker-unreachable` within 20 s. */
export async function listen(options: BrokerOptions, ledger: ReceiverLedger): Promise<Listening> {
  const { broker, site, agent, sparkplug, ...credentials } = options;
  const brokers = broker.split(',').map((url) => url.trim());
  const clientId = `kerbside-verify-${process.pid}-${Date.now().toString(36)}`;
  const common: IClientOptions = {
    clientId,
    keepalive: 30,
    connectTimeout: 10_000,
    reconnectPeriod: 0,
    // Ours is kept while our own link is down; in a cluster it is there at every node.
    clean: false,
    ...credentials,
  };
  const { client: connected, version } = await openFirst(brokers, common);
  let interruptions = 0;
  let leaving = false;
  connected.on('error', () => {});
  connected.on('close', () => {
    if (!leaving) interruptions += 1;
  });
  connected.options.reconnectPeriod = 1000;
  const nodes = new SparkplugReceiver(ledger, (group, node) =>
    connected.publish(`spBv1.0/${group}/NCMD/${node}`, Buffer.from(rebirthRequest(Date.now()))),
  );
  connected.on('message', (topic, payload, packet) => {
    if (!packet.retain && nodes.take(topic, payload)) return;
    if (RECORDS.test(topic) && !packet.retain) book(payload, topic, ledger, packet.dup);
  });
  await connected.subscribeAsync(filters(site, agent, sparkplug), { qos: 1 });
  return {
    protocol: version === 5 ? 'MQTT 5' : 'MQTT 3.1.1',
    interruptions: () => interruptions,
    [Symbol.asyncDispose]: async () => {
      leaving = true;
      connected.options.reconnectPeriod = 0;
      const goodbye = version === 5 ? { properties: { sessionExpiryInterval: 0 } } : {};
      const late = setTimeout(() => connected.stream.destroy(), 1000);
      await connected.endAsync(false, goodbye).catch(() => {});
      clearTimeout(late);
      if (version === 4) await forget(brokers, common);
    },
  };
}

/** The first broker that answers, by MQTT 5 or else 3.1.1; rejects where none does. */
async function openFirst(
  brokers: readonly string[],
  common: IClientOptions,
): Promise<{ client: MqttClient; version: 4 | 5 }> {
  let failure: Error | undefined;
  for (const [i, broker] of brokers.entries()) {
    // After a loss the next one of these is tried, and the next.
    const servers = [...brokers.slice(i), ...brokers.slice(0, i)].map(serverOf);
    const options = servers.length === 1 ? common : { ...common, servers };
    const client = await open(broker, {
      ...options,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: SESSION },
    });
    if (!(client instanceof Error)) return { client, version: 5 };
    const older = await open(broker, { ...options, protocolVersion: 4 });
    if (!(older instanceof Error)) return { client: older, version: 4 };
    failure = older.message === '' ? client : older;
  }
  throw new AgentError(
    'broker-unreachable',
    `connection to ${brokers.map(hostOf).join(', ')} failed: ${failure?.message}`,
    {
      cause: failure,
      fix: 'Check the address, the port and the credentials, and that the broker runs.',
    },
  );
}

function serverOf(broker: string) {
  const { hostname, port, protocol } = new URL(broker);
  const secure = protocol === 'mqtts:';
  return {
    host: hostname,
    port: Number(port || (secure ? 8883 : 1883)),
    protocol: secure ? ('mqtts' as const) : ('mqtt' as const),
  };
}

/** Sessions of MQTT 3.1.1 have no end of their own: a clean one under the same id removes it. */
async function forget(brokers: readonly string[], common: IClientOptions): Promise<void> {
  for (const broker of brokers) {
    const client = await open(broker, { ...common, protocolVersion: 4, clean: true });
    if (client instanceof Error) continue;
    await client.endAsync(true).catch(() => {});
    return;
  }
}

/**
 * Books a file of JSON lines; a line without `topic` is taken as a message itself, and one of Sparkplug has its payload
 * as `hex`. Rejects where it cannot be read.
 */
export async function readMessages(path: string, ledger: ReceiverLedger): Promise<void> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const nodes = new SparkplugReceiver(ledger);
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const entry = parse(line);
    if (!isFields(entry)) ledger.malformed(`line ${number}: not a JSON object`);
    else if (typeof entry.topic !== 'string') ledger.take(entry);
    else if (typeof entry.hex === 'string' && nodes.take(entry.topic, fromHex(entry.hex) ?? BROKEN)) continue;
    else if (!RECORDS.test(entry.topic)) continue;
    else if (typeof entry.payload_base64 === 'string')
      book(Buffer.from(entry.payload_base64, 'base64'), `line ${number}`, ledger);
    else if (typeof entry.payload === 'string') book(Buffer.from(entry.payload), `line ${number}`, ledger);
    else ledger.take(entry.payload);
  }
  nodes.end();
}

function filters(site: string, agent: string, group: string | undefined): string[] {
  if (group === undefined) {
    const root = `kerbside/v1/${site}/${agent}`;
    return [`${root}/data/+`, `${root}/backlog/+`];
  }
  const ofNode = ['NBIRTH', 'NDEATH', 'NDATA'].map((verb) => `spBv1.0/${group}/${verb}/${agent}`);
  const ofDevices = ['DBIRTH', 'DDEATH', 'DDATA'].map((verb) => `spBv1.0/${group}/${verb}/${agent}/+`);
  return [...ofNode, ...ofDevices];
}

async function open(broker: string, options: IClientOptions) {
  try {
    return await connectAsync(broker, options, false);
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

function book(bytes: Uint8Array, where: string, ledger: ReceiverLedger, again = false): void {
  const payload = readPayload(bytes);
  if (payload === undefined) ledger.malformed(`${where}: not JSON`);
  else ledger.take(payload, again);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostOf(broker: string): string {
  return URL.canParse(broker) ? new URL(broker).host : 'the broker';
}
