/** The city's side in tests: keeps every message of an agent, in order, and a receiver's ledger of them. */
import mqtt from 'mqtt';
import { ReceiverLedger } from '../../agent/cli/verify/ledger.ts';

export interface CityRecord {
  readonly seq: number;
  readonly device?: string;
  readonly point?: string;
  readonly value?: number | string | boolean | null;
  readonly unit?: string;
  readonly quality?: string;
  readonly reason?: string;
  readonly time: string;
  readonly event?: string;
  readonly body?: Record<string, unknown>;
}

export interface City extends AsyncDisposable {
  readonly ledger: ReceiverLedger;
  /** Records by identity, first arrival counts. */
  readonly records: ReadonlyMap<string, CityRecord & { lane: string; epoch: string }>;
  /** Last payload of every topic that is not a data topic. */
  readonly topics: ReadonlyMap<string, unknown>;
  /** Topics of all messages, in order. */
  readonly arrivals: readonly string[];
  publish(topic: string, payload: unknown): Promise<void>;
  /** Waits until `done` holds; rejects after `ms` with `what`. */
  until(done: () => boolean, what: string, ms?: number): Promise<void>;
}

export async function openCity(url: string): Promise<City> {
  const ledger = new ReceiverLedger({ complete: true });
  const records = new Map<string, CityRecord & { lane: string; epoch: string }>();
  const topics = new Map<string, unknown>();
  const arrivals: string[] = [];
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, clientId: 'city-under-test' });
  client.on('error', () => {});
  client.on('message', (topic, bytes) => {
    arrivals.push(topic);
    const payload: unknown = JSON.parse(bytes.toString('utf8'));
    if (!/\/(data|backlog)\/[a-z]+$/.test(topic)) {
      topics.set(topic, payload);
      return;
    }
    ledger.take(payload);
    const { epoch, lane, records: list } = payload as { epoch: string; lane: string; records: CityRecord[] };
    for (const record of list) {
      const key = `${epoch}/${lane}/${record.seq}`;
      if (!records.has(key)) records.set(key, { ...record, lane, epoch });
    }
  });
  await client.subscribeAsync('kerbside/v1/#', { qos: 1 });
  return {
    ledger,
    records,
    topics,
    arrivals,
    publish: async (topic, payload) => {
      await client.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
    },
    until: async (done, what, ms = 30_000) => {
      const end = performance.now() + ms;
      while (!done()) {
        if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    [Symbol.asyncDispose]: async () => {
      await client.endAsync(true);
    },
  };
}
