/** What riders see, over the API. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ScreenView } from '../../../agent/core/sign/screen.ts';
import { seenOf } from '../../../agent/sign/screen/seen.ts';
import { boardIn, STATES } from '../../support/sign-states.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
beforeAll(async () => {
  console_ = await openConsole();
});
afterAll(() => console_[Symbol.asyncDispose]());

const view = (name: string): ScreenView => {
  const state = STATES.find((one) => one.name === name);
  if (state === undefined) throw new Error(`no state ${name}`);
  const board = boardIn(state, ['zh-CN', 'en'], undefined);
  return {
    ...seenOf({ board, at: 0 }, 0),
    state: 'wrong',
    problems: ['stop is missing'],
    restarts: 2,
    unproven: 61_400,
    url: 'http://127.0.0.1:8082',
  };
};

test('a sign without a screen says so with the fix', async () => {
  console_.agent.seen = undefined;
  const answer = await console_.ask('/api/v1/sign/screen', { headers: await console_.login() });
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text).fix).toContain('docs/sign/screen.md');
});

test('what stands on the screen is told row by row, with what is wrong', async () => {
  const headers = await console_.login();
  console_.agent.seen = view('alerts');
  const answer = JSON.parse((await console_.ask('/api/v1/sign/screen', { headers })).text);
  expect(answer).toMatchObject({
    state: 'wrong',
    restarts: 2,
    unproven_s: 61,
    problems: ['stop is missing'],
    time: '08:31',
  });
  expect(answer.lines[0]).toMatchObject({ badge: '7', to: '火车东站 · East Railway Station' });
  expect(answer.lines[0].times[0]).toEqual({ state: 'live', text: '3 分钟 min 还有2站 2 stops away' });
  expect(answer.lines[2].note).toContain('本站暂不停靠');
  expect(answer.notices[0].text).toContain('本站临时南移80米');
  console_.agent.seen = view('takeover');
  const covered = JSON.parse((await console_.ask('/api/v1/sign/screen', { headers })).text);
  expect(covered.cover).toContain('请立即离开车站区域');
});

test('nobody sees it without being known', async () => {
  expect((await console_.ask('/api/v1/sign/screen')).status).toBe(401);
});
