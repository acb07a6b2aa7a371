/** The buses of a sign over the API and on the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boardText } from '../../../agent/cli/sign/arrivals.ts';
import { EIGHT, eight, SignUnderTest } from '../sign/buses.ts';
import { extract, ZONE } from '../sign/extract.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let viewer: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  viewer = await console_.login('viewer');
});
afterAll(() => console_[Symbol.asyncDispose]());

function board() {
  const sign = new SignUnderTest(extract({ starts: [EIGHT, EIGHT + 900], down: [20 * 3600] }));
  sign.drive([0, 0], [2000, 240]);
  const { rows, lines } = sign.engine.board(eight(240), true);
  return {
    at: eight(240),
    clock: 'trusted',
    version: 7,
    rows,
    lines,
    sources: [],
    timetable: 'valid',
  } as const;
}

test('an agent that is no sign says so', async () => {
  console_.agent.board = undefined;
  const answer = await console_.ask('/api/v1/sign/arrivals', { headers: viewer });
  expect([answer.status, JSON.parse(answer.text).fix]).toEqual([404, expect.stringContaining('sign:')]);
});

test('the rows with why they say what they say', async () => {
  console_.agent.board = board();
  const answer = await console_.ask('/api/v1/sign/arrivals', { headers: viewer });
  expect(answer.status).toBe(200);
  const told = JSON.parse(answer.text);
  expect(told).toMatchObject({ version: 7, timetable: 'valid' });
  expect(told.rows[0]).toMatchObject({
    lineName: { text: '7' },
    state: 'live',
    minutes: 5,
    why: { phase: 'in-progress', sources: [{ source: 'gps' }] },
  });
  expect(told.rows[1]).toMatchObject({ state: 'timetable', last: true });
});

test('as text, with the reasons and what lines without a bus do', () => {
  const text = boardText(board(), ZONE, true);
  expect(text).toMatch(/^08:04:00 {2}timetable valid\n/);
  expect(text).toMatch(/7 +东站 +5 +live +3 stops +08:10 +first +bus-1/);
  expect(text).toContain('in-progress, 3000 m away, 0 s late, expected 08:10');
  expect(text).toContain('by gps (position, 0 s old) 100 %');
  expect(text).toContain('7 to 西站: not-yet (first 20:10, last 20:10, next 20:10)');
});
