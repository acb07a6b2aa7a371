/** A subscriber of the city: keeps every message of an agent as it came. */
import { connectAsync, type MqttClient } from 'mqtt';
import { ReceiverLedger, type Report } from '../../agent/cli/verify/ledger.ts';
import { readPayload } from '../../agent/cli/verify/payload.ts';

export interface Heard {
  readonly topic: string;
  readonly payload: unknown;
  readonly retained: boolean;
}

export class MqttReceiver implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly ledger = new ReceiverLedger({ complete: true });
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('error', () => {});
    client.on('message', (topic, bytes, { retain }) => {
      const payload = jsonOrText(bytes);
      this.heard.push({ topic, payload, retained: retain });
      if (/\/(data|backlog)\//.test(topic)) this.ledger.take(payload);
    });
  }

  static async at(port: number, filter = 'kerbside/v1/#', host = '127.0.0.1'): Promise<MqttReceiver> {
    const client = await connectAsync(`mqtt://${host}:${port}`, { protocolVersion: 4, reconnectPeriod: 0 });
    const receiver = new MqttReceiver(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return receiver;
  }

  /** Payloads of the topics that end like this. */
  on(suffix: string): Record<string, unknown>[] {
    return this.heard
      .filter(({ topic }) => topic.endsWith(suffix))
      .map(({ payload }) => payload as Record<string, unknown>);
  }

  report(): Report {
    return this.ledger.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}

function jsonOrText(bytes: Buffer): unknown {
  return readPayload(bytes) ?? bytes.toString('utf8');
}

/** Waits for `met`; fails with what `met` last said. For real sockets only: virtual time needs no waiting. */
export async function until(met: () => boolean, what: string, within = 15_000): Promise<void> {
  const end = performance.now() + within;
  while (!met()) {
    if (performance.now() > end) throw new Error(`waited ${within} ms in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
