/** Alarms over the API: who may do what, and what they read. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiAlarms } from '../../../agent/console/api/alarm-contract.ts';
import { good } from '../../../agent/core/reading.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let technician: Record<string, string>;
let viewer: Record<string, string>;
let flow: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  technician = await console_.login('technician');
  viewer = await console_.login('viewer');
  flow = await console_.token('technician', 'rule');
});
afterAll(() => console_[Symbol.asyncDispose]());

const publish = (point: string, value: boolean) =>
  console_.agent.publish([good({ device: 'board', point, unit: '1' }, value, console_.clock.mono())]);
const act = async (alarm: string, body: object, headers = technician) => {
  const { status, text } = await console_.post(`/api/v1/alarms/${alarm}/acts`, body, headers);
  return { status, body: JSON.parse(text) };
};
const list = async (): Promise<ApiAlarms> =>
  JSON.parse((await console_.ask('/api/v1/alarms', { headers: viewer })).text);
const stateOf = async (alarm: string) =>
  (await list()).alarms.find(({ status }) => status.alarm === alarm)?.status.state;

beforeEach(async () => {
  publish('cabinet-door', false);
  publish('sos-button', false);
  await act('board-cabinet-door', { act: 'acknowledge', name: 'Li Wei' });
  await act('sos', { act: 'reset', name: 'Li Wei' });
});

describe('alarms', () => {
  test('are listed with what to do and how they stand', async () => {
    publish('cabinet-door', true);
    const { alarms, counts } = await list();
    expect(alarms.map(({ status }) => status.alarm)).toEqual(['board-cabinet-door', 'sos', 'alarm-flood']);
    expect(alarms[0]).toMatchObject({
      title: { zh: '灯控板：柜门打开' },
      advice: { en: 'Is somebody expected to work there?' },
      acknowledged_by: 'anyone',
      shelving_s: 28_800,
      button: false,
      status: { state: 'unacknowledged', point: 'cabinet-door', value: true, priority: 'medium' },
    });
    expect(alarms[1]).toMatchObject({
      button: true,
      latching: true,
      acknowledged_by: 'person',
      shelving_s: 0,
    });
    expect(counts).toMatchObject({ standing: 1, unacknowledged: 1 });
  });

  test('are acknowledged with name and note, by who may', async () => {
    publish('cabinet-door', true);
    expect((await act('board-cabinet-door', { act: 'acknowledge', name: 'Li' }, viewer)).status).toBe(403);
    expect(await act('board-cabinet-door', { act: 'acknowledge' })).toMatchObject({
      status: 400,
      body: { detail: 'body.name: the name of the person is needed' },
    });
    expect(
      await act('board-cabinet-door', { act: 'acknowledge', name: 'Li Wei', note: 'on my way' }),
    ).toMatchObject({
      status: 200,
      body: {
        state: 'acknowledged',
        acknowledged: { by: 'console:technician', name: 'Li Wei', note: 'on my way' },
      },
    });
    expect(await act('board-cabinet-door', { act: 'acknowledge', name: 'Li Wei' })).toMatchObject({
      status: 409,
      body: { code: 'wrong-state' },
    });
    expect((await act('nothing', { act: 'acknowledge', name: 'Li Wei' })).status).toBe(404);
  });

  test('a flow may acknowledge a door, and never a call for help', async () => {
    publish('cabinet-door', true);
    publish('sos-button', true);
    expect((await act('board-cabinet-door', { act: 'acknowledge' }, flow)).status).toBe(200);
    expect(await act('sos', { act: 'acknowledge', name: 'a rule' }, flow)).toMatchObject({
      status: 403,
      body: { code: 'not-allowed' },
    });
    expect((await act('sos', { act: 'reset', name: 'Li Wei' }, viewer)).status).toBe(403);
    expect((await act('sos', { act: 'acknowledge', name: 'Li Wei' })).status).toBe(200);
    publish('sos-button', false);
    expect(await stateOf('sos')).toBe('latched');
    expect((await act('sos', { act: 'reset', name: 'Li Wei' })).status).toBe(200);
    expect(await stateOf('sos')).toBe('normal');
  });

  test('are shelved for a while with a reason, within what is allowed', async () => {
    publish('cabinet-door', true);
    const shelve = { act: 'shelve', name: 'Li Wei', for_s: 600 };
    expect((await act('board-cabinet-door', shelve)).status).toBe(400);
    expect((await act('board-cabinet-door', { ...shelve, note: 'works', for_s: 86_400 })).status).toBe(403);
    expect(await act('board-cabinet-door', { ...shelve, note: 'works' })).toMatchObject({
      status: 200,
      body: { state: 'shelved', shelved: { note: 'works', until: expect.any(Number) } },
    });
    expect((await act('board-cabinet-door', { act: 'unshelve', name: 'Li Wei' })).status).toBe(200);
  });

  test('of a help button are tested by who may', async () => {
    const ask = async (headers: Record<string, string>, sos = 'sos') =>
      (await console_.post(`/api/v1/sos/${sos}/test`, {}, headers)).status;
    expect([await ask(viewer), await ask(technician), await ask(technician, 'none')]).toEqual([
      403, 200, 404,
    ]);
  });

  test('are counted for Prometheus', async () => {
    publish('cabinet-door', true);
    const { text } = await console_.ask('/metrics', { headers: flow });
    expect(text).toContain('kerbside_alarms{state="standing"} 1\n');
    expect(text).toMatch(/kerbside_alarms_raised_total \d+\n/);
    expect(text).toContain('kerbside_alarm_flood 0\n');
  });
});
