/** `kerbside alarms` on a running agent: its local door and API are real, its alarms those of the test's street. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { good } from '../../../agent/core/reading.ts';
import { openConsole, type TestConsole } from '../console/open-console.ts';
import { kerbside } from './kerbside.ts';

let console_: TestConsole;
const run = (...args: string[]) => kerbside(['alarms', ...args], { cwd: console_.stateDir });

beforeAll(async () => {
  console_ = await openConsole();
  writeFileSync(
    join(console_.stateDir, 'site.yaml'),
    `site: { id: s, timezone: Asia/Shanghai, position: { lat: 31.23, lon: 121.47, datum: WGS84 } }
agent: { id: a }
state: .
`,
  );
});
afterAll(() => console_[Symbol.asyncDispose]());

test('lists what stands, acknowledges and shelves it with name and reason, and says what was refused', async () => {
  console_.agent.publish([
    good({ device: 'board', point: 'cabinet-door', unit: '1' }, true, console_.clock.mono()),
  ]);
  const standing = await run('list');
  expect(standing.code).toBe(1);
  expect(standing.out).toMatch(/^board-cabinet-door +medium +unacknowledged .*cabinet door open\n$/);

  const done = await run('acknowledge', 'board-cabinet-door', '--by', 'Li Wei', '--note', 'on my way');
  expect(done).toEqual({ code: 0, out: 'board-cabinet-door: acknowledged\n', err: '' });
  const again = await run('acknowledge', 'board-cabinet-door', '--by', 'Li Wei');
  expect([again.code, again.out]).toEqual([1, '']);
  expect(again.err).toContain('board-cabinet-door is acknowledged: there is nothing to acknowledge');

  const shelved = await run(
    'shelve',
    'board-cabinet-door',
    '--by',
    'Li',
    '--note',
    'works',
    '--for',
    '2h',
    '--json',
  );
  expect(JSON.parse(shelved.out)).toMatchObject({ state: 'shelved', shelved: { name: 'Li', note: 'works' } });
  expect((await run('shelve', 'board-cabinet-door', '--note', 'x', '--for', 'long')).code).toBe(2);
}, 60_000);
