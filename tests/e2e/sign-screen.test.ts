import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestLink } from '../../agent/console/access/local-door.ts';
import type { Board } from '../../agent/core/board.ts';
import { faceOf } from '../../agent/sign/screen/face.ts';
import { sayings } from '../../agent/sign/screen/sayings.ts';
import { writeExtract } from '../../agent/sign/timetable/extract-file.ts';
import { extractNow, PostedBus, STOP } from '../../bench/sign/line.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { CITY } from '../support/update-bundles.ts';
import { logIn } from './console-session.ts';

const stack = new AsyncDisposableStack();
let agent: AgentProcess;
let bus: PostedBus;
let screen = '';
let state = '';

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sign-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { extract, trip, date } = extractNow(Date.now());
  const port = await freePort();
  const face = await freePort();
  await writeExtract(join(folder, 'stop.extract'), extract);
  await writeFile(
    join(folder, 'site.yaml'),
    `site: { id: e2e, title: E2E, timezone: Asia/Shanghai, position: { lat: 36.81, lon: 118.05, datum: WGS84 } }
agent: { id: sign-1 }
state: ./state
console: { listen: "127.0.0.1:0" }
node_red: { enabled: false }
fleet: { keys: [{ id: ${CITY.key.id}, public: "${CITY.key.public}" }] }
sign:
  id: stop
  stops: ["${STOP}"]
  extract: ./stop.extract
  screen: { phone: "0533-12345", listen: "127.0.0.1:${face}" }
  feeds:
    - { id: gps, format: gps-json, datum: wgs84, listen: { at: "127.0.0.1:${port}" } }
`,
  );
  state = join(folder, 'state');
  agent = stack.use(startAgent(join(folder, 'site.yaml')));
  await agent.ready;
  screen = String(await said('sign.screen', 'url'));
  bus = new PostedBus(`http://127.0.0.1:${port}/`, trip, date);
}, 90_000);
afterAll(() => stack.disposeAsync());

/** A field of the first log line with this event. */
async function said(event: string, field: string): Promise<unknown> {
  const find = () => {
    for (const line of agent.log) {
      try {
        const entry = JSON.parse(line) as Record<string, unknown>;
        if (entry.event === event || entry.msg === event) return entry[field];
      } catch {
        // Not a line of the log.
      }
    }
    return undefined;
  };
  for (let tries = 0; tries < 600; tries++) {
    const value = find();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no ${event} in ${agent.log.slice(-5).join('\n')}`);
}

/** The newest board of the stream. */
async function board(): Promise<Board> {
  const stop = new AbortController();
  const { body } = await fetch(`${screen}/events`, { signal: stop.signal });
  let text = '';
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) throw new Error('the stream ended');
    text += chunk.value;
    const found = /event: board\ndata: (.*)\n\n/.exec(text)?.[1];
    if (found === undefined) continue;
    stop.abort();
    return (JSON.parse(found) as { board: Board }).board;
  }
}

test('minutes of a bus that is posted come to the screen, in both languages, and leave with its age', async () => {
  await expect.poll(async () => (await board()).lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
  // A bus that has not been seen driving along its line is not believed.
  await expect
    .poll(
      async () => {
        await bus.post();
        return (await board()).lines[0]?.arrivals[0]?.state;
      },
      { timeout: 50_000, interval: 1000 },
    )
    .toBe('live');
  const shown = await board();
  const said = sayings(faceOf(shown, 0));
  expect(Object.keys(said).some((key) => /^line:L7.*:0$/.test(key) && said[key]?.includes('分钟'))).toBe(
    true,
  );
  expect(said).toMatchObject({ phone: '0533-12345', device: 'sign-1' });
  // Left alone, no live minute is left after two minutes.
  const later = faceOf(shown, 130_000).lines.flatMap(({ times }) => times.map(({ state }) => state));
  expect(later).not.toContain('live');
  expect((await fetch(screen)).status).toBe(200);
  expect(
    (
      await fetch(`${screen}/painted`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
    ).status,
  ).toBe(403);
}, 90_000);

test('a restart of the sign from afar keeps the buses it knows, its link times and its address', async () => {
  await bus.post();
  const [before] = (await board()).lines[0]?.arrivals ?? [];
  expect(before?.state).toBe('live');
  // What a browser has open.
  const stream = await fetch(`${screen}/events`);
  const person = await logIn(await requestLink(state));
  const restart = (id: string, part: string) => {
    const wish = { id, device: 'agent', point: 'restart', value: JSON.stringify({ part }) };
    return person.post('/commands', { ...wish, expires_in_s: 30 });
  };
  expect(await restart('restart-1', 'sign')).toMatchObject({ state: 'done' });
  // The stream ends where the server does; the page goes on with the board it has and asks again.
  await stream.text().catch(() => {});
  await expect
    .poll(async () => (await fetch(screen).catch(() => undefined))?.status, { timeout: 20_000 })
    .toBe(200);
  const [after] = (await board()).lines[0]?.arrivals ?? [];
  expect(after).toMatchObject({ state: 'live' });
  expect(agent.log.filter((line) => line.includes('"sign.screen"'))).toHaveLength(2);
  // Its sources are open again.
  await bus.post();
  await expect
    .poll(async () => (await board()).lines[0]?.arrivals[0]?.state, { timeout: 10_000 })
    .toBe('live');
  expect(await restart('restart-2', 'pump')).toMatchObject({
    reason: 'pump cannot be restarted; line:<id>, sign, uplinks and agent can',
  });
}, 90_000);
