/** Devices of `updating-agent.ts` at a real broker: commands come and results and events leave as payload v1. */
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { Clock } from '../../agent/core/time/clock.ts';
import { fleetWrite } from '../../agent/update/acts.ts';
import { type UpdatingAgent, updatingAgent } from './updating-agent.ts';

export interface FleetAgent extends AsyncDisposable {
  readonly name: string;
  readonly device: UpdatingAgent;
}

export async function fleetAgent(url: string, home: string, name: string, clock: Clock): Promise<FleetAgent> {
  const root = `kerbside/v1/street/${name}`;
  const client = await connectAsync(url, { protocolVersion: 4, clientId: name, reconnectPeriod: 0 });
  client.on('error', () => {});
  let seq = 0;
  const send = (topic: string, payload: object) =>
    client.publish(`${root}/${topic}`, JSON.stringify(payload), { qos: 1 });
  const device = updatingAgent({
    dir: join(home, name),
    agent: name,
    clock,
    onEvent: ({ event, severity, body }) => {
      seq += 1;
      const records = [{ seq, event, severity, time: new Date().toISOString(), body }];
      send('data/event', {
        v: 1,
        agent: name,
        lane: 'event',
        stream: 'live',
        first: seq,
        last: seq,
        count: 1,
        records,
      });
    },
  });
  client.on('message', async (topic, bytes) => {
    const { id, value, issuer } = JSON.parse(bytes.toString('utf8')) as Record<
      'id' | 'value' | 'issuer',
      string
    >;
    const acts = {
      updates: device.updates,
      restart: async () => undefined,
      trace: async () => undefined,
      diagnose() {},
    };
    const point = topic.split('/').at(-1) ?? '';
    const outcome = await fleetWrite(acts, clock, { point, value, issuer });
    const result =
      outcome.kind === 'done'
        ? { state: 'done' }
        : { state: 'rejected', code: 'device-refused', reason: outcome.reason };
    send(`cmd/${id}/result`, { v: 1, id, ...result });
  });
  await client.subscribeAsync(`${root}/cmd/agent/+`, { qos: 1 });
  return {
    name,
    device,
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      await client.endAsync(true);
    },
  };
}
