/** Several brokers, sick ones among them, and addresses of IPv6; over real sockets, in virtual time. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ReceiverLedger } from '../../../agent/cli/verify/ledger.ts';
import type { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { MqttUplinkConfig } from '../../../agent/core/site.ts';
import { RETURN_EVERY } from '../../../agent/uplink/mqtt/failover.ts';
import { mqtt } from '../../../agent/uplink/mqtt/index.ts';
import { type Pump, startPump } from '../../../agent/uplink/pump.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { scriptedBroker } from '../../support/scripted-broker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { agent, configOf } from './mqtt-agent.ts';

interface Pole extends AsyncDisposable {
  readonly log: MemoryLog;
  readonly clock: VirtualClock;
  readonly pump: Pump;
  /** What health was told. */
  readonly states: { readonly up: boolean; readonly remark?: string; readonly error?: AgentError }[];
  /** Real sockets need real time, the agent's waits need virtual time. */
  pass(met: () => boolean, what: string): Promise<void>;
}

function poleAt(config: MqttUplinkConfig): Pole {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const states: Pole['states'] = [];
  const context = {
    site: 'demo',
    agent: 'pole-1',
    clock,
    log: silent,
    descriptions: () => [],
    submit: async () => Promise.reject(new Error('no commands here')),
  };
  const pump = startPump({
    uplink: 'city',
    agent: 'pole-1',
    source: log,
    connect: (signal) => mqtt.connect(config, context, signal),
    clock,
    log: silent,
    inFlight: 4,
    replayRate: 0,
    settle: (lane, cursor) => log.store('city', lane, cursor),
    onState: (state, error, remark) =>
      states.push({
        up: state === 'up',
        ...(error === undefined ? {} : { error }),
        ...(remark === undefined ? {} : { remark }),
      }),
  });
  return {
    log,
    clock,
    pump,
    states,
    pass: async (met, what) => {
      let passing = Promise.resolve();
      await until(() => {
        passing = passing.then(() => clock.advance(20));
        return met();
      }, what);
      await passing;
    },
    [Symbol.asyncDispose]: async () => {
      const stopped = pump[Symbol.asyncDispose]();
      await clock.advance(2000);
      await stopped;
    },
  };
}

/** The books of a city that listens at all of them. */
function report(...receivers: readonly MqttReceiver[]) {
  const ledger = new ReceiverLedger({ complete: true });
  for (const { heard } of receivers) {
    for (const { topic, payload } of heard) if (/\/(data|backlog)\//.test(topic)) ledger.take(payload);
  }
  return ledger.report();
}

describe('several brokers', () => {
  it('go on at the next where one fails, and come back to the first after a while', async () => {
    await using first = await embeddedBroker();
    await using second = await embeddedBroker();
    await using link = await TcpProxy.to(first.port);
    await using one = await MqttReceiver.at(first.port);
    await using two = await MqttReceiver.at(second.port);
    await using pole = poleAt(
      configOf(link.port, { fallbacks: ['mqtt://127.0.0.1:1', `mqtt://127.0.0.1:${second.port}`] }),
    );
    pole.log.readings('telemetry', 50);
    await pole.pass(() => pole.pump.tally().settled === 50, 'the first broker');
    link.away();
    await pole.pass(() => pole.states.filter(({ up }) => up).length === 2, 'the second broker');
    pole.log.readings('telemetry', 50);
    pole.pump.wake();
    await pole.pass(() => pole.pump.tally().settled === 100, 'acknowledgements of the second');
    expect(pole.states.at(-1)?.remark).toBe(
      `at broker mqtt://127.0.0.1:${second.port}, because mqtt://127.0.0.1:${link.port} failed`,
    );
    // It is looked for in vain as long as it is away.
    const { connections } = link;
    await pole.clock.advance(RETURN_EVERY);
    await until(() => link.connections > connections, 'a look');
    expect(pole.states.filter(({ up }) => up)).toHaveLength(2);
    link.back();
    await pole.clock.advance(RETURN_EVERY);
    await pole.pass(() => pole.states.filter(({ up }) => up).length === 3, 'the first broker again');
    expect(pole.states.at(-1)).toEqual({ up: true });
    pole.log.readings('telemetry', 50);
    pole.pump.wake();
    await pole.pass(() => pole.pump.tally().settled === 150, 'acknowledgements of the first');
    await until(() => report(one, two).records === 150, 'all records');
    // The books are read one broker after the other, so order says nothing here.
    expect(report(one, two)).toMatchObject({ missing: 0, awaited: 0, conflicts: 0, broken: 0 });
    expect(two.on('/state').map(({ state }) => state)).toEqual(['online', 'offline']);
  });

  it('leave a broker that takes messages and never acknowledges, and say so', async () => {
    await using sick = await scriptedBroker();
    sick.script.puback = ({ topic }) => (/\/(data|backlog)\//.test(topic) ? 'nothing' : 0);
    await using sound = await embeddedBroker();
    await using city = await MqttReceiver.at(sound.port);
    await using pole = poleAt(configOf(sick.port, { fallbacks: [`mqtt://127.0.0.1:${sound.port}`] }));
    pole.log.readings('telemetry', 20);
    await pole.pass(() => pole.states.some(({ up }) => up), 'the sick broker');
    await pole.clock.advance(30_000);
    await pole.pass(() => pole.pump.tally().settled === 20, 'the sound broker');
    const down = pole.states.find(({ up }) => !up);
    expect(down?.error?.message).toContain('no PUBACK within 30 s');
    expect(down?.error?.fix).toContain('acknowledges none');
    await until(() => city.report().records === 20, 'all records');
    expect(city.report()).toMatchObject({ balanced: true });
  });
});

const sixth = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
describe.skipIf(!sixth)('an address of IPv6', () => {
  it('is that of a broker', async () => {
    await using broker = await embeddedBroker({}, undefined, '::1');
    await using city = await MqttReceiver.at(broker.port, 'kerbside/v1/#', '[::1]');
    await using pole = agent(configOf(0, { url: `mqtt://[::1]:${broker.port}` }));
    pole.log.readings('telemetry', 10);
    await until(() => city.report().records === 10, 'all records');
    await until(() => pole.pump.tally().settled === 10, 'acknowledgements');
    expect(city.report()).toMatchObject({ balanced: true });
  });
});
