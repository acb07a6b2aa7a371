import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { Message } from '../../../agent/core/uplink.ts';
import { mqtt } from '../../../agent/uplink/mqtt/index.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { scriptedBroker } from '../../support/scripted-broker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { agent, configOf, METER } from './mqtt-agent.ts';

const pem = (name: string) => readFileSync(new URL(`../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');

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

  it('publishes a changed description before the data that name it', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    await using pole = agent(configOf(broker.port));
    pole.log.readings('meter', 1);
    await until(() => city.report().records === 1, 'the first reading');
    pole.describe('d2', { ...METER, asset: '310000-XX-0002' });
    pole.log.readings('meter', 1);
    pole.wake();
    await until(() => city.report().records === 2, 'the second reading');
    const heard = city.heard.filter(({ topic }) => /meter(-1)?$/.test(topic));
    expect(heard.map(({ topic }) => topic.split('/').slice(4).join('/'))).toEqual([
      'describe/meter-1',
      'backlog/meter',
      'describe/meter-1',
      'data/meter',
    ]);
    expect(heard[2]?.payload).toMatchObject({ hash: 'd2', asset: '310000-XX-0002' });
    expect(heard[3]?.payload).toMatchObject({ descriptions: { 'meter-1': 'd2' } });
  });

  it('leaves its will as offline where the link is lost', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port, '+/+/+/+/state');
    await using proxy = await TcpProxy.to(broker.port);
    await using _pole = agent(configOf(proxy.port));
    await until(() => city.on('/state').length === 1, 'online');
    proxy.away();
    await until(() => city.on('/state').length === 2, 'the will');
    expect(city.on('/state')[1]).toEqual({
      v: 1,
      state: 'offline',
      site: 'demo',
      agent: 'pole-1',
      reason: 'link-lost',
    });
    proxy.back();
    await until(() => city.on('/state').length === 3, 'the return');
    await using late = await MqttReceiver.at(broker.port, '+/+/+/+/state');
    await until(() => late.heard.length === 1, 'the retained state');
    expect(late.heard[0]).toMatchObject({ retained: true, payload: { state: 'online' } });
  });

  it('repeats gap records on a topic of their own', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    await using pole = agent(configOf(broker.port));
    pole.log.readings('telemetry', 20);
    pole.log.readings('telemetry', 20);
    pole.log.dropOldest('telemetry', 1);
    pole.wake();
    await until(() => city.on('/gap').length > 0, 'the gap');
    expect(city.on('/gap')[0]).toMatchObject({
      v: 1,
      agent: 'pole-1',
      epoch: 'epoch-1',
      seq: 1,
      gap: { lane: 'telemetry', from: 1, to: 20, reason: 'retention' },
    });
  });

  it('hears the time of the city, and no retained one', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    const tell = (time: number, retain = false) =>
      city.client.publishAsync('kerbside/v1/demo/time', JSON.stringify({ time }), { qos: 1, retain });
    await tell(1_700_000_000_000, true);
    await using pole = agent(configOf(broker.port));
    await until(() => city.on('/state').length === 1, 'the agent');
    await city.client.publishAsync('kerbside/v1/demo/time', 'soon', { qos: 1 });
    // The subscription may still be on its way.
    await until(() => {
      void tell(1_800_000_000_000);
      return pole.times.length > 0;
    }, 'the time');
    expect(new Set(pole.times)).toEqual(new Set([1_800_000_000_000]));
  });

  it('takes commands, answers each, and ignores retained and foreign ones', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    const { client } = city;
    const root = 'kerbside/v1/demo/pole-1/cmd';
    const command = (id: string) =>
      JSON.stringify({ id, value: 40, issued: '2027-01-01T00:00:00Z', expires: '2027-01-01T00:01:00+00:00' });
    await client.publishAsync(`${root}/lamp/level`, command('stale'), { qos: 1, retain: true });
    await using pole = agent(configOf(broker.port));
    await until(() => city.on('/state').length === 1, 'the agent');
    const send = (topic: string, payload: string | Buffer) => client.publishAsync(topic, payload, { qos: 1 });
    await until(
      () => pole.said.some(({ event }) => event === 'uplink.command-ignored'),
      'the retained command',
    );
    await send(
      `${root}/lamp/level`,
      JSON.stringify({ ...JSON.parse(command('c-1')), issuer: 'duty officer', lease: 60_000, more: 1 }),
    );
    await send(`${root}/lamp/level`, '{"id":"c-2","value":{"a":1},"issued":1,"expires":2}');
    await send(`${root}/lamp/level`, Buffer.alloc(20_000, 0x5b));
    await send(`${root}/lamp/level`, Buffer.from([0xff, 0xfe, 0x7b]));
    await send(`${root}/lamp`, command('c-3'));
    await send(`${root}/bad device/level`, command('c-4'));
    await send(`${root}/__proto__/constructor`, command('c-5'));
    await until(() => city.on('c-5/result').length === 1, 'the last result');
    expect(pole.commands).toEqual([
      {
        id: 'c-1',
        device: 'lamp',
        point: 'level',
        value: 40,
        issuer: 'uplink:city/duty officer',
        issued: Date.UTC(2027, 0, 1),
        expires: Date.UTC(2027, 0, 1, 0, 1),
        lease: 60_000,
      },
    ]);
    expect(city.on('c-1/result')).toEqual([
      { v: 1, id: 'c-1', state: 'done', readback: 40, at: '2027-01-01T00:00:00.000Z' },
    ]);
    for (const id of ['c-2', 'c-4', 'c-5']) {
      expect(city.on(`${id}/result`)[0]).toMatchObject({ v: 1, id, state: 'rejected', code: 'malformed' });
    }
    expect(city.on('c-3/result')).toEqual([]);
  });

  it('keeps below the limits that the broker names', async () => {
    await using broker = await scriptedBroker({ receiveMaximum: 2, maximumPacketSize: 2000 });
    await using city = await MqttReceiver.at(broker.port);
    await using pole = agent(configOf(broker.port));
    pole.log.readings('telemetry', 300);
    pole.wake();
    await until(() => city.report().records === 300, 'all records');
    expect(broker.mostUnderWay).toBeLessThanOrEqual(2);
    expect(broker.largest).toBeLessThan(2000);
    expect(broker.largest).toBeGreaterThan(800);
    expect(pole.said.some(({ event }) => event === 'uplink.mqtt-3.1.1')).toBe(false);
  });

  it('keeps what a quota turns down and sends it again', async () => {
    let quota = 3;
    await using broker = await scriptedBroker();
    broker.script.puback = ({ topic }) => (topic.includes('/backlog/') && quota-- > 0 ? 0x97 : 0);
    await using city = await MqttReceiver.at(broker.port);
    await using pole = agent(configOf(broker.port));
    pole.log.readings('telemetry', 10);
    pole.pump.wake();
    await until(() => city.report().records === 10, 'all records');
    await until(() => pole.pump.tally().settled === 10, 'acknowledgements');
    expect(pole.pump.tally()).toMatchObject({ refused: 0 });
    expect(pole.said.filter(({ event }) => event === 'uplink.refused')).toHaveLength(1);
  });

  it('gives up a broker that takes messages and never acknowledges, after 30 s', async () => {
    await using broker = await scriptedBroker();
    broker.script.puback = ({ topic }) => (topic.includes('/data/') ? 'nothing' : 0);
    const clock = new VirtualClock();
    const context = {
      site: 'demo',
      agent: 'pole-1',
      clock,
      log: silent,
      descriptions: () => [],
      submit: async () => Promise.reject(new Error('no commands here')),
    };
    const never = new AbortController().signal;
    const session = await mqtt.connect(configOf(broker.port), context, never);
    const lost = expect(session.closed).rejects.toMatchObject({ code: 'link-lost' });
    const alarm = (stream: 'live' | 'backlog'): Message => ({
      envelope: {
        v: 1,
        agent: 'pole-1',
        epoch: 'e',
        lane: 'alarm',
        stream,
        first: 1,
        last: 1,
        count: 1,
        prev: 0,
        omitted: [],
      },
      records: [{ kind: 'event', seq: 1, event: 'alarm', severity: 'alarm', time: 0, rank: 'ntp', body: {} }],
    });
    // Its acknowledgement comes behind those of state and description.
    expect(await session.deliver(alarm('backlog'), never)).toEqual({ kind: 'accepted' });
    const delivery = session.deliver(alarm('live'), never);
    await clock.advance(30_000);
    expect(await delivery).toEqual({ kind: 'keep', reason: 'no PUBACK within 30 s' });
    await lost;
    await session[Symbol.asyncDispose]();
  });

  it('verifies the broker and shows its own certificate', async () => {
    const tls = { key: pem('broker-key'), cert: pem('broker'), ca: pem('ca'), requestCert: true };
    await using broker = await embeddedBroker({}, { ...tls, rejectUnauthorized: true });
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const context = {
      site: 'demo',
      agent: 'pole-1',
      clock: new SystemClock(),
      log: silent,
      descriptions: () => [],
      submit: async () => Promise.reject(new Error('no commands here')),
    };
    const signal = new AbortController().signal;
    const ours = { cert: pem('client'), key: pem('client-key') };
    const session = await mqtt.connect(configOf(0, { url, ca: pem('ca'), ...ours }), context, signal);
    await session[Symbol.asyncDispose]();
    await expect(mqtt.connect(configOf(0, { url, ...ours }), context, signal)).rejects.toMatchObject({
      code: 'auth-failed',
      fix: expect.stringContaining('ca'),
    });
    const stranger = { cert: pem('stranger'), key: pem('stranger-key') };
    await expect(
      mqtt.connect(configOf(0, { url, ca: pem('ca'), ...stranger }), context, signal),
    ).rejects.toMatchObject({ name: 'AgentError' });
  });

  it('says that user name or password are wrong, and never shows them', async () => {
    await using broker = await embeddedBroker({
      authenticate: (_, user, password, done) =>
        done(null, user === 'pole' && password?.toString() === 'sesame'),
    });
    await using right = agent(configOf(broker.port, { username: 'pole', password: 'sesame' }));
    await until(() => right.pump.tally().connected, 'the right one');
    const url = `mqtt://pole:hush@127.0.0.1:${broker.port}`;
    await using wrong = agent(configOf(broker.port, { url, clientId: 'pole-2' }));
    await until(() => wrong.said.some(({ event }) => event === 'uplink.down'), 'the wrong one');
    const said = JSON.stringify(wrong.said);
    expect(said).toContain('Not authorized');
    expect(said).not.toContain('hush');
  });

  it('outlives a broker that talks nonsense', async () => {
    const seed = 20270104;
    for (const [index, bytes] of fc
      .sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), { seed, numRuns: 25 })
      .entries()) {
      await using broker = await scriptedBroker({ garbage: () => bytes });
      const abort = new AbortController();
      const clock = new VirtualClock();
      const context = {
        site: 'demo',
        agent: 'pole-1',
        clock,
        log: silent,
        descriptions: () => [{ hash: 'h', description: METER }],
        submit: async () => Promise.reject(new Error('no commands here')),
      };
      const outcome = mqtt.connect(configOf(broker.port), context, abort.signal).then(
        (session) => session[Symbol.asyncDispose](),
        (error: unknown) => expect(error, `seed ${seed}, run ${index}`).toMatchObject({ name: 'AgentError' }),
      );
      await Promise.race([outcome, once(AbortSignal.timeout(100), 'abort')]);
      abort.abort(new Error('enough'));
      await clock.advance(2000);
      await outcome;
    }
  });
});
