/** Node-RED as a service of its own, over its socket: the same tickets as a child, met again after an end, no garbage. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { type NodeRed, startNodeRed } from '../../../agent/node-red/node-red.ts';
import { flowService } from '../../../agent/node-red/service.ts';
import { seeded } from '../../support/seeded.ts';

const ENTRY = new URL('../../../flows/runtime/main.js', import.meta.url);
const dir = mkdtempSync(join(tmpdir(), 'kerbside-flows-'));
const socket = join(dir, 'node-red.sock');
const health: PartHealth[] = [];
const services: ChildProcess[] = [];
let nodeRed: NodeRed;

/** What the unit starts. */
function startService(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(ENTRY)], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      KERBSIDE_FLOWS_SOCKET: socket,
      STATE_DIRECTORY: join(dir, 'flows'),
      HOME: dir,
    },
  });
  services.push(child);
  return child;
}

const ticket = () => vi.waitUntil(() => nodeRed.ticket(), { timeout: 60_000, interval: 50 });

beforeAll(() => {
  writeFileSync(join(dir, 'example.json'), JSON.stringify([{ id: 'f1', type: 'tab', label: 'example' }]));
  nodeRed = startNodeRed({
    config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6, socket },
    entry: ENTRY,
    nodesDir: new URL('../../../flows/', import.meta.url),
    example: new URL(`file://${join(dir, 'example.json')}`),
    userDir: join(dir, 'state', 'node-red'),
    agent: { url: 'http://127.0.0.1:9', token: 'secret-token' },
    clock: new SystemClock(),
    log: silent,
    onHealth: (part) => void health.push(part),
    onEvent: () => {},
  });
});

afterAll(async () => {
  await nodeRed[Symbol.asyncDispose]();
  for (const service of services) service.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

describe('Node-RED as a service', () => {
  test('comes to the socket, which is for its group, and logs in with a ticket of the agent', {
    timeout: 90_000,
  }, async () => {
    await vi.waitFor(() => expect(statSync(socket).mode & 0o777).toBe(0o660), { timeout: 10_000 });
    startService();
    const link = await ticket();
    const entered = await fetch(link, { redirect: 'manual' });
    expect(entered.headers.get('location')).toMatch(/\?code=/);
    // Flows are its own: they lie in its folder, not in the agent's.
    expect(statSync(join(dir, 'flows', 'flows.json')).isFile()).toBe(true);
  });

  test('one that has died is told, and the next one is met', { timeout: 90_000 }, async () => {
    const [first] = services;
    first?.kill('SIGKILL');
    await vi.waitFor(() => expect(nodeRed.health().state).toBe('down'), { timeout: 30_000, interval: 50 });
    expect(health.at(-1)?.message).toContain('gone away');
    startService();
    await ticket();
    await vi.waitFor(() => expect(nodeRed.health().state).toBe('ok'), { timeout: 30_000, interval: 50 });
  });

  test('somebody who speaks garbage is hung up on, whatever it is', async () => {
    const path = join(dir, 'strangers.sock');
    const random = seeded(8217);
    for (let times = 0; times < 300; times++) {
      const opened = flowService(path)(new AbortController().signal);
      const stranger = await connected(path);
      const running = await opened;
      const heard: unknown[] = [];
      running.onMessage((message) => heard.push(message));
      const length = 1 + Math.floor(random() * 9000);
      const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
      stranger.end(times % 2 === 0 ? bytes : `{"type":"beat","heapBytes":${times}}\n[${'['.repeat(times)}\n`);
      await expect(running.ended).rejects.toThrow('gone away');
      if (times % 2 === 1) expect(heard[0]).toEqual({ type: 'beat', heapBytes: times });
      expect(heard.every((message) => typeof message === 'object')).toBe(true);
    }
  });

  test('ends when the agent does', { timeout: 30_000 }, async () => {
    const last = services.at(-1) as ChildProcess;
    const ended = once(last, 'exit');
    await nodeRed[Symbol.asyncDispose]();
    await ended;
    expect(last.exitCode).toBe(0);
  });
});

/** A connection to the socket, tried until somebody listens there. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const met = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    if (met) return socket;
  }
}
