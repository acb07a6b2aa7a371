/** Several servers and one primary host: where it is not online, the node does not stay. */
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, embeddedBroker } from '../../../support/brokers.ts';
import { until } from '../../../support/mqtt-receiver.ts';
import { MqttTap } from '../../../support/mqtt-tap.ts';
import { SparkplugHost } from '../../../support/sparkplug-host.ts';
import { agent, configOf } from './street.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function site(): Promise<{ broker: EmbeddedBroker; tap: MqttTap; host: SparkplugHost }> {
  const broker = stack.use(await embeddedBroker());
  const tap = stack.use(await MqttTap.to(broker.port));
  return { broker, tap, host: stack.use(await SparkplugHost.at(broker.port, 'street')) };
}

describe('several servers', () => {
  it('walks on from a server where the host is not online', async () => {
    const [a, b] = [await site(), await site()];
    await b.host.state('scada', true, 1000);
    const fallbacks = [`mqtt://127.0.0.1:${b.tap.port}`];
    const one = stack.use(agent(configOf(a.tap.port, { primaryHost: 'scada', fallbacks, hostWait: 200 })));
    one.read('telemetry', { value: 1 });
    await until(() => b.host.report().records === 1, 'data at the second server');
    expect(a.host.of('NBIRTH')).toEqual([]);
    expect(a.host.of('NDEATH').length).toBeGreaterThan(0);
    for (const { tap } of [a, b]) {
      const asked = tap
        .sent('subscribe')
        .flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic));
      expect(asked).toContain('spBv1.0/STATE/scada');
    }
    expect(one.states.some(({ remark = '' }) => remark.includes('waits for primary host scada'))).toBe(true);
    await until(
      () => one.states.at(-1)?.remark?.includes(`at broker mqtt://127.0.0.1:${b.tap.port}`) === true,
      'health',
    );
  });

  it('leaves a server whose host goes offline for the next one', async () => {
    const [a, b] = [await site(), await site()];
    await a.host.state('scada', true, 1000);
    await b.host.state('scada', true, 1000);
    const fallbacks = [`mqtt://127.0.0.1:${b.tap.port}`];
    const one = stack.use(agent(configOf(a.tap.port, { primaryHost: 'scada', fallbacks })));
    one.read('telemetry', { value: 1 });
    await until(() => one.pump.tally().settled === 1, 'data at the first server');
    await a.host.state('scada', false, 1000);
    await until(() => a.host.of('NDEATH').length === 1, 'the goodbye');
    one.read('telemetry', { value: 2 });
    await until(() => b.host.report().records === 1, 'data at the second server');
    const bdSeq = (host: SparkplugHost) =>
      host.of('NBIRTH')[0]?.metrics.find(({ name }) => name === 'bdSeq')?.value as number;
    expect(bdSeq(b.host)).toBeGreaterThan(bdSeq(a.host));
    await b.host.state('scada', false, 2000);
    await a.host.state('scada', true, 3000);
    await until(() => a.host.of('NBIRTH').length === 2, 'the way back');
  });

  it('is connected to one server at a time', async () => {
    const [a, b] = [await site(), await site()];
    const open = { a: 0, b: 0, most: 0 };
    const watch = (name: 'a' | 'b', broker: EmbeddedBroker) => {
      const mine = ({ id }: { id: string }) => id === 'pole-1-spb';
      broker.aedes.on('client', (client) => {
        if (mine(client)) open[name] += 1;
        open.most = Math.max(open.most, open.a + open.b);
      });
      broker.aedes.on('clientDisconnect', (client) => {
        if (mine(client)) open[name] -= 1;
      });
    };
    watch('a', a.broker);
    watch('b', b.broker);
    const fallbacks = [`mqtt://127.0.0.1:${b.tap.port}`];
    stack.use(agent(configOf(a.tap.port, { primaryHost: 'scada', fallbacks, hostWait: 100 })));
    await until(() => a.tap.connections >= 3 && b.tap.connections >= 3, 'a walk to and fro');
    expect(open.most).toBe(1);
  });
});
