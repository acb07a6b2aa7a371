/**
 * How fast a backlog drains: `node bench/sync.ts [--readings N]` writes N readings (default 500,000) into a real store,
 * then lets the uplink thread send them to mosquitto (the embedded broker where there is none) over MQTT, no rate limit,
 * acknowledged = PUBACK. Twice: once by itself for the rate, once with `kerbside verify` listening for the proof. The
 * baseline is bare mqtt.js publishing payloads of the same size. Ends in one JSON line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { silent } from '../agent/core/log.ts';
import { good } from '../agent/core/reading.ts';
import type { MqttUplinkConfig } from '../agent/core/site.ts';
import { SystemClock } from '../agent/core/system-clock.ts';
import { openStore } from '../agent/store/store.ts';
import { startUplinks } from '../agent/uplink/uplinks.ts';
import { embeddedBroker, mosquitto } from '../tests/support/brokers.ts';
import { program } from '../tests/support/programs.ts';

const { values } = parseArgs({ options: { readings: { type: 'string', default: '500000' } } });
const readings = Number(values.readings);
const POINTS = 40;
const COMMIT = 1000;
const PAYLOAD = 65_536;

const clock = new SystemClock();
const dir = await mkdtemp(join(tmpdir(), 'kerbside-sync-'));
const path = program('mosquitto');
await using broker =
  path === undefined ? await embeddedBroker() : await mosquitto(path, ['max_queued_messages 0']);

async function fill(): Promise<string> {
  const store = await openStore({
    dir,
    agent: 'bench',
    timezone: 'UTC',
    config: { window: 5000, budget: 2 ** 32, maxAge: 3650 * 86_400_000, ring: 2 ** 26 },
    clock,
    log: silent,
    describe: () => ({ type: 'number', unit: 'V', decimals: 1, aggregation: 'mean', lane: 'telemetry' }),
  });
  const began = clock.mono() - readings * 100;
  for (let n = 0; n < readings; n += COMMIT) {
    const batch = Array.from({ length: Math.min(COMMIT, readings - n) }, (_, i) => {
      const place = {
        device: `meter-${(n + i) % 4}`,
        point: `voltage-${(n + i) % POINTS}`,
        unit: 'V',
      } as const;
      return good(place, 2300 + Math.round(30 * Math.sin((n + i) / 500)) / 10, began + (n + i) * 100);
    });
    await store.append(batch, []);
  }
  await store[Symbol.asyncDispose]();
  return store.file;
}

/** Seconds until all is acknowledged, and how many records that was. */
async function drain(logFile: string, agent: string): Promise<{ seconds: number; records: number }> {
  const config: MqttUplinkConfig = {
    id: agent,
    kind: 'mqtt',
    url: `mqtt://127.0.0.1:${broker.port}`,
    clientId: agent,
    keepAlive: 30_000,
    inFlight: 16,
    maxMessage: PAYLOAD * 2,
    replayRate: 0,
  };
  let began = clock.mono();
  await using uplinks = startUplinks({
    configs: [config],
    logFile,
    entry: new URL('../agent/compose/uplink-thread.ts', import.meta.url),
    site: 'bench',
    agent,
    clock,
    log: silent,
    descriptions: () => [],
    submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
    settle: () => {},
    refuse: () => {},
    onHealth: ({ state }) => {
      if (state === 'ok') began = clock.mono();
    },
  });
  for (;;) {
    const [ledger] = uplinks.ledgers();
    if (ledger !== undefined && ledger.stored > 0 && ledger.backlog === 0) {
      return { seconds: (clock.mono() - began) / 1000, records: ledger.acknowledged };
    }
    await clock.sleep(5);
  }
}

/** Records a second that bare mqtt.js would carry in payloads of this size. */
async function bare(recordsPerMessage: number): Promise<number> {
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4 });
  const payload = Buffer.alloc(PAYLOAD - 2048, 0x41);
  const messages = Math.ceil(readings / recordsPerMessage);
  const began = clock.mono();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next++ < messages) await client.publishAsync('bench/bare', payload, { qos: 1 });
  };
  await Promise.all(Array.from({ length: 16 }, one));
  const seconds = (clock.mono() - began) / 1000;
  await client.endAsync();
  return (messages * recordsPerMessage) / seconds;
}

async function proved(logFile: string): Promise<{ balanced: boolean; perSecond: number }> {
  const args = ['agent/main.ts', 'verify', '--broker', `mqtt://127.0.0.1:${broker.port}`, '--agent', 'proof'];
  const child = spawn(process.execPath, [...args, '--complete', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let heard = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  const listening = Promise.withResolvers<void>();
  child.stderr.on('data', (bytes: Buffer) => {
    if (bytes.toString().includes('listening')) listening.resolve();
    heard = Number(/(\d+) records/.exec(bytes.toString())?.[1] ?? heard);
  });
  const closed = once(child, 'close');
  await listening.promise;
  const { seconds, records } = await drain(logFile, 'proof');
  // The receiver says every 5 s how far it is.
  while (heard < records && child.exitCode === null) await clock.sleep(200);
  child.kill('SIGINT');
  await closed;
  return { balanced: JSON.parse(out).balanced === true, perSecond: records / seconds };
}

try {
  const logFile = await fill();
  const { seconds, records } = await drain(logFile, 'bench');
  const perSecond = records / seconds;
  const baseline = await bare(Math.floor(PAYLOAD / 160));
  const { balanced, perSecond: listened } = await proved(logFile);
  const line = {
    bench: 'sync',
    readings,
    broker: path === undefined ? 'embedded' : 'mosquitto',
    payload_bytes_max: PAYLOAD,
    seconds: Number(seconds.toFixed(2)),
    readings_per_s: Math.round(perSecond),
    baseline_bare_mqtt_readings_per_s: Math.round(baseline),
    with_verify_readings_per_s: Math.round(listened),
    verify_balances: balanced,
  };
  console.log(JSON.stringify(line));
} finally {
  await rm(dir, { recursive: true, force: true });
}
