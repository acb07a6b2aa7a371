/** `kerbside verify` as a process: on files, and at a broker. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../agent/core/bytes.ts';
import { silent } from '../../../agent/core/log.ts';
import type { HttpUplinkConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { http } from '../../../agent/uplink/http/index.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { scriptedBroker } from '../../support/scripted-broker.ts';
import { SparkplugHost } from '../../support/sparkplug-host.ts';
import { agent, configOf } from './mqtt-agent.ts';
import { configOf as edgeConfig, agent as edgeNode } from './sparkplug/street.ts';

const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname;

interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

function verify(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'verify', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    err += bytes.toString();
  });
  const ended = once(child, 'close').then(([code]): Run => ({ out, err, code: Number(code) }));
  return { child, ended, err: () => err };
}

function message(prev: number, first: number, last: number) {
  const records = Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, value: i }));
  const numbers = { first, last, count: records.length, prev };
  return { v: 1, agent: 'a', epoch: 'e', lane: 'meter', stream: 'live', ...numbers, omitted: [], records };
}

async function onFile(messages: readonly unknown[], args: readonly string[] = []): Promise<Run> {
  const dir = await mkdtemp(join(tmpdir(), 'kerbside-verify-'));
  try {
    const file = join(dir, 'messages.jsonl');
    await writeFile(
      file,
      messages.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'),
    );
    return await verify(['--file', file, ...args]).ended;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const topic = 'kerbside/v1/s/a/data/meter';

// Each is a process of its own that tells its progress every 5 s.
describe('kerbside verify', { timeout: 60_000 }, () => {
  it('answers 0 where the ledger balances', async () => {
    const payload = message(0, 1, 3);
    const { out, code } = await onFile([
      { topic, payload },
      { topic, payload: JSON.stringify(message(3, 4, 9)) },
      { topic: 'kerbside/v1/s/a/state', payload: { v: 1 } },
      '',
      payload,
    ]);
    expect(out).toContain('meter: 1–9, 9 received, 3 sent again');
    expect(out).toContain('The ledger balances.');
    expect(code).toBe(0);
  });

  it('answers 1 and names the numbers where something is missing', async () => {
    const { out, code } = await onFile([message(0, 1, 3), message(6, 7, 9)], ['--json']);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ balanced: false, missing: 3 });
    expect(report.lanes[0].missingRanges).toEqual([[4, 6]]);
    expect(code).toBe(1);
  });

  it('answers 1 where a line is no message, and where there is nothing at all', async () => {
    const broken = await onFile([{ topic, payload: 'nonsense' }, '{"half']);
    expect(broken.code).toBe(1);
    expect(broken.out).toContain('2 broken messages');
    const empty = await onFile([]);
    expect(empty.code).toBe(1);
    expect(empty.out).toContain('nothing to prove');
  });

  it('wants one source', async () => {
    const { code, err } = await verify([]).ended;
    expect(code).toBe(2);
    expect(err).toContain('one of --broker, --http or --file');
  });

  it('says what to do where no broker answers', async () => {
    const { port, ...broker } = await scriptedBroker();
    await broker[Symbol.asyncDispose]();
    const { code, err } = await verify(['--broker', `mqtt://127.0.0.1:${port}`, '--for', '5s']).ended;
    expect(code).toBe(3);
    expect(err).toContain('Check the address');
  });

  it.each([
    ['3.1.1', embeddedBroker, 'MQTT 3.1.1'],
    ['5', scriptedBroker, 'MQTT 5'],
  ])('follows an agent at a broker of MQTT %s until it is interrupted', async (_, start, protocol) => {
    await using broker = await start();
    const args = ['--broker', `mqtt://127.0.0.1:${broker.port}`, '--site', 'demo', '--complete', '--json'];
    const listening = verify(args);
    await until(() => listening.err().includes('listening'), 'the receiver');
    await using pole = agent(configOf(broker.port));
    pole.log.readings('telemetry', 500);
    pole.wake();
    await until(() => pole.pump.tally().settled === 500, 'acknowledgements');
    await until(() => /500 records/.test(listening.err()), 'the progress');
    listening.child.kill('SIGINT');
    const { out, code } = await listening.ended;
    expect(JSON.parse(out)).toMatchObject({ balanced: true, records: 500, missing: 0, interruptions: 0 });
    expect(listening.err()).toContain(protocol);
    expect(code).toBe(0);
  });

  it('does not blame the agent for the order of what the broker had to deliver again', async () => {
    await using broker = await scriptedBroker();
    const args = ['--broker', `mqtt://127.0.0.1:${broker.port}`, '--complete', '--json'];
    const listening = verify(args);
    await until(() => listening.err().includes('listening'), 'the receiver');
    for (const [prev, again] of [
      [0, false],
      [6, false],
      [3, true],
    ] as const)
      broker.deliver(topic, JSON.stringify(message(prev, prev + 1, prev + 3)), again);
    await until(() => broker.confirmed === 3, 'what was delivered');
    listening.child.kill('SIGINT');
    const { out, code } = await listening.ended;
    expect(JSON.parse(out)).toMatchObject({ balanced: true, records: 9, late: 3, outOfOrder: 0 });
    expect(code).toBe(0);
  });

  it('is the receiver of an HTTP uplink, in both formats', async () => {
    const listening = verify(['--http', '0', '--agent', 'pole-1', '--complete', '--json']);
    const port = () => Number(/127\.0\.0\.1:(\d+)/.exec(listening.err())?.[1]);
    await until(() => port() > 0, 'the receiver');
    const clock = new SystemClock();
    const context = {
      site: 'demo',
      agent: 'pole-1',
      clock,
      log: silent,
      descriptions: () => [],
      submit: async () => Promise.reject(new Error('no commands here')),
    };
    const config: HttpUplinkConfig = {
      id: 'city',
      kind: 'http',
      url: `http://127.0.0.1:${port()}/`,
      format: 'json',
      compression: 'gzip',
      timeout: 30_000,
      inFlight: 4,
      maxBody: 20_000,
      replayRate: 0,
    };
    const log = new MemoryLog();
    log.readings('telemetry', 500);
    for (const format of ['json', 'influx'] as const) {
      const settled = 500 + (format === 'json' ? 0 : 100);
      await using pump = startPump({
        uplink: 'city',
        agent: 'pole-1',
        source: log,
        connect: (signal) => http.connect({ ...config, format }, context, signal),
        clock,
        log: silent,
        inFlight: 4,
        replayRate: 0,
        settle: (lane, cursor) => log.store('city', lane, cursor),
      });
      await until(() => pump.tally().settled === settled, 'acknowledgements');
      log.readings('telemetry', 100);
    }
    listening.child.kill('SIGINT');
    const { out, code } = await listening.ended;
    expect(JSON.parse(out)).toMatchObject({ balanced: true, records: 600, resent: 0, outOfOrder: 0 });
    expect(code).toBe(0);
  });

  it('answers what is no batch with 400 and does not balance', async () => {
    const listening = verify(['--http', '0', '--json']);
    const port = () => Number(/127\.0\.0\.1:(\d+)/.exec(listening.err())?.[1]);
    await until(() => port() > 0, 'the receiver');
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port()}/`, { method: 'POST', body, headers });
    expect((await post('nonsense')).status).toBe(400);
    expect((await post('{}', { 'Content-Encoding': 'gzip' })).status).toBe(400);
    expect((await post('message v=1i 0', { 'Content-Type': 'text/plain' })).status).toBe(204);
    expect((await fetch(`http://127.0.0.1:${port()}/`)).status).toBe(405);
    listening.child.kill('SIGINT');
    const { out, code } = await listening.ended;
    expect(JSON.parse(out)).toMatchObject({ balanced: false, broken: 4 });
    expect(code).toBe(1);
  });

  it('follows an edge node of Sparkplug, also from the middle of its session', async () => {
    await using broker = await embeddedBroker();
    await using host = await SparkplugHost.at(broker.port, 'street');
    await using edge = edgeNode(edgeConfig(broker.port));
    await until(() => edge.pump.tally().connected, 'the link');
    edge.read('telemetry', { value: 230 });
    await until(() => host.report().records === 1, 'a birth and data nobody else heard');
    const listening = verify([
      '--broker',
      `mqtt://127.0.0.1:${broker.port}`,
      '--sparkplug',
      'street',
      '--json',
    ]);
    await until(() => listening.err().includes('listening by'), 'the receiver');
    for (let i = 0; i < 5; i++) {
      edge.read('telemetry', { value: 231 + i }, { device: 'lamp-1', point: 'level', value: i, unit: '%' });
      await until(() => host.report().records === 3 + 2 * i, 'data');
    }
    // It has not heard the first birth, so it asked for another.
    await until(() => host.of('NBIRTH').length === 2, 'the rebirth');
    edge.read('telemetry', { value: 240 });
    await until(() => host.report().records === 12, 'the last data');
    await until(() => listening.err().includes('11 records'), 'progress');
    listening.child.kill('SIGINT');
    const { out, code } = await listening.ended;
    expect(JSON.parse(out), out).toMatchObject({ balanced: true, records: 11, broken: 0 });
    expect(code).toBe(0);
    const lines = host.heard.map(({ topic, bytes }) => ({ topic, hex: hex(bytes) }));
    const whole = await onFile(lines, ['--json', '--complete']);
    expect(JSON.parse(whole.out)).toMatchObject({ balanced: true, records: 12, conflicts: 0 });
    const lost = lines.findLastIndex(({ topic }) => topic.includes('/DDATA/'));
    const holed = await onFile(lines.toSpliced(lost - 2, 1), ['--json', '--complete']);
    expect(JSON.parse(holed.out)).toMatchObject({ balanced: false });
    expect(holed.code).toBe(1);
  });
});
