/** The uplink thread as the agent runs it: the real store's log, the real entry, a real broker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../agent/core/command.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { MqttUplinkConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { openStore, type Store } from '../../../agent/store/store.ts';
import { startUplinks, type Uplinks } from '../../../agent/uplink/uplinks.ts';
import { type EmbeddedBroker, embeddedBroker } from '../../support/brokers.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { configOf, METER } from './mqtt-agent.ts';

const ENTRY = new URL('../../../agent/compose/uplink/thread.ts', import.meta.url);

interface Agent {
  readonly store: Store;
  readonly uplinks: Uplinks;
  readonly commands: Command[];
  readonly health: PartHealth[];
  readonly refused: { lane: Lane; seq: number }[];
  readonly gaps: AgentEvent[];
  append(values: readonly number[]): Promise<unknown>;
  stop(): Promise<void>;
}

async function agent(
  dir: string,
  port: number,
  hardware = 'test:1',
  more: Partial<MqttUplinkConfig> = {},
): Promise<Agent> {
  const clock = new SystemClock();
  const store = await openStore({
    dir,
    agent: 'pole-1',
    timezone: 'Asia/Shanghai',
    config: { window: 5000, budget: 2 ** 26, maxAge: 30 * 86_400_000, ring: 2 ** 20 },
    clock,
    log: silent,
    hardware,
    describe: () => ({ type: 'number', unit: 'kW.h', decimals: 2, aggregation: 'counter', lane: 'meter' }),
  });
  const commands: Command[] = [];
  const health: PartHealth[] = [];
  const refused: Agent['refused'] = [];
  const gaps: AgentEvent[] = [];
  const uplinks = startUplinks({
    configs: [configOf(port, { maxMessage: 4096, dataBudget: 2 ** 30, ...more })],
    logFile: store.file,
    entry: ENTRY,
    site: 'demo',
    agent: 'pole-1',
    clock,
    log: silent,
    descriptions: () => [{ hash: 'd1', description: METER }],
    submit: async (command) => {
      commands.push(command);
      return { id: command.id, state: 'done', readback: command.value, at: Date.UTC(2027, 0, 1) };
    },
    settle: (uplink, lane, cursor) => store.settle(uplink, lane, cursor),
    refuse: (_, lane, records) => refused.push(...records.map(({ seq }) => ({ lane, seq }))),
    event: (event) => gaps.push(event),
    onHealth: (part) => health.push(part),
    backoff: { first: 10, max: 50 },
  });
  const committed = store.onCommitted(uplinks.wake);
  return {
    store,
    uplinks,
    commands,
    health,
    refused,
    gaps,
    append: (values) =>
      store.append(
        values.map(
          (value): Reading => good({ device: 'meter-1', point: 'energy', unit: 'kW.h' }, value, clock.mono()),
        ),
        [],
      ),
    stop: async () => {
      committed[Symbol.dispose]();
      await uplinks[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function withFolder(run: (dir: string, broker: EmbeddedBroker) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kerbside-uplink-'));
  await using broker = await embeddedBroker();
  try {
    await run(dir, broker);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const values = (from: number, count: number) => Array.from({ length: count }, (_, i) => (from + i) / 100);

describe('uplink thread', () => {
  it('lets the others go on where one changes, comes or goes', async () => {
    await withFolder(async (dir, broker) => {
      await using second = await embeddedBroker();
      await using third = await embeddedBroker();
      await using city = await MqttReceiver.at(broker.port);
      await using archive = await MqttReceiver.at(third.port);
      const one = await agent(dir, broker.port);
      const of = (uplink: string) => one.health.filter(({ part }) => part === `uplink:${uplink}`);
      const states = (uplink: string) => of(uplink).map(({ state }) => state);
      await one.append(values(0, 5));
      await until(() => states('city').includes('ok'), 'the first is up');
      const before = states('city').length;
      const own = configOf(broker.port, { maxMessage: 4096, dataBudget: 2 ** 30 });
      const other = (port: number) => configOf(port, { id: 'archive', clientId: 'pole-1-archive' });
      expect(one.uplinks.change([own, other(second.port)])).toBe(true);
      await until(() => states('archive').includes('ok'), 'another one is up');
      expect(one.uplinks.change([own, other(third.port)])).toBe(true);
      await until(() => states('archive').filter((state) => state === 'ok').length > 1, 'it is up elsewhere');
      await one.append(values(100, 5));
      await until(
        () => archive.ledger.report().records >= 5 && city.ledger.report().records >= 10,
        'all of it',
      );
      expect(one.uplinks.ledgers().map(({ uplink }) => uplink)).toEqual(['city', 'archive']);
      expect(one.uplinks.change([own])).toBe(true);
      await until(() => one.uplinks.ledgers().length === 1, 'it is gone');
      // The one that nobody touched has noticed nothing.
      expect(of('city')).toHaveLength(before);
      expect(city.ledger.report()).toMatchObject({ missing: 0, resent: 0 });
      // What reports periods needs a thread that has them.
      const reporting = { ...own, select: [{ send: 'rollup', every: 900_000 }] as const };
      expect(one.uplinks.change([reporting])).toBe(false);
      await one.stop();
    });
  });

  it('sends buckets of what was measured before it began, and keeps their place', async () => {
    await withFolder(async (dir, broker) => {
      await using city = await MqttReceiver.at(broker.port);
      const select = [{ send: 'rollup', every: 900_000 }] as const;
      const first = await agent(dir, broker.port, 'test:1', { select, maxMessage: 131_072 });
      const clock = new SystemClock();
      const now = clock.mono();
      const energy = { device: 'meter-1', point: 'energy', unit: 'kW.h' } as const;
      const readings = Array.from({ length: 40 }, (_, i) => good(energy, i, now - (42 - i) * 60_000));
      await first.store.append(readings, []);
      await until(() => city.on('/rollup-15min').length > 0, 'the quarters of an hour');
      const { count, last } = city.on('/rollup-15min').at(-1) ?? {};
      expect(count).toBeGreaterThan(1);
      using log = openLogSource(first.store.file);
      // Cursors ride in the next commit.
      await until(() => {
        void first.append([1]);
        return log.cursor('city:rollup', 'telemetry').low === last;
      }, 'the stored cursor');
      await until(() => city.report().balanced, 'balanced books');
      await first.stop();
      expect(city.report()).toMatchObject({ conflicts: 0, missing: 0 });
    });
  });

  it('sends what the store holds, live what is committed, and goes on after a restart', async () => {
    await withFolder(async (dir, broker) => {
      await using city = await MqttReceiver.at(broker.port);
      const first = await agent(dir, broker.port);
      await first.append(values(1, 200));
      await until(
        () => city.report().lanes.some(({ lane, received }) => lane === 'meter' && received === 200),
        'the first readings',
      );
      await until(() => first.uplinks.ledgers()[0]?.backlog === 0, 'the ledger');
      const ledger = first.uplinks.ledgers()[0];
      expect(ledger).toMatchObject({ uplink: 'city', connected: true, refused: 0, dropped: 0, resent: 0 });
      expect(ledger?.stored).toBe(ledger?.acknowledged);
      expect(ledger?.epoch).toBe(first.store.epoch);
      // 200 readings of 130 bytes and more, and what is around them.
      expect(ledger?.data).toMatchObject({ thinned: 'nothing', forecast: null });
      expect(ledger?.data?.bytes).toBeGreaterThan(200 * 130);
      expect(first.uplinks.health()[0]?.facts).toMatchObject({ thinned: 'nothing' });
      expect(first.health.map(({ state }) => state)).toEqual(['starting', 'ok']);
      const began = performance.now();
      await first.uplinks[Symbol.asyncDispose]();
      // 2 s are promised; a loaded machine gets some more.
      expect(performance.now() - began).toBeLessThan(4000);
      await first.append(values(201, 50));
      await first.stop();

      using log = openLogSource(join(dir, 'log.db'));
      expect(log.cursor('city', 'meter')).toEqual({ low: 200, above: [] });
      const second = await agent(dir, broker.port);
      await second.append(values(251, 10));
      await until(
        () => city.report().lanes.some(({ lane, received }) => lane === 'meter' && received === 260),
        'the rest',
      );
      await until(() => second.uplinks.ledgers()[0]?.backlog === 0, 'the ledger');
      // The month's count goes on.
      expect(second.uplinks.ledgers()[0]?.data?.bytes).toBeGreaterThan(ledger?.data?.bytes ?? 0);
      await second.stop();
      const report = city.report();
      expect(report).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0 });
      expect(report.epochs).toEqual([expect.objectContaining({ epoch: ledger?.epoch, chain: 'first' })]);
      const sent = city.heard
        .filter(({ topic }) => topic.endsWith('/meter'))
        .flatMap(
          ({ payload }) =>
            (payload as { records: { seq: number; value: number; quality: string }[] }).records,
        );
      for (const { seq, value, quality } of sent) expect([value, quality]).toEqual([seq / 100, 'good']);
    });
  });

  it('drains the log of the epoch before, found on another machine, under its own name', async () => {
    await withFolder(async (dir, broker) => {
      await using city = await MqttReceiver.at(broker.port);
      const first = await agent(dir, broker.port);
      await first.append(values(1, 50));
      await until(() => first.uplinks.ledgers()[0]?.backlog === 0, 'the first readings');
      await first.uplinks[Symbol.asyncDispose]();
      await first.append(values(51, 30));
      await first.stop();
      const second = await agent(dir, broker.port, 'test:2');
      await second.append(values(1, 10));
      const received = (epoch: string | undefined) =>
        city.report().lanes.find((one) => one.epoch === epoch && one.lane === 'meter')?.received;
      await until(() => received(first.store.epoch) === 80, 'the rest of the first epoch');
      await until(() => received(second.store.epoch) === 10, 'the second epoch');
      await until(() => second.uplinks.ledgers()[0]?.earlier === 0, 'the ledger');
      await second.stop();
      const report = city.report();
      expect(report).toMatchObject({ balanced: true, conflicts: 0, outOfOrder: 0 });
      expect(report.epochs.map(({ chain }) => chain)).toEqual(['first', 'chained']);
    });
  });

  it('brings commands to main and results back', async () => {
    await withFolder(async (dir, broker) => {
      await using city = await MqttReceiver.at(broker.port);
      const pole = await agent(dir, broker.port);
      await until(() => city.on('/state').length === 1, 'the agent');
      await until(() => pole.health.some(({ state }) => state === 'ok'), 'the link');
      const command = '{"id":"c1","value":40,"issued":1,"expires":4102444800000}';
      // The subscription may still be on its way.
      await until(() => {
        void city.client.publishAsync('kerbside/v1/demo/pole-1/cmd/lamp/level', command, { qos: 1 });
        return city.on('c1/result').length > 0;
      }, 'the result');
      expect(pole.commands[0]).toMatchObject({ id: 'c1', device: 'lamp', point: 'level', value: 40 });
      expect(city.on('c1/result')[0]).toMatchObject({ state: 'done', readback: 40 });
      await pole.stop();
    });
  });

  it('reports what no broker can take as refused, in the store and as gap records', async () => {
    await withFolder(async (dir, broker) => {
      await using city = await MqttReceiver.at(broker.port);
      const pole = await agent(dir, broker.port);
      await pole.store.append(
        [],
        [
          { event: 'agent', severity: 'info', time: 1, body: { text: 'x'.repeat(5000) } },
          { event: 'agent', severity: 'info', time: 2, body: { text: 'short' } },
        ],
      );
      await until(() => pole.refused.length === 1, 'the refusal');
      const [{ seq, lane } = { seq: 0, lane: 'bulk' }] = pole.refused;
      expect(pole.gaps).toMatchObject([
        {
          event: 'gap',
          body: { lane: 'event', from: seq, to: seq, count: 1, reason: 'refused', uplink: 'city' },
        },
      ]);
      expect(lane).toBe('event');
      await until(() => city.report().lanes[0]?.explained.refused === 1, 'the envelope behind');
      expect(city.report().balanced).toBe(true);
      await pole.stop();
    });
  });

  it('says that the broker is away and when it is back', async () => {
    await withFolder(async (dir, broker) => {
      await using proxy = await TcpProxy.to(broker.port);
      proxy.away();
      const pole = await agent(dir, proxy.port);
      await until(() => pole.health.some(({ state }) => state === 'down'), 'down');
      const down = pole.health.find(({ state }) => state === 'down');
      expect(down?.message).toContain('connection to broker mqtt://127.0.0.1');
      proxy.back();
      await until(() => pole.uplinks.health()[0]?.state === 'ok', 'ok');
      await pole.stop();
    });
  });

  it('starts again by itself once the log is there', async () => {
    await withFolder(async (dir, broker) => {
      const health: PartHealth[] = [];
      const settled: number[] = [];
      await using _uplinks = startUplinks({
        configs: [configOf(broker.port, { clientId: 'pole-0' })],
        logFile: join(dir, 'log.db'),
        entry: ENTRY,
        site: 'demo',
        agent: 'pole-1',
        clock: new SystemClock(),
        log: silent,
        descriptions: () => [],
        submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
        settle: (_, __, { low }) => settled.push(low),
        refuse: () => {},
        onHealth: (part) => health.push(part),
        backoff: { first: 50, max: 200 },
      });
      await until(() => health.some(({ state }) => state === 'down'), 'the thread without a log');
      const pole = await agent(dir, broker.port);
      await pole.append([1]);
      await until(() => settled.some((low) => low > 0), 'the first record');
      await pole.stop();
    });
  });
});
