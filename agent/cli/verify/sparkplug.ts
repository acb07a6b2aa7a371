/**
 * Follows edge nodes of Sparkplug B as a host application does, and books their data as messages of records: numbers
 * stand in the properties of metrics (docs/uplinks/sparkplug.md), names of aliases in births.
 */
import { isFields } from './envelope.ts';
import type { ReceiverLedger } from './ledger.ts';
import { readWire, type WireMetric, type WirePayload } from './sparkplug-wire.ts';

const TOPIC = /^spBv1\.0\/([^/]+)\/(NBIRTH|NDEATH|DBIRTH|DDEATH|NDATA|DDATA)\/([^/]+)(?:\/([^/]+))?$/;
/** Data held back until the births that explain them are there. */
const MOST_HELD = 10_000;
const QUALITIES: Readonly<Record<number, string>> = { 0: 'bad', 192: 'good', 500: 'uncertain' };

interface Meaning {
  readonly device: string | undefined;
  readonly name: string;
  readonly unit: string;
}

interface Message {
  readonly books: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly records: { readonly seq: number }[];
}

interface Data {
  readonly device: string | undefined;
  readonly payload: WirePayload;
}

interface Node {
  /** Id of the agent, as the birth of the node tells it; else that of the node. */
  agent: string;
  readonly aliases: Map<number, Meaning>;
  readonly names: Map<string, Meaning>;
  born: boolean;
  bdSeq: number | undefined;
  /** Number of the payload before. */
  seq: number | undefined;
  held: Data[];
  message: Message | undefined;
}

export class SparkplugReceiver {
  readonly #ledger: Pick<ReceiverLedger, 'take' | 'malformed'>;
  readonly #rebirth: (group: string, node: string) => void;
  readonly #nodes = new Map<string, Node>();
  readonly #asked = new Set<string>();

  /** `rebirth`: asked for once where a node sends data whose births were not heard. */
  constructor(
    ledger: Pick<ReceiverLedger, 'take' | 'malformed'>,
    rebirth: (group: string, node: string) => void = () => {},
  ) {
    this.#ledger = ledger;
    this.#rebirth = rebirth;
  }

  /** Never throws. False where the topic is none of an edge node. */
  take(topic: string, bytes: Uint8Array): boolean {
    const [, group, verb, id, device] = TOPIC.exec(topic) ?? [];
    if (group === undefined || verb === undefined || id === undefined) return false;
    const payload = readWire(bytes);
    if (payload === undefined) {
      this.#ledger.malformed(`${topic}: not a Sparkplug payload`);
      return true;
    }
    const node = this.#node(`${group}/${id}`);
    if (verb === 'NBIRTH') this.#birth(node, payload);
    else if (verb === 'NDEATH') death(node, payload);
    else if (!node.born) this.#hold(node, verb, { device, payload }, group, id);
    else {
      this.#count(node, payload, topic);
      if (verb === 'DBIRTH') learn(node, device, payload);
      else if (verb !== 'DDEATH') this.#data(node, { device, payload });
    }
    return true;
  }

  /** Everything was heard: what waits for more is told. */
  end(): void {
    for (const node of this.#nodes.values()) {
      if (!node.born && node.held.length > 0)
        this.#ledger.malformed('data of a node whose birth was not heard');
      if (node.message !== undefined) this.#ledger.malformed('the last message is not whole');
    }
  }

  #node(key: string): Node {
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = {
        agent: key.slice(key.indexOf('/') + 1),
        aliases: new Map(),
        names: new Map(),
        born: false,
        bdSeq: undefined,
        seq: undefined,
        held: [],
        message: undefined,
      };
      this.#nodes.set(key, node);
    }
    return node;
  }

  #birth(node: Node, payload: WirePayload): void {
    const bdSeq = payload.metrics.find(({ name }) => name === 'bdSeq')?.value;
    const agent = payload.metrics.find(({ name }) => name === 'Properties/Agent')?.value;
    if (typeof agent === 'string') node.agent = agent;
    // What a broken session left of a message goes again, whole.
    node.message = undefined;
    node.aliases.clear();
    node.names.clear();
    node.born = true;
    node.bdSeq = typeof bdSeq === 'number' ? bdSeq : undefined;
    node.seq = payload.seq;
    learn(node, undefined, payload);
  }

  #hold(node: Node, verb: string, data: Data, group: string, id: string): void {
    if (verb !== 'NDATA' && verb !== 'DDATA') return;
    if (node.held.length < MOST_HELD) node.held.push(data);
    const key = `${group}/${id}`;
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    this.#rebirth(group, id);
  }

  #count(node: Node, { seq }: WirePayload, topic: string): void {
    const due = node.seq === undefined ? undefined : (node.seq + 1) % 256;
    if (due !== undefined && seq !== due) this.#ledger.malformed(`${topic}: seq ${seq} instead of ${due}`);
    node.seq = seq;
  }

  #data(node: Node, data: Data): void {
    // All births are there when the first data come; aliases mean the same before and after.
    const { held } = node;
    node.held = [];
    for (const one of [...held, data]) this.#book(node, one);
  }

  #book(node: Node, { device, payload }: Data): void {
    const [first] = payload.metrics;
    const ledger = first?.properties.get('ledger');
    if (typeof ledger === 'string') {
      if (node.message !== undefined) this.#ledger.malformed('a message is not whole');
      node.message = begun(ledger, first);
      if (node.message === undefined) this.#ledger.malformed('the books of a message are malformed');
    }
    for (const metric of payload.metrics) {
      const seq = metric.properties.get('seq');
      if (typeof seq !== 'number' || node.message === undefined) continue;
      const record = recordOf(node, device, metric, seq);
      if (record === undefined) {
        this.#ledger.malformed(`record ${seq}: its metric stands in no birth`);
        node.message = undefined;
        return;
      }
      node.message.records.push(record);
    }
    const { message } = node;
    if (message === undefined || message.records.length < message.count) return;
    node.message = undefined;
    const records = message.records.sort((a, b) => a.seq - b.seq);
    this.#ledger.take({ v: 1, agent: node.agent, omitted: [], ...message.books, records });
  }
}

function begun(ledger: string, metric: WireMetric | undefined): Message | undefined {
  try {
    const books: unknown = JSON.parse(ledger);
    if (!isFields(books) || typeof books.count !== 'number') return undefined;
    const { properties } = metric ?? {};
    const whose = { epoch: properties?.get('epoch'), lane: properties?.get('lane') };
    return { books: { ...books, ...whose }, count: books.count, records: [] };
  } catch {
    return undefined;
  }
}

function death(node: Node, { metrics }: WirePayload): void {
  const [certificate] = metrics;
  // The will of an older session says nothing of this one.
  if (certificate?.name === 'bdSeq' && certificate.value === node.bdSeq) node.born = false;
}

function learn(node: Node, device: string | undefined, { metrics }: WirePayload): void {
  for (const { name, alias, properties } of metrics) {
    if (name === undefined) continue;
    const unit = properties.get('engUnit');
    const meaning: Meaning = { device, name, unit: typeof unit === 'string' ? unit : '1' };
    node.names.set(`${device ?? ''}/${name}`, meaning);
    if (alias !== undefined) node.aliases.set(alias, meaning);
  }
}

function recordOf(node: Node, at: string | undefined, metric: WireMetric, seq: number) {
  const { alias, name, time, value, properties } = metric;
  const meaning = name === undefined ? node.aliases.get(alias ?? -1) : node.names.get(`${at ?? ''}/${name}`);
  if (meaning === undefined || meaning.device !== at) return undefined;
  const clock = properties.get('clock');
  const when = { time: timeOf(time), ...(clock === undefined ? {} : { clock }) };
  if (at === undefined) {
    const told = typeof value === 'string' ? parse(value) : undefined;
    if (told === undefined) return undefined;
    const event = /^Event\/(.+)$/.exec(meaning.name)?.[1];
    if (event !== undefined) return { seq, event, ...told, ...when };
    return { seq, value: null, quality: 'bad', ...told, ...when };
  }
  const unit = properties.get('engUnit') ?? meaning.unit;
  const quality = QUALITIES[Number(properties.get('Quality') ?? 192)];
  const reason = properties.get('reason');
  const about = { device: at, point: meaning.name, value, unit, quality };
  return { seq, ...about, ...(reason === undefined ? {} : { reason }), ...when };
}

function timeOf(time: number | undefined): string {
  return new Date(time !== undefined && time <= 8.64e15 ? time : 0).toISOString();
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
