/** The nodes for alarms over the agent's real API, with as much of Node-RED's runtime as they use. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { good } from '../../../agent/core/reading.ts';
import { AgentClient } from '../../../flows/nodes/kerbside-agent/client.js';
import alarmNode from '../../../flows/nodes/kerbside-alarm/kerbside-alarm.js';
import actNode from '../../../flows/nodes/kerbside-alarm-act/kerbside-alarm-act.js';
import type { Msg, Red, RedNode, Status } from '../../../flows/nodes/red.d.ts';
import { openConsole, type TestConsole } from '../console/open-console.ts';

let console_: TestConsole;
let client: AgentClient;

beforeAll(async () => {
  console_ = await openConsole();
  const token = (await console_.token('technician', 'flow')).authorization.replace('Bearer ', '');
  client = new AgentClient(console_.console.url, token);
});
afterAll(async () => {
  client.close();
  await console_[Symbol.asyncDispose]();
});

/** A node of that kind as the runtime makes it. */
function made(load: (red: Red) => void, config: object) {
  const sent: Msg[] = [];
  const states: Status[] = [];
  const listeners = new Map<string, (...args: never[]) => unknown>();
  const node = {
    id: 'n',
    on: (event: string, listener: (...args: never[]) => unknown) => void listeners.set(event, listener),
    send: (msg: Msg) => void sent.push(msg),
    status: (status: Status) => void states.push(status),
  } as unknown as RedNode;
  load({
    settings: {},
    auth: { needsPermission: () => undefined },
    nodes: {
      createNode: () => {},
      getNode: () => ({ client }) as unknown as RedNode,
      registerType: (_type, make) => make.call(node, { agent: 'a', ...config } as never),
    },
  });
  const input = (msg: Msg) =>
    new Promise<{ out: Msg | undefined; error: Error | undefined }>((resolve) => {
      let out: Msg | undefined;
      const listener = listeners.get('input') as unknown as (
        msg: Msg,
        send: (msg: Msg) => void,
        done: (error?: Error) => void,
      ) => void;
      listener(
        msg,
        (message) => {
          out = message;
        },
        (error) => resolve({ out, error }),
      );
    });
  const close = () =>
    new Promise<void>((done) => (listeners.get('close') as unknown as (d: () => void) => void)(done));
  return { sent, states, input, close };
}

const publish = (point: string, value: boolean) =>
  console_.agent.publish([good({ device: 'board', point, unit: '1' }, value, console_.clock.mono())]);

test('an alarm is a message, a flow acknowledges it, and a call for help is not the flow’s to acknowledge', async () => {
  const all = made(alarmNode, { alarm: '', priority: 'low', changes: 'all' });
  const urgent = made(alarmNode, { alarm: '', priority: 'high', changes: 'raised' });
  await vi.waitUntil(() => all.states.some(({ text }) => text === 'listening'));
  publish('cabinet-door', true);
  publish('sos-button', true);
  await vi.waitUntil(() => all.sent.length >= 2);
  expect(all.sent.slice(0, 2)).toMatchObject([
    {
      topic: 'board-cabinet-door',
      payload: 'unacknowledged',
      change: 'raised',
      priority: 'medium',
      device: 'board',
    },
    { topic: 'sos', payload: 'unacknowledged', change: 'raised', priority: 'critical' },
  ]);
  expect(urgent.sent.map(({ alarm }) => alarm)).toEqual(['sos']);

  const act = made(actNode, { alarm: '', act: 'acknowledge', note: 'seen by the flow', minutes: '60' });
  const { out, error } = await act.input({ alarm: 'board-cabinet-door' });
  expect([error, out?.payload]).toEqual([undefined, 'acknowledged']);
  await vi.waitUntil(() => all.sent.length >= 3);
  expect(all.sent[2]).toMatchObject({
    change: 'acknowledged',
    status: { acknowledged: { note: 'seen by the flow' } },
  });
  expect((await act.input({ alarm: 'sos' })).error?.message).toMatch(/^sos wants a person/);
  expect((await act.input({})).error?.message).toBe('no alarm: set it here or in msg.alarm');
  const shelve = made(actNode, { alarm: 'board-cabinet-door', act: '', note: '', minutes: '5' });
  expect((await shelve.input({ act: 'shelve', note: 'works' })).out?.payload).toBe('shelved');
  expect((await shelve.input({ act: 'dance' })).error?.message).toMatch(/^act: expected one of/);
  await all.close();
  await urgent.close();
});
