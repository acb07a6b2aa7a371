/**
 * `npm run bench:sync -- [--readings 6000000] [--seconds 60] [--case drain|live|wire|late]`: how a backlog leaves over MQTT
 * (mosquitto, or the embedded broker where there is none). One JSON line a case, each with its baseline and its aim.
 *
 * drain  a backlog to PUBACK without a limit, messages up to 128 KB, payload v1; then again with `kerbside verify`
 *        listening for the proof. Baseline: bare mqtt.js with payloads of the same size.
 * live   how long after its commit a reading is at the receiver while a backlog drains at the default limit.
 * wire   bytes per reading over TLS, both ways, with MQTT, as columns with zstd; TCP/IP headers reckoned at 40 bytes a
 *        piece. Baseline: payload v1 as JSON.
 * late   how late timers on main are (a poll is one) while a backlog drains and while a commit takes 2 s. Baseline: the
 *        same timers in the same process with nothing to do.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { readPayload } from '../agent/cli/verify/payload.ts';
import { type Broker, embeddedBroker, mosquitto } from '../tests/support/brokers.ts';
import { program } from '../tests/support/programs.ts';
import { TcpProxy } from '../tests/support/tcp-proxy.ts';
import { clock, configOf, drained, fill, openLog, poll, quantile, round, uplinkOf } from './sync-parts.ts';

const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '6000000' },
    seconds: { type: 'string', default: '60' },
    case: { type: 'string' },
  },
});
const readings = Number(values.readings);
const seconds = Number(values.seconds);
const path = program('mosquitto');
/** The limit that a site file without `replay_rate` has. */
const DEFAULT_REPLAY = 2000;
const PAYLOAD = 65_536;
const pem = (name: string) => fileURLToPath(new URL(`../tests/vectors/tls/${name}.pem`, import.meta.url));

function broker(settings: readonly string[] = []): Promise<Broker> {
  return path === undefined ? embeddedBroker() : mosquitto(path, ['max_queued_messages 0', ...settings]);
}

function tell(name: string, facts: object): void {
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}`;
  const load = round(loadavg()[0] ?? 0, 1);
  const by = path === undefined ? 'embedded' : 'mosquitto';
  console.log(
    JSON.stringify({ bench: 'sync', case: name, ...facts, broker: by, load, machine, node: process.version }),
  );
}

/** Records a second that bare mqtt.js would carry in payloads of this size. */
async function bare(port: number, recordsPerMessage: number): Promise<number> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
  const payload = Buffer.alloc(PAYLOAD - 2048, 0x41);
  const messages = Math.ceil(Math.min(readings, 1_000_000) / recordsPerMessage);
  const began = clock.mono();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next++ < messages) await client.publishAsync('bench/bare', payload, { qos: 1 });
  };
  await Promise.all(Array.from({ length: 16 }, one));
  const took = (clock.mono() - began) / 1000;
  await client.endAsync();
  return (messages * recordsPerMessage) / took;
}

async function proved(port: number, logFile: string): Promise<{ balanced: boolean; perSecond: number }> {
  const args = ['agent/main.ts', 'verify', '--broker', `mqtt://127.0.0.1:${port}`, '--agent', 'proof'];
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
  const uplink = uplinkOf(logFile, configOf(port, 'proof'));
  const { seconds: took, records } = await drained(uplink);
  await uplink.uplinks[Symbol.asyncDispose]();
  // The receiver says every 5 s how far it is.
  while (heard < records && child.exitCode === null) await clock.sleep(200);
  child.kill('SIGINT');
  await closed;
  return { balanced: JSON.parse(out).balanced === true, perSecond: records / took };
}

async function drain(dir: string): Promise<void> {
  await using at = await broker();
  const store = await openLog(dir);
  await fill(store, readings);
  await store[Symbol.asyncDispose]();
  const uplink = uplinkOf(store.file, configOf(at.port, 'bench'));
  const { seconds: took, records } = await drained(uplink);
  await uplink.uplinks[Symbol.asyncDispose]();
  const baseline = await bare(at.port, Math.floor(PAYLOAD / 160));
  const { balanced, perSecond } = await proved(at.port, store.file);
  tell('drain', {
    readings,
    readings_per_s: Math.round(records / took),
    aim: 200_000,
    seconds: round(took),
    baseline_bare_mqtt_readings_per_s: Math.round(baseline),
    with_verify_readings_per_s: Math.round(perSecond),
    verify_balances: balanced,
  });
}

async function live(dir: string): Promise<void> {
  await using at = await broker();
  const store = await openLog(dir);
  await fill(store, DEFAULT_REPLAY * seconds * 2);
  const client = await connectAsync(`mqtt://127.0.0.1:${at.port}`, { protocolVersion: 4 });
  const committed = new Map<number, number>();
  const delays: number[] = [];
  client.on('message', (topic, bytes) => {
    if (!topic.includes('/data/')) return;
    const now = clock.mono();
    const { last } = readPayload(bytes) as { last: number };
    for (const [seq, mono] of committed)
      if (seq <= last) {
        delays.push(now - mono);
        committed.delete(seq);
      }
  });
  await client.subscribeAsync('kerbside/v1/#', { qos: 1 });
  const uplink = uplinkOf(store.file, configOf(at.port, 'bench', { replayRate: DEFAULT_REPLAY }));
  store.onCommitted(uplink.uplinks.wake);
  while (uplink.uplinks.ledgers()[0]?.connected !== true) await clock.sleep(20);
  const backlog = uplink.uplinks.ledgers()[0]?.backlog ?? 0;
  for (const end = clock.mono() + seconds * 1000; clock.mono() < end; await clock.sleep(200)) {
    const now = clock.mono();
    const { ranges } = await store.append([...poll(now), ...poll(now)], []);
    committed.set(ranges.telemetry?.last ?? 0, now);
  }
  const left = uplink.uplinks.ledgers()[0]?.backlog ?? 0;
  await clock.sleep(2000);
  await uplink.uplinks[Symbol.asyncDispose]();
  await client.endAsync(true);
  await store[Symbol.asyncDispose]();
  tell('live', {
    seconds,
    replay_rate: DEFAULT_REPLAY,
    backlog_drained_per_s: Math.round((backlog - left) / seconds),
    groups: delays.length,
    lost: committed.size,
    delay_ms_p50: round(quantile(delays, 0.5), 1),
    delay_ms_p99: round(quantile(delays, 0.99), 1),
    aim_ms: 1000,
  });
}

async function wire(dir: string): Promise<void> {
  const tls = [`cafile ${pem('ca')}`, `certfile ${pem('broker')}`, `keyfile ${pem('broker-key')}`];
  await using at = await broker([...tls, ...(process.getuid?.() === 0 ? ['user root'] : [])]);
  const count = Math.min(readings, 200_000);
  const store = await openLog(dir);
  // 5 s of 10 readings a second in a commit.
  await fill(store, count, 50);
  await store[Symbol.asyncDispose]();
  const ca = readFileSync(pem('ca'), 'utf8');
  const one = async (agent: string, more: object) => {
    await using proxy = await TcpProxy.to(at.port);
    const config = configOf(proxy.port, agent, { ca, ...more });
    const uplink = uplinkOf(store.file, { ...config, url: `mqtts://127.0.0.1:${proxy.port}` });
    const { records } = await drained(uplink);
    await uplink.uplinks[Symbol.asyncDispose]();
    return { tls: proxy.bytes / records, all: (proxy.bytes + 40 * proxy.pieces) / records };
  };
  const columns = await one('columns', { payload: 'columns', compression: 'zstd' });
  // As live data leave: a message for each window of 5 s, about 50 readings.
  const small = await one('small', { payload: 'columns', compression: 'zstd', maxMessage: 4800 });
  const zstd = await one('zstd', { compression: 'zstd' });
  const json = await one('json', {});
  tell('wire', {
    readings: count,
    bytes_per_reading: round(columns.tls),
    with_tcp_ip: round(columns.all),
    aim: 6,
    small_messages_bytes_per_reading: round(small.tls),
    json_zstd_bytes_per_reading: round(zstd.tls),
    baseline_json_bytes_per_reading: round(json.tls),
  });
}

/** How late timers of 20 ms are, for `ms`. */
async function lateness(ms: number, work?: () => void): Promise<number[]> {
  const late: number[] = [];
  for (let due = clock.mono() + 20, end = clock.mono() + ms; due < end; due += 20) {
    await clock.sleep(Math.max(0, due - clock.mono()));
    late.push(clock.mono() - due);
    work?.();
  }
  return late;
}

async function late(dir: string): Promise<void> {
  await using at = await broker();
  const idle = await lateness(5000);
  const store = await openLog(dir, new URL('./slow-fsync-thread.ts', import.meta.url));
  const filled = await openLog(join(dir, 'backlog'));
  await fill(filled, Math.min(readings, 200_000 * Math.min(seconds, 20)));
  await filled[Symbol.asyncDispose]();
  const uplink = uplinkOf(filled.file, configOf(at.port, 'bench'));
  while (uplink.uplinks.ledgers()[0]?.connected !== true) await clock.sleep(5);
  const pending: Promise<unknown>[] = [];
  let count = 0;
  // A poll of ten readings every 20 ms, a commit every second.
  let waiting = [...poll(clock.mono())];
  const work = () => {
    waiting.push(...poll(clock.mono()), ...poll(clock.mono()));
    if (++count % 50 !== 0) return;
    pending.push(store.append(waiting, []));
    waiting = [];
  };
  const busy: number[] = [];
  const draining: number[] = [];
  for (const end = clock.mono() + seconds * 1000; clock.mono() < end; ) {
    const drains = (uplink.uplinks.ledgers()[0]?.backlog ?? 0) > 0;
    const some = await lateness(1000, work);
    busy.push(...some);
    if (drains) draining.push(...some);
  }
  await Promise.all(pending);
  await uplink.uplinks[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  tell('late', {
    seconds,
    polls: busy.length,
    late_ms_p99: round(quantile(busy, 0.99)),
    late_ms_max: round(Math.max(...busy)),
    while_draining_ms_p99: round(quantile(draining, 0.99)),
    polls_while_draining: draining.length,
    aim_ms: 10,
    baseline_idle_ms_p99: round(quantile(idle, 0.99)),
  });
}

const CASES = { drain, live, wire, late } as const;

for (const [name, run] of Object.entries(CASES)) {
  if (values.case !== undefined && values.case !== name) continue;
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-sync-'));
  try {
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
