/** Whether a broker keeps agents apart: none can speak for another, and none hears what another is told. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { expect } from 'vitest';
import { RECEIVER } from '../../deploy/city/credentials.ts';

interface Client extends AsyncDisposable {
  readonly client: MqttClient;
  readonly heard: string[];
}

const text = (topic: string, payload: Buffer) => `${topic} ${payload.toString()}`;

/** `agents`: two ids that have accounts. `password`: by user. */
export async function expectAccess(
  url: string,
  [one, other]: readonly [string, string],
  password: (user: string) => string,
  options: IClientOptions = {},
): Promise<void> {
  const root = 'kerbside/v1/city';
  const open = async (user: string, topics: readonly string[], as = user): Promise<Client> => {
    const client = await connectAsync(
      url,
      {
        protocolVersion: 4,
        reconnectPeriod: 0,
        clientId: `access-${as}`,
        username: user,
        password: password(user),
        ...options,
      },
      false,
    );
    client.on('error', () => {});
    const heard: string[] = [];
    client.on('message', (topic, payload, { retain }) => {
      if (!retain) heard.push(text(topic, payload));
    });
    // Some brokers refuse what is not allowed, others grant it and deliver nothing.
    for (const topic of topics) await client.subscribeAsync(topic, { qos: 1 }).catch(() => {});
    return { client, heard, [Symbol.asyncDispose]: () => client.endAsync(true) };
  };
  await using receiver = await open(RECEIVER, [`${root}/#`]);
  await using mine = await open(one, [
    `${root}/${one}/cmd/+/+`,
    `${root}/${one}/generation`,
    `${root}/${other}/cmd/+/+`,
    `${root}/${other}/#`,
    '#',
    `${root}/time`,
  ]);
  await using theirs = await open(other, [`${root}/${other}/cmd/+/+`]);

  // A broker of MQTT 3.1.1 cannot say no to a publish: it acknowledges (NATS) or ends the connection (mosquitto 2.0.11).
  for (const [topic, retain = false] of [
    ...['data/telemetry', 'backlog/alarm', 'gap', 'describe/meter'].map(
      (name) => [`${root}/${other}/${name}`] as const,
    ),
    [`${root}/${other}/state`, true],
    [`${root}/${other}/generation`, true],
    [`${root}/${other}/cmd/lamp/level`],
    [`${root}/${one}/cmd/lamp/level`],
    [`${root}/time`],
  ] as const) {
    await using forger = await open(one, [], 'forger');
    const ended = new Promise<void>((resolve) => forger.client.once('close', resolve));
    await Promise.race([
      forger.client.publishAsync(topic, 'forged', { qos: 1, retain }).catch(() => {}),
      ended,
    ]);
  }
  // Behind them: when it is there, they would be.
  const own = `${root}/${one}/data/telemetry`;
  await mine.client.publishAsync(`${root}/${one}/generation`, 'own', { qos: 1 });
  await mine.client.publishAsync(own, 'own', { qos: 1 });
  await receiver.client.publishAsync(`${root}/${other}/cmd/lamp/level`, 'for the other', { qos: 1 });
  await receiver.client.publishAsync(`${root}/${one}/cmd/lamp/level`, 'for one', { qos: 1 });
  await expect.poll(() => receiver.heard.join('; '), { timeout: 15_000 }).toContain(`${own} own`);
  await expect
    .poll(() => theirs.heard, { timeout: 15_000 })
    .toEqual([`${root}/${other}/cmd/lamp/level for the other`]);
  await receiver.client.publishAsync(`${root}/time`, 'now', { qos: 1 });
  await expect
    .poll(() => mine.heard, { timeout: 15_000 })
    .toEqual([`${root}/${one}/generation own`, `${root}/${one}/cmd/lamp/level for one`, `${root}/time now`]);
  expect(receiver.heard.filter((line) => line.includes('forged'))).toEqual([]);

  const wrong = connectAsync(
    url,
    {
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...options,
      clientId: 'access-wrong',
      username: other,
      password: password(one),
    },
    // Or a connection that is only closed would never be told.
    false,
  );
  await expect(wrong).rejects.toThrow();
}
