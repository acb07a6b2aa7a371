/** Buckets from a real store over real links that break in between: the receiver's own ledger balances, every payload fits its schema. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ReceiverLedger } from '../../agent/cli/verify/ledger.ts';
import { receiveHttp } from '../../agent/cli/verify/receive-http.ts';
import { silent } from '../../agent/core/log.ts';
import type { HttpUplinkConfig, MqttUplinkConfig, SelectionRule } from '../../agent/core/site.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import { startPumps } from '../../agent/uplink/pumps.ts';
import { type Broker, embeddedBroker, mosquitto } from '../support/brokers.ts';
import { MqttReceiver, until } from '../support/mqtt-receiver.ts';
import { program } from '../support/programs.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { configOf } from '../unit/uplink/mqtt-agent.ts';
import { METER, rollupStand } from '../unit/uplink/rollup-stand.ts';

const SELECT: readonly SelectionRule[] = [
  { lanes: ['meter'], send: 'rollup', every: 900_000 },
  { send: 'rollup', every: 60_000 },
];
const NAMES = [{ point: 'voltage', pointAs: 'U', unit: 'kV' }] as const;

const FOLDER = new URL('../../docs/schemas/v1/', import.meta.url);
const schema = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
const validate = new Ajv2020({
  strict: false,
  validateFormats: false,
  schemas: [schema('gap.json')],
}).compile(schema('data.json'));

interface Bucket {
  readonly from: string;
  readonly values: readonly { readonly point: string; readonly unit: string }[];
}

interface Far extends AsyncDisposable {
  readonly port: number;
  readonly ledger: ReceiverLedger;
  /** Payloads of data messages. */
  payloads(): readonly unknown[];
}

async function behind(broker: Broker): Promise<Far> {
  const receiver = await MqttReceiver.at(broker.port);
  return {
    port: broker.port,
    ledger: receiver.ledger,
    payloads: () =>
      receiver.heard.flatMap(({ topic, payload }) => (/\/(data|backlog)\//.test(topic) ? [payload] : [])),
    [Symbol.asyncDispose]: async () => {
      await receiver[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function overHttp(): Promise<Far> {
  const ledger = new ReceiverLedger({ complete: true });
  const payloads: unknown[] = [];
  const receiver = await receiveHttp(
    {
      port: 0,
      agent: '+',
      judge: (message) => {
        payloads.push(message);
        return undefined;
      },
    },
    ledger,
  );
  return {
    port: receiver.port,
    ledger,
    payloads: () => payloads,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

const overMqtt = (port: number): MqttUplinkConfig => configOf(port, { select: SELECT, names: NAMES });
const http = (port: number): HttpUplinkConfig => ({
  id: 'city',
  kind: 'http',
  select: SELECT,
  names: NAMES,
  url: `http://127.0.0.1:${port}/r`,
  format: 'json',
  compression: 'gzip',
  timeout: 5000,
  inFlight: 4,
  maxBody: 65_536,
  replayRate: 0,
});
const path = program('mosquitto');

describe.each([
  ['the embedded broker', false, async () => behind(await embeddedBroker()), overMqtt],
  ['mosquitto', path === undefined, async () => behind(await mosquitto(path ?? '')), overMqtt],
  ['an HTTP receiver', false, overHttp, http],
] as const)('buckets over %s', (_, skip, farEnd, configure) => {
  it.skipIf(skip)('arrive once each, over a break and a restart', async () => {
    await using far = await farEnd();
    await using proxy = await TcpProxy.to(far.port);
    const config = configure(proxy.port);
    await using at = await rollupStand(config);
    const { records, periods } = at.context;
    if (records === undefined || periods === undefined) throw new Error('no store');
    const start = () =>
      startPumps({
        configs: [config],
        site: 'demo',
        agent: 'agent-1',
        timezone: 'Europe/Berlin',
        source: records,
        periods,
        clock: new SystemClock(),
        log: silent,
        descriptions: () => [{ hash: 'd1', description: METER }],
        submit: at.context.submit,
        tell: (message) => {
          if (message.from === 'settle') at.store.settle(message.uplink, message.lane, message.cursor);
        },
        logFailed: (error) => {
          throw error;
        },
      });
    const values = () => {
      const seen = new Set<string>();
      for (const payload of far.payloads()) {
        const { lane, records = [] } = payload as { lane: string; records?: readonly Bucket[] };
        if (!lane.startsWith('rollup-')) continue;
        for (const { from, values } of records)
          for (const { point, unit } of values) seen.add(`${lane} ${from} ${point} ${unit}`);
      }
      return [...seen];
    };
    /** Three points in minutes and one in quarters; the last minute is open. */
    const all = (minutes: number) =>
      until(
        () => values().length === 3 * (minutes - 1) + Math.floor((minutes - 1) / 15),
        `buckets of ${minutes} minutes`,
      );
    {
      await using pumps = start();
      await at.pass(20);
      pumps.wake();
      await all(20);
      proxy.away();
      await at.pass(20);
      pumps.wake();
      proxy.back();
      await all(40);
    }
    await at.pass(20);
    {
      await using pumps = start();
      await all(60);
      await at.pass(6);
      pumps.wake();
      await all(66);
    }
    await until(() => far.ledger.report().balanced, 'balanced books');
    expect(far.ledger.report()).toMatchObject({ missing: 0, conflicts: 0 });
    expect(values().filter((one) => one.endsWith('U kV'))).toHaveLength(65);
    expect(values().filter((one) => one.startsWith('rollup-15min'))).toHaveLength(4);
    for (const payload of far.payloads())
      expect(validate(payload), JSON.stringify([validate.errors, payload])).toBe(true);
  });
});
