/** What a session keeps, guards and settles, piece by piece. */
import { afterEach, describe, expect, it } from 'vitest';
import type { CommandResult } from '../../../../agent/core/command.ts';
import { BARRIER_DEADLINE, Barrier } from '../../../../agent/uplink/sparkplug/barrier.ts';
import { MOST_OPEN } from '../../../../agent/uplink/sparkplug/commands.ts';
import { RebirthGuard } from '../../../../agent/uplink/sparkplug/rebirth.ts';
import { embeddedBroker, mosquitto } from '../../../support/brokers.ts';
import { MemoryLog } from '../../../support/memory-log.ts';
import { until } from '../../../support/mqtt-receiver.ts';
import { MqttTap } from '../../../support/mqtt-tap.ts';
import { program } from '../../../support/programs.ts';
import { SparkplugHost } from '../../../support/sparkplug-host.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { isResult, wireMetrics } from './life.ts';
import { agent, configOf, METER } from './street.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

describe('a barrier', () => {
  const sent: ((error?: Error) => void)[] = [];
  const late: unknown[] = [];
  const barrier = (clock: VirtualClock) => {
    sent.length = 0;
    late.length = 0;
    return new Barrier({
      clock,
      send: (answered) => void sent.push(answered),
      overdue: (why) => void late.push(why),
    });
  };

  it('settles what went before it, and what came meanwhile only with the next', async () => {
    const clock = new VirtualClock();
    const one = barrier(clock);
    const told: string[] = [];
    void one.passed().then((passed) => told.push(`a ${passed}`));
    void one.passed().then((passed) => told.push(`b ${passed}`));
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    void one.passed().then((passed) => told.push(`c ${passed}`));
    await clock.advance(10);
    expect(sent).toHaveLength(1);
    sent[0]?.();
    await clock.advance(0);
    expect(told).toEqual(['a true', 'b true']);
    expect(sent).toHaveLength(2);
    sent[1]?.(new Error('refused'));
    await clock.advance(0);
    expect(told).toEqual(['a true', 'b true', 'c false']);
  });

  it('that nobody answers ends the connection', async () => {
    const clock = new VirtualClock();
    const one = barrier(clock);
    const passed = one.passed();
    await clock.advance(BARRIER_DEADLINE - 1);
    expect(late).toEqual([]);
    await clock.advance(1);
    expect(late).toHaveLength(1);
    one.close();
    expect(await passed).toBe(false);
    expect(await one.passed()).toBe(false);
  });
});

describe('the guard of rebirths', () => {
  it('answers the first at once and a storm by one birth at its end', async () => {
    const clock = new VirtualClock();
    let births = 0;
    const guard = new RebirthGuard(clock, 5000, () => {
      births += 1;
    });
    guard.ask();
    expect([births, guard.owed]).toEqual([1, false]);
    for (let i = 0; i < 50; i++) {
      guard.ask();
      await clock.advance(90);
    }
    expect([births, guard.owed]).toEqual([1, true]);
    await clock.advance(1000);
    expect([births, guard.owed]).toEqual([2, false]);
    guard.ask();
    guard.stop();
    await clock.advance(60_000);
    expect(births).toBe(2);
    guard.ask();
    expect(births).toBe(3);
  });
});

const bdSeqs = (host: SparkplugHost) =>
  host.of('NBIRTH').map(({ metrics }) => metrics.find(({ name }) => name === 'bdSeq')?.value);

describe('bdSeq', () => {
  it('counts connections from 0, goes on after a restart, and is kept before CONNECT leaves', async () => {
    const broker = stack.use(await embeddedBroker());
    const tap = stack.use(await MqttTap.to(broker.port));
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const numbers = new Map<string, number>();
    const config = configOf(tap.port);
    const first = agent(config, { numbers });
    await until(() => bdSeqs(host).length === 1, 'a birth');
    expect(numbers.get('bdseq')).toBe(1);
    tap.cut();
    await until(() => bdSeqs(host).length === 2, 'a birth after the cut');
    await first[Symbol.asyncDispose]();
    // Another process: nothing is remembered but what was kept.
    const second = stack.use(agent({ ...config }, { numbers }));
    await until(() => bdSeqs(host).length === 3, 'a birth after the restart');
    expect(bdSeqs(host)).toEqual([0, 1, 2]);
    expect(second.said.filter(({ event }) => event === 'uplink.number-not-kept')).toEqual([]);
  });

  it('wraps behind 255 and is not used up where nobody listens', async () => {
    const broker = stack.use(await embeddedBroker());
    const tap = stack.use(await MqttTap.to(broker.port));
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const numbers = new Map([['bdseq', 255]]);
    const one = stack.use(agent(configOf(tap.port), { numbers }));
    await until(() => bdSeqs(host).length === 1, 'a birth');
    tap.cut();
    await until(() => bdSeqs(host).length === 2, 'a birth after the cut');
    expect(bdSeqs(host)).toEqual([255, 0]);
    await one[Symbol.asyncDispose]();
    await tap[Symbol.asyncDispose]();
    const before = numbers.get('bdseq');
    const nobody = stack.use(agent(configOf(tap.port), { numbers }));
    await until(() => nobody.states.some(({ state }) => state === 'down'), 'a failure');
    await new Promise((done) => setTimeout(done, 100));
    expect(numbers.get('bdseq')).toBe((before ?? 0) + 1);
  });
});

describe('settings', () => {
  it('types_in_data: a host that keeps no births reads every value', async () => {
    const broker = stack.use(await embeddedBroker());
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const one = stack.use(agent(configOf(broker.port, { types: true })));
    await until(() => one.pump.tally().connected, 'the link');
    one.read('telemetry', { value: 231.5 }, { device: 'lamp-1', point: 'door', value: true, unit: '1' });
    one.read('telemetry', { device: 'lamp-1', point: 'text', value: 'Linie 71', unit: '1' });
    await until(() => host.report().records === 3, 'data');
    const values = host.of('DDATA').flatMap(({ metrics }) => metrics.map(({ type, value }) => [type, value]));
    expect(values).toEqual([
      ['Double', 231.5],
      ['Boolean', true],
      ['String', 'Linie 71'],
    ]);
  });

  it('aliases: false names everything', async () => {
    const broker = stack.use(await embeddedBroker());
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const one = stack.use(agent(configOf(broker.port, { aliases: false })));
    await until(() => one.pump.tally().connected, 'the link');
    one.read('telemetry', { value: 231.5 });
    await until(() => host.report().records === 1, 'data');
    for (const { bytes } of host.heard)
      for (const metric of wireMetrics(bytes)) expect(metric).not.toHaveProperty('alias');
    expect(host.of('DDATA')[0]?.metrics[0]?.name).toBe('voltage');
    expect(host.report()).toMatchObject({ balanced: true });
  });

  it('barrier_topic: a QoS 1 message there settles what went before', async () => {
    const broker = stack.use(await embeddedBroker());
    const tap = stack.use(await MqttTap.to(broker.port));
    const one = stack.use(agent(configOf(tap.port, { barrierTopic: 'kerbside/barrier' })));
    one.read('telemetry', { value: 1 });
    await until(() => one.pump.tally().settled === 1, 'the barrier');
    const barriers = tap.sent('publish').filter(({ topic }) => topic === 'kerbside/barrier');
    expect(barriers.map(({ qos, retain }) => [qos, retain])).toEqual(barriers.map(() => [1, false]));
    expect(barriers.length).toBeGreaterThan(0);
    expect(tap.sent('subscribe')).toHaveLength(1);
  });
});

describe('commands', () => {
  async function lamp() {
    const broker = stack.use(await embeddedBroker());
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const one = stack.use(agent(configOf(broker.port)));
    await until(() => host.of('DBIRTH', 'lamp-1').length === 1, 'the birth of the lamp');
    const results = () =>
      host
        .of('NDATA')
        .filter(isResult)
        .map(({ bytes }) => JSON.parse(wireMetrics(bytes)[0]?.stringValue ?? 'null') as CommandResult);
    return { host, one, results };
  }

  it('go by name or alias, and the same packet twice is one command', async () => {
    const { host, one, results } = await lamp();
    const alias = host.of('DBIRTH', 'lamp-1')[0]?.metrics.find(({ name }) => name === 'level')?.alias;
    const metric = { alias, type: 'Float', value: 42, timestamp: 1_800_000_000_000 };
    await host.command('pole-1', 'lamp-1', [metric], { timestamp: 1_800_000_000_001 });
    await host.command('pole-1', 'lamp-1', [metric], { timestamp: 1_800_000_000_002 });
    await host.command('pole-1', 'lamp-1', [{ name: 'level', type: 'Int16', value: -5 }], {
      timestamp: 1_800_000_000_003,
    });
    await until(() => results().length === 3, 'results');
    const [first, second, third] = one.commands;
    expect(first).toMatchObject({ device: 'lamp-1', point: 'level', value: 42, issued: 1_800_000_000_000 });
    expect(second?.id).toBe(first?.id);
    expect(third).toMatchObject({ value: -5 });
    expect(third?.id).not.toBe(first?.id);
    expect(results()[0]).toMatchObject({
      id: first?.id,
      state: 'done',
      readback: 42,
      device: 'lamp-1',
      point: 'level',
    });
  });

  it('of unknown points, retained ones and those for others go nowhere', async () => {
    const { host, one, results } = await lamp();
    await host.command('pole-1', 'lamp-1', [{ name: 'nothing', type: 'Double', value: 1 }]);
    await host.command('pole-1', 'lamp-1', [{ name: 'Properties/Title', type: 'String', value: 'x' }]);
    await host.command('pole-2', 'lamp-1', [{ name: 'level', type: 'Double', value: 1 }]);
    await host.command('pole-1', undefined, [
      { name: 'Node Control/Rebirth', type: 'Boolean', value: false },
    ]);
    await host.command('pole-1', undefined, [{ name: 'Node Control/Reboot', type: 'Boolean', value: true }]);
    await host.client.publishAsync('spBv1.0/street/DCMD/pole-1/lamp-1', 'no protobuf', { qos: 1 });
    await host.command('pole-1', 'lamp-1', [{ name: 'level', type: 'Double', value: 1 }]);
    await until(() => results().length === 1, 'the one result');
    expect(one.commands).toHaveLength(1);
    expect(host.of('NBIRTH')).toHaveLength(1);
    expect(one.said.some(({ event }) => event === 'uplink.command-ignored')).toBe(true);
  });

  it('beyond what can be open are turned down as busy, and a value that is none as malformed', async () => {
    const { host, one, results } = await lamp();
    one.result = ({ id }) => ({
      id,
      state: 'rejected',
      code: 'out-of-range',
      reason: 'level: expected 0…100',
      at: 0,
    });
    const many = Array.from({ length: MOST_OPEN + 3 }, (_, i) => ({
      name: 'level',
      type: 'Double',
      value: 100 + i,
    }));
    await host.command('pole-1', 'lamp-1', many, { timestamp: 5 });
    await host.command('pole-1', 'lamp-1', [{ name: 'level', type: 'Bytes', value: Uint8Array.of(1) }]);
    await until(() => results().length === MOST_OPEN + 4, 'results');
    const codes = Object.groupBy(results(), ({ code }) => code ?? 'none');
    expect([codes.busy?.length, codes['out-of-range']?.length, codes.malformed?.length]).toEqual([
      3,
      MOST_OPEN,
      1,
    ]);
  });
});

describe('devices', () => {
  it('that were dead all along have their past told, with a birth before it', async () => {
    const broker = stack.use(await embeddedBroker());
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const log = new MemoryLog();
    const at = Date.UTC(2027, 0, 1);
    const bad = { value: null, quality: 'bad', reason: 'timeout' } as const;
    const base = {
      kind: 'reading',
      device: 'meter-1',
      point: 'voltage',
      value: 230,
      unit: 'V',
      quality: 'good',
      rank: 'ntp',
    } as const;
    log.commit('telemetry', [
      { ...base, time: at },
      { ...base, time: at + 1 },
      { ...base, ...bad, time: at + 2 },
    ]);
    const one = stack.use(agent(configOf(broker.port), { log }));
    await until(() => host.report().records === 3, 'the past');
    await until(() => one.pump.tally().settled === 3, 'its barrier');
    const verbs = host.verbs().filter((verb) => verb.includes('meter-1') || verb === 'NDATA');
    // The bad reading goes by the node, the others behind a birth; nothing tells a value that there is not.
    expect(verbs).toContain('DBIRTH meter-1');
    expect(verbs.indexOf('DBIRTH meter-1')).toBeLessThan(verbs.indexOf('DDATA meter-1'));
    const birth = host.of('DBIRTH', 'meter-1')[0];
    expect(
      wireMetrics(birth?.bytes ?? new Uint8Array()).find(({ name }) => name === 'voltage'),
    ).toMatchObject({ isNull: true });
    expect(host.report()).toMatchObject({ balanced: true, records: 3 });
  });

  it('whose description changes are born again before their next data', async () => {
    const broker = stack.use(await embeddedBroker());
    const host = stack.use(await SparkplugHost.at(broker.port, 'street'));
    const one = stack.use(agent(configOf(broker.port)));
    await until(() => one.pump.tally().connected, 'the link');
    one.describe('new', { ...METER, brand: 'Another' });
    one.read('telemetry', { value: 5 });
    await until(() => host.report().records === 1, 'data');
    expect(host.verbs()).toEqual([
      'NBIRTH',
      'DBIRTH meter-1',
      'DBIRTH lamp-1',
      'DBIRTH meter-1',
      'DDATA meter-1',
    ]);
    const brand = host
      .of('DBIRTH', 'meter-1')
      .map(({ metrics }) => metrics.find(({ name }) => name === 'Properties/Brand')?.value);
    expect(brand).toEqual(['Eastron', 'Another']);
  });
});

describe('a server that refuses', () => {
  it('a subscription is left with a word of what to do', async () => {
    const refuse = {
      authorizeSubscribe: (_: unknown, __: unknown, done: (error: null, granted: null) => void) =>
        done(null, null),
    };
    const broker = stack.use(await embeddedBroker(refuse));
    const one = stack.use(agent(configOf(broker.port)));
    await until(() => one.states.some(({ error }) => error !== undefined), 'an answer');
    const error = one.states.find((state) => state.error !== undefined)?.error;
    expect(error?.code).toBe('broker-refused');
    expect(error?.fix).toContain('Allow this client to subscribe');
  });
});

const path = program('mosquitto');
describe.skipIf(path === undefined)('a server with small packets', () => {
  it('that a birth does not fit in is left with a word of what to do', async () => {
    const broker = stack.use(await mosquitto(path ?? '', ['max_packet_size 600']));
    const one = stack.use(agent(configOf(broker.port)));
    await until(() => one.states.some(({ error }) => error !== undefined), 'an answer');
    const error = one.states.find((state) => state.error !== undefined)?.error;
    expect(error?.message).toContain('publish to spBv1.0/street/NBIRTH/pole-1 failed');
    expect(error?.fix).toContain('larger packets');
  });
});
