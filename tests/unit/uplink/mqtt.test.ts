import { describe, expect, it } from 'vitest';
import type { Command, CommandResult } from '../../../agent/core/command.ts';
import type { Log } from '../../../agent/core/log.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Description, MqttUplinkConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/system-clock.ts';
import type { UplinkContext } from '../../../agent/core/uplink.ts';
import { mqtt } from '../../../agent/uplink/mqtt/index.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';

const METER: Description = {
  device: 'meter-1',
  title: { en: 'Feeder meter', zh: '进线电表' },
  class: 'electricity-meter',
  brand: 'eastron',
  model: 'SDM630',
  asset: '310000-XX-0001',
  position: { lat: 31.2304, lon: 121.4737, datum: 'WGS84' },
  points: [
    {
      id: 'energy',
      title: { en: 'Energy', zh: '电能' },
      type: 'number',
      unit: 'kW.h',
      decimals: 2,
      range: [0, 999_999],
      access: 'read',
      aggregation: 'counter',
      lane: 'meter',
    },
  ],
};

function configOf(port: number, more: Partial<MqttUplinkConfig> = {}): MqttUplinkConfig {
  return {
    id: 'city',
    kind: 'mqtt',
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'pole-1',
    keepAlive: 30_000,
    inFlight: 16,
    maxMessage: 131_072,
    replayRate: 0,
    ...more,
  };
}

interface Agent extends AsyncDisposable {
  readonly log: MemoryLog;
  readonly commands: Command[];
  readonly said: { event: string; facts: unknown }[];
  wake(): void;
}

function agent(config: MqttUplinkConfig): Agent {
  const log = new MemoryLog();
  const clock = new SystemClock();
  const commands: Command[] = [];
  const said: Agent['said'] = [];
  const tell = (event: string, facts?: unknown) => void said.push({ event, facts });
  const listening: Log = { debug: tell, info: tell, warn: tell, error: tell, with: () => listening };
  const descriptions = [{ hash: 'd1', description: METER }];
  const context: UplinkContext = {
    site: 'demo',
    agent: 'pole-1',
    clock,
    log: listening,
    descriptions: () => descriptions,
    submit: async (command): Promise<CommandResult> => {
      commands.push(command);
      return { id: command.id, state: 'done', readback: command.value, at: Date.UTC(2027, 0, 1) };
    },
  };
  const pump = startPump({
    uplink: 'city',
    agent: 'pole-1',
    source: log,
    connect: (signal) => mqtt.connect(config, context, signal),
    clock,
    log: silent,
    inFlight: config.inFlight,
    replayRate: 0,
    backoff: { first: 20, max: 100 },
    settle: (lane, cursor) => log.store('city', lane, cursor),
  });
  return {
    log,
    commands,
    said,
    wake: () => pump.wake(),
    [Symbol.asyncDispose]: () => pump[Symbol.asyncDispose](),
  };
}

describe('MQTT uplink', () => {
  it('says who it is, describes its devices, sends its data, and says goodbye', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    {
      await using pole = agent(configOf(broker.port));
      pole.log.readings('meter', 3);
      await until(() => city.report().records === 3, 'the backlog');
      pole.log.commit('telemetry', [
        {
          kind: 'reading',
          device: 'meter-1',
          point: 'energy',
          value: null,
          unit: 'kW.h',
          quality: 'bad',
          reason: 'timeout',
          time: Date.UTC(2027, 0, 2, 3, 4, 5, 678),
          rank: 'floor',
        },
      ]);
      pole.wake();
      await until(() => city.report().records === 4, 'the live reading');
      expect(pole.said.filter(({ event }) => event === 'uplink.mqtt-3.1.1')).toHaveLength(1);
    }
    expect(city.on('/state').map(({ state, reason }) => [state, reason])).toEqual([
      ['online', undefined],
      ['offline', 'stopped'],
    ]);
    expect(city.on('demo/pole-1/describe/meter-1')).toEqual([{ v: 1, hash: 'd1', ...METER }]);
    expect(city.on('demo/pole-1/backlog/meter')[0]).toMatchObject({
      v: 1,
      agent: 'pole-1',
      epoch: 'epoch-1',
      lane: 'meter',
      stream: 'backlog',
      first: 1,
      last: 3,
      count: 3,
      prev: 0,
      omitted: [],
      descriptions: { 'meter-1': 'd1' },
    });
    expect(city.on('demo/pole-1/data/telemetry')[0]).toMatchObject({
      stream: 'live',
      records: [
        {
          seq: 1,
          device: 'meter-1',
          point: 'energy',
          value: null,
          unit: 'kW.h',
          quality: 'bad',
          reason: 'timeout',
          time: '2027-01-02T03:04:05.678Z',
          clock: 'floor',
        },
      ],
    });
    expect(city.report().balanced).toBe(true);
  });
});
