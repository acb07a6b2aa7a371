/** The same agent on two machines: the copy is noticed, says so and publishes nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../agent/core/uplink.ts';
import { isRival, readClaim } from '../../../agent/uplink/mqtt/guard.ts';
import { type Broker, embeddedBroker, mosquitto } from '../../support/brokers.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { program } from '../../support/programs.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { type Agent, agent, configOf } from './mqtt-agent.ts';

const original: Machine = { hardware: 'aaaa', instance: 'a1' };
const copy: Machine = { hardware: 'bbbb', instance: 'b1' };

const stopped = (pole: Agent) => pole.states.findLast(({ error }) => error?.code === 'address-taken')?.error;

function suite(name: string, skip: boolean, open: () => Promise<Broker>): void {
  describe.skipIf(skip)(`identity at ${name}`, () => {
    it('is the first one’s: a copy finds it online and stays away without throwing it out', async () => {
      await using broker = await open();
      await using city = await MqttReceiver.at(broker.port);
      {
        await using first = agent(configOf(broker.port), original);
        first.log.readings('meter', 5);
        await until(() => first.pump.tally().settled === 5, 'the original');
        await using second = agent(configOf(broker.port), copy);
        second.log.readings('meter', 9);
        await until(() => stopped(second) !== undefined, 'the copy');
        expect(stopped(second)?.message).toContain('publishing as pole-1 stopped: another machine is online');
        expect(stopped(second)?.fix).toContain('kerbside/v1/demo/pole-1/state');
        first.log.readings('meter', 1);
        first.wake();
        await until(() => first.pump.tally().settled === 6, 'the original');
        expect(first.states).toEqual([{ state: 'up' }]);
        expect(second.pump.tally()).toMatchObject({ connected: false, settled: 0 });
        // An acknowledgement may overtake the message on its way to the receiver.
        await until(() => city.report().records === 6, 'the records at the receiver');
        expect(city.report()).toMatchObject({ records: 6, conflicts: 0 });
        // The original says goodbye: whoever has its id now may speak.
        await first[Symbol.asyncDispose]();
        await until(() => second.pump.tally().connected, 'the other machine');
      }
      expect(city.on('/state').map(({ state, hardware }) => `${state} ${hardware}`)).toEqual([
        'online aaaa',
        'offline aaaa',
        'online bbbb',
        'offline bbbb',
      ]);
    });

    it('is not fought over: where a copy came while the original was cut off, one of them stops', async () => {
      await using broker = await open();
      await using link = await TcpProxy.to(broker.port);
      await using first = agent(configOf(link.port), original);
      await until(() => first.pump.tally().connected, 'the original');
      link.away();
      await until(() => !first.pump.tally().connected, 'the cut');
      await using city = await MqttReceiver.at(broker.port, '+/+/+/+/state');
      await until(() => city.on('/state').some(({ state }) => state === 'offline'), 'the will');
      await using second = agent(configOf(broker.port), copy);
      await until(() => second.pump.tally().connected, 'the copy');
      link.back();
      await until(() => (stopped(first) === undefined) !== (stopped(second) === undefined), 'one that stops');
      const loser = stopped(first) === undefined ? second : first;
      const winner = loser === first ? second : first;
      await until(() => winner.pump.tally().connected, 'the other');
      const { length } = winner.states;
      await new Promise((done) => setTimeout(done, 1500));
      expect(winner.states).toHaveLength(length);
      expect(loser.pump.tally().connected).toBe(false);
    });

    it('goes on after a crash of its own, and stops where a twin on the same hardware took over', async () => {
      await using broker = await open();
      await using first = agent(configOf(broker.port), original);
      await until(() => first.pump.tally().connected, 'the first');
      await using second = agent(configOf(broker.port), { ...original, instance: 'a2' });
      await until(() => second.pump.tally().connected, 'the second, which may be the first after a crash');
      await until(() => stopped(first) !== undefined, 'the end of the first');
      await new Promise((done) => setTimeout(done, 500));
      expect(second.pump.tally().connected).toBe(true);
      expect(first.pump.tally().connected).toBe(false);
    });
  });
}

suite('the embedded broker (3.1.1)', false, () => embeddedBroker());
const path = program('mosquitto');
suite('mosquitto (5)', path === undefined, () => mosquitto(path ?? ''));

describe('a claim', () => {
  it('is read from any bytes without throwing', () => {
    const claim = fc.record(
      {
        state: fc.oneof(fc.constantFrom('online', 'offline'), fc.jsonValue()),
        hardware: fc.jsonValue(),
        instance: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .oneof(
          fc.json(),
          claim.map((one) => JSON.stringify(one)),
        )
        .map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        const read = readClaim(given);
        if (read?.online === true) expect(new TextDecoder().decode(given)).toContain('online');
        isRival(read, original, true);
      }),
      { seed: 20270301, numRuns: 2000 },
    );
  });

  it('of an older version, or none, is nobody’s', () => {
    const read = (value: object) => readClaim(new TextEncoder().encode(JSON.stringify(value)));
    expect(isRival(read({ state: 'online' }), original, true)).toBe(false);
    expect(isRival(read({ state: 'offline', hardware: 'bbbb' }), original, true)).toBe(false);
    expect(isRival(read({ state: 'online', hardware: 'bbbb' }), original, false)).toBe(true);
    expect(isRival(undefined, original, true)).toBe(false);
  });
});
