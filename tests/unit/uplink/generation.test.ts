/** A unit that was replaced is refused, at real brokers and by HTTP, whatever it does; its successor is left alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiverLedger } from '../../../agent/cli/verify/ledger.ts';
import { receiveHttp } from '../../../agent/cli/verify/receive-http.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { HttpUplinkConfig } from '../../../agent/core/site.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { Machine, UplinkContext, UplinkSession } from '../../../agent/core/uplink.ts';
import { UnitFence } from '../../../agent/uplink/fence.ts';
import { http } from '../../../agent/uplink/http/index.ts';
import { readGeneration, replacedBy } from '../../../agent/uplink/mqtt/generation.ts';
import { startPump } from '../../../agent/uplink/pump.ts';
import { type Broker, embeddedBroker, mosquitto } from '../../support/brokers.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { program } from '../../support/programs.ts';
import { type Agent, agent, configOf } from './mqtt-agent.ts';

const OLD: Machine = { hardware: 'aaaa', instance: 'a1' };
const NEW: Machine = { hardware: 'bbbb', instance: 'b1', generation: 2 };

const refused = (unit: Agent) => unit.states.findLast(({ error }) => error?.code === 'replaced')?.error;

function suite(name: string, skip: boolean, open: () => Promise<Broker>): void {
  describe.skipIf(skip)(`the successor at ${name}`, () => {
    it('takes over while the old unit is online, which is silent from then on, also when the new one is away', async () => {
      await using broker = await open();
      await using city = await MqttReceiver.at(broker.port);
      await using old = agent(configOf(broker.port), OLD);
      old.log.readings('meter', 5);
      await until(() => old.pump.tally().settled === 5, 'the old unit');
      {
        await using renewed = agent(configOf(broker.port), NEW);
        renewed.log.readings('meter', 3);
        await until(() => renewed.pump.tally().settled === 3, 'the new unit');
        await until(() => refused(old) !== undefined, 'the refusal');
        expect(refused(old)?.message).toBe(
          'sending as pole-1 stopped: this unit was replaced (its generation is 1, in force is 2)',
        );
        expect(refused(old)?.fix).toContain('kerbside identity --generation 3');
        old.log.readings('meter', 4);
        old.wake();
        // A restart changes nothing.
        await using again = agent(configOf(broker.port), { ...OLD, instance: 'a2' });
        again.log.readings('meter', 9);
        await until(() => refused(again) !== undefined, 'the refusal after a restart');
        expect(renewed.states.filter(({ state }) => state === 'up').length).toBeLessThanOrEqual(2);
        await until(() => renewed.pump.tally().connected, 'the new unit');
      }
      // Nobody is online now: the old one is refused all the same.
      await using last = agent(configOf(broker.port), { ...OLD, instance: 'a3' });
      last.log.readings('meter', 9);
      await until(() => refused(last) !== undefined, 'the refusal while the new one is away');
      expect(last.pump.tally()).toMatchObject({ connected: false, settled: 0 });
      expect(old.pump.tally()).toMatchObject({ connected: false, settled: 5 });
      expect(city.on('/generation').map(({ generation, hardware }) => `${generation} ${hardware}`)).toEqual([
        '2 bbbb',
      ]);
    });

    it('is the first of two that were restored from one backup, and whoever is put above both', async () => {
      await using broker = await open();
      await using first = agent(configOf(broker.port), NEW);
      await until(() => first.pump.tally().connected, 'the first');
      await using twin = agent(configOf(broker.port), { ...NEW, hardware: 'cccc', instance: 'c1' });
      await until(() => refused(twin) !== undefined, 'the refusal');
      expect(refused(twin)?.message).toContain('another unit has its generation 2');
      expect(first.pump.tally().connected).toBe(true);
      await using above = agent(configOf(broker.port), { ...OLD, instance: 'a9', generation: 3 });
      await until(() => above.pump.tally().connected, 'the one that was put in force');
      await until(() => refused(first) !== undefined, 'the refusal of the first');
    });
  });
}

suite('the embedded broker (3.1.1)', false, () => embeddedBroker());
const path = program('mosquitto');
suite('mosquitto (5)', path === undefined, () => mosquitto(path ?? ''));

it('a broker that lets no second client id in is no way round: the old unit hears it in its session and stays away', async () => {
  let logins = 0;
  await using broker = await embeddedBroker({
    authenticate: (client, _user, _password, done) => {
      const look = client.id.endsWith('-look');
      if (client.id === 'pole-1') logins += 1;
      done(look ? Object.assign(new Error('no'), { returnCode: 2 }) : null, !look);
    },
  });
  {
    await using renewed = agent(configOf(broker.port), NEW);
    await until(() => renewed.pump.tally().connected, 'the new unit');
  }
  logins = 0;
  await using old = agent(configOf(broker.port), OLD);
  await until(() => refused(old) !== undefined, 'the refusal');
  await until(() => old.said.filter(({ event }) => event === 'uplink.down').length > 0, 'the word on it');
  expect(logins).toBe(1);
});

describe('by HTTP', () => {
  const unit = (port: number, machine: Machine, fence = new UnitFence()) => {
    const log = new MemoryLog();
    const errors: AgentError[] = [];
    const config: HttpUplinkConfig = {
      id: 'city',
      kind: 'http',
      url: `http://127.0.0.1:${port}/`,
      format: 'json',
      compression: 'none',
      timeout: 30_000,
      maxBody: 1_000_000,
      inFlight: 2,
      replayRate: 0,
    };
    const clock = new SystemClock();
    const context: UplinkContext = {
      site: 'demo',
      agent: 'pole-1',
      machine,
      fence: fence.of('city'),
      clock,
      log: silent,
      descriptions: () => [],
      submit: async ({ id }) => ({ id, state: 'done', readback: 0, at: 0 }),
    };
    const pump = startPump({
      uplink: 'city',
      agent: 'pole-1',
      source: log,
      connect: (signal) => fence.connect('city', () => http.connect(config, context, signal)),
      clock,
      log: silent,
      inFlight: 2,
      replayRate: 0,
      backoff: { first: 20, max: 100 },
      settle: (lane, cursor) => log.store('city', lane, cursor),
      onState: (_, error) => void (error === undefined || errors.push(error)),
    });
    return { log, pump, errors, [Symbol.asyncDispose]: () => pump[Symbol.asyncDispose]() };
  };

  it('the receiver answers 409 with the generation in force, and the unit is fenced in as a whole', async () => {
    const ledger = new ReceiverLedger();
    await using receiver = await receiveHttp({ port: 0, agent: '+' }, ledger);
    await using renewed = unit(receiver.port, NEW);
    renewed.log.readings('meter', 3);
    await until(() => renewed.pump.tally().settled === 3, 'the new unit');
    const fence = new UnitFence();
    await using old = unit(receiver.port, OLD, fence);
    old.log.readings('meter', 2);
    await until(() => old.errors.some(({ code }) => code === 'replaced'), 'the refusal');
    expect(old.pump.tally().settled).toBe(0);
    expect(ledger.report().replaced).toBeGreaterThan(0);
    // Another uplink of the same unit, whose protocol knows nothing of it.
    const never = new Promise<void>(() => {});
    const other = { closed: never } as unknown as UplinkSession;
    await expect(fence.connect('hj212', async () => other)).rejects.toMatchObject({ code: 'replaced' });
  });
});

it('a session that stands is lost when the fence is shut, and comes back when the same receiver opens it', async () => {
  const fence = new UnitFence();
  const never = new Promise<void>(() => {});
  const session = await fence.connect(
    'hj212',
    async () => ({ closed: never, maxBytes: 7 }) as unknown as UplinkSession,
  );
  expect(session.maxBytes).toBe(7);
  fence.of('city').shut(new AgentError('replaced', 'sending stopped'));
  await expect(session.closed).rejects.toMatchObject({ code: 'replaced' });
  fence.of('other').open();
  await expect(fence.connect('hj212', async () => session)).rejects.toMatchObject({ code: 'replaced' });
  fence.of('city').open();
  expect((await fence.connect('hj212', async () => session)).maxBytes).toBe(7);
});

it('verify tells records beyond what the successor took over', () => {
  const ledger = new ReceiverLedger();
  const message = (epoch: string, lane: string, first: number, records: object[]) =>
    ledger.take({
      v: 1,
      agent: 'pole-1',
      epoch,
      lane,
      stream: 'live',
      first,
      last: first + records.length - 1,
      count: records.length,
      prev: first - 1,
      omitted: [],
      records: records.map((one, i) => ({ seq: first + i, ...one })),
    });
  message('aaaaaaaaaaaaaaaa', 'telemetry', 1, [{ value: 1 }, { value: 2 }]);
  const body = {
    epoch: 'b'.repeat(16),
    reason: 'restored',
    previous: 'a'.repeat(16),
    heads: { telemetry: 1, event: 0 },
  };
  message('bbbbbbbbbbbbbbbb', 'event', 1, [{ event: 'epoch', body }]);
  expect(ledger.report().replaced).toBe(0);
  message('aaaaaaaaaaaaaaaa', 'telemetry', 3, [{ value: 3 }]);
  expect(ledger.report().replaced).toBe(1);
});

it('any bytes are read as a generation without throwing', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .record(
        { v: fc.jsonValue(), generation: fc.oneof(fc.integer(), fc.jsonValue()), hardware: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((one) => new TextEncoder().encode(JSON.stringify(one))),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const read = readGeneration(given);
      if (read !== undefined) expect(read.generation).toBeGreaterThan(0);
      expect(replacedBy(read, { ...OLD, generation: 1_000_000_001 }, 'pole-1')).toBeUndefined();
    }),
    { seed: 20270403, numRuns: 5000 },
  );
  const read = (value: object) => readGeneration(new TextEncoder().encode(JSON.stringify(value)));
  expect(read({ v: 1, generation: 2, hardware: 'x' })).toEqual({ generation: 2, hardware: 'x' });
  for (const wrong of [
    { v: 2 },
    { generation: 0 },
    { generation: 1.5 },
    { generation: 1e12 },
    { hardware: 5 },
  ])
    expect(read({ v: 1, generation: 2, hardware: 'x', ...wrong })).toBeUndefined();
});
