/** What the keeper does about ends of Node-RED, played by somebody who speaks its protocol on the socket. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { wallAt } from '../../../agent/core/time/clock.ts';
import { type NodeRed, RETURN_AFTER, startNodeRed } from '../../../agent/node-red/node-red.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let dir: string;
let clock: VirtualClock;
let nodeRed: NodeRed;
let events: AgentEvent['body'][];

interface Start {
  readonly type: string;
  readonly safe: boolean;
  readonly back?: string;
}

/** Comes to the socket as Node-RED does; with what the agent asked. */
async function come(): Promise<{ start: Start; say: (message: object) => void; hang: () => Promise<void> }> {
  for (;;) {
    const socket = connect(join(dir, 's'));
    const met = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (!met) {
      await clock.advance(1000);
      continue;
    }
    return await heard(socket);
  }
}

async function heard(socket: Socket) {
  const lines = createInterface({ input: socket });
  const [line] = await once(lines, 'line');
  socket.on('error', () => {});
  lines.on('line', (text) => {
    if (text.includes('"stop"')) socket.end();
  });
  return {
    start: JSON.parse(String(line)) as Start,
    say: (message: object) => void socket.write(`${JSON.stringify(message)}\n`),
    hang: async () => {
      socket.end();
      await once(socket, 'close');
    },
  };
}

const CULPRIT = { flow: 'Night', node: 'sum', id: 'n1', sure: 'certain' };

async function crash(): Promise<Start> {
  const { start, say, hang } = await come();
  say({ type: 'ready', port: 1 });
  say({ type: 'ended', why: 'crashed', culprit: CULPRIT, error: 'boom' });
  const before = events.length;
  await hang();
  await vi.waitUntil(() => events.length > before);
  return start;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kerbside-keeper-'));
  clock = new VirtualClock();
  events = [];
  nodeRed = startNodeRed({
    config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6, socket: join(dir, 's') },
    entry: new URL('file:///nowhere/main.js'),
    nodesDir: new URL('file:///nowhere/'),
    example: new URL('file:///nowhere/example.json'),
    userDir: join(dir, 'state', 'node-red'),
    agent: { url: 'http://127.0.0.1:9', token: 'secret-token' },
    clock,
    log: silent,
    onHealth: () => {},
    onEvent: (_severity, body) => void events.push(body),
  });
});
afterEach(async () => {
  await nodeRed[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

test('flows that nobody mends give way to the last ones that ran well', async () => {
  for (let times = 0; times < 3; times++) expect((await crash()).safe).toBe(false);
  const safe = await come();
  expect(safe.start).toMatchObject({ safe: true });
  safe.say({ type: 'ready', port: 1 });
  await vi.waitUntil(() => nodeRed.health().state === 'degraded');
  expect(nodeRed.health().message).toBe('flows are stopped: flow “Night”, node “sum” ended Node-RED 3 times');
  await clock.advance(RETURN_AFTER + 1);
  await clock.advance(2000);
  const back = await come();
  expect(back.start).toMatchObject({
    safe: false,
    back: 'flow “Night”, node “sum” ended Node-RED 3 times, and nobody mended it',
  });
  const restored = { version: 7, time: '2026-11-28T00:00:00.000Z', by: 'anna', why: back.start.back };
  back.say({ type: 'ready', port: 1, restored });
  await vi.waitUntil(() => events.at(-1)?.what === 'flows-restored');
  expect(events.at(-1)).toMatchObject({ version: 7, by: 'anna' });
  expect(nodeRed.health()).toMatchObject({
    state: 'ok',
    message: expect.stringContaining('(no. 7) are back'),
    // By the agent's clock, which is not the machine's where the street has a time of its own.
    since: wallAt(clock.mapping(), clock.mono()).time,
  });
});

test('a deploy while flows are stopped ends that, and nothing is taken back', async () => {
  for (let times = 0; times < 3; times++) await crash();
  const safe = await come();
  safe.say({ type: 'ready', port: 1 });
  await vi.waitUntil(() => nodeRed.health().state === 'degraded');
  safe.say({ type: 'deployed', version: 9, by: 'anna' });
  await vi.waitUntil(() => nodeRed.health().state === 'ok');
  safe.say({ type: 'beat', heapBytes: 1e6, loopDelayMs: 1 });
  const ticks = Math.ceil(RETURN_AFTER / 20_000) + 1;
  for (let tick = 0; tick < ticks; tick++) {
    await vi.waitUntil(() => {
      safe.say({ type: 'beat', heapBytes: tick * 1e6, loopDelayMs: 1 });
      return nodeRed.health().facts.heap_mb === tick;
    });
    await clock.advance(20_000);
  }
  expect(nodeRed.health().state).toBe('ok');
  expect(events.map(({ what }) => what)).not.toContain('flows-restored');
});
