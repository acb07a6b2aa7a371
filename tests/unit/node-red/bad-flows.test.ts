/** Flows that loop, leak and crash in a real Node-RED: each is stopped and named, and the third time they stay stopped. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { type NodeRed, startNodeRed } from '../../../agent/node-red/node-red.ts';
import { type Admin, nodeRedAdmin } from '../../support/node-red-admin.ts';

const dir = mkdtempSync(join(tmpdir(), 'kerbside-bad-flows-'));
const file = join(dir, 'state', 'node-red', 'flows.json');
const events: AgentEvent['body'][] = [];
let nodeRed: NodeRed;

/** A tab with a button and a function. */
function tab(id: string, label: string, node: string, func: string): object[] {
  return [
    { id, type: 'tab', label },
    { id: `${id}-button`, type: 'inject', z: id, x: 100, y: 100, props: [], wires: [[`${id}-code`]] },
    { id: `${id}-code`, type: 'function', z: id, x: 300, y: 100, name: node, func, outputs: 1, wires: [[]] },
  ];
}
const BAD = [
  // Behind a timer nothing but a look at the running code tells who it is.
  ...tab('loop', 'Count for ever', 'spin', 'setTimeout(() => { for (;;); }, 50);'),
  ...tab(
    'leak',
    'Keep everything',
    'hoard',
    `const kept = [];
     setInterval(() => { for (let i = 0; i < 20000; i++) kept.push({ i, text: 'kept ' + i }); }, 5);`,
  ),
  ...tab('crash', 'Fall over', 'stumble', `(async () => { throw new Error('nobody catches this'); })();`),
];
const MENDED = [{ id: 'good', type: 'tab', label: 'Mended' }];

function start(): void {
  nodeRed = startNodeRed({
    config: { enabled: true, host: '127.0.0.1', port: 0, heap: 128e6 },
    entry: new URL('../../../flows/runtime/main.js', import.meta.url),
    nodesDir: new URL('../../../flows/', import.meta.url),
    example: new URL('../../../flows/examples/dim-by-traffic.json', import.meta.url),
    userDir: join(dir, 'state', 'node-red'),
    agent: { url: 'http://127.0.0.1:9', token: 'secret-token' },
    clock: new SystemClock(),
    log: silent,
    onHealth: () => {},
    onEvent: (_severity, body) => void events.push(body),
  });
}

async function admin(by?: string): Promise<Admin> {
  const link = await vi.waitUntil(() => nodeRed.ticket(by), { timeout: 90_000, interval: 50 });
  return nodeRedAdmin(link);
}

/** The next event of that kind. */
function told(what: string, since = 0): Promise<AgentEvent['body']> {
  return vi.waitUntil(() => events.slice(since).find((body) => body.what === what), {
    timeout: 90_000,
    interval: 50,
  });
}

beforeAll(start);
afterAll(async () => {
  await nodeRed[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

describe('bad flows', { timeout: 120_000 }, () => {
  test('a deploy is told with who did it', async () => {
    await (await admin('console:technician')).deploy(BAD);
    expect(await told('flows-deployed')).toMatchObject({ by: 'console:technician' });
  });

  test.each([
    ['loop', 'looping', 'Count for ever', 'spin', 'does not come to an end'],
    ['leak', 'leaking', 'Keep everything', 'hoard', 'uses up the memory'],
    ['crash', 'crashed', 'Fall over', 'stumble', 'nobody catches this'],
  ])('a flow that does %s is stopped and named', async (id, why, flow, node, words) => {
    const since = events.length;
    await (await admin()).inject(`${id}-button`);
    const event = await told('flow-stopped', since);
    expect(event).toMatchObject({ why, flow, node, id: `${id}-code` });
    // A heap that is full within a second leaves no time for samples that prove it.
    expect(id === 'leak' ? ['certain', 'likely'] : ['certain']).toContain(event.sure);
    expect(event.message).toContain(words);
  });

  test('after the third time flows stay stopped, the last one is named, and the editor mends it', async () => {
    const { deploy, flows } = await admin('console:anna');
    const { state, message, fix } = nodeRed.health();
    expect(state).toBe('degraded');
    expect(message).toBe('flows are stopped: flow “Fall over”, node “stumble” ended Node-RED 3 times');
    expect(fix).toContain('press Deploy');
    expect((await flows()).map(({ label }) => label)).toContain('Fall over');
    const since = events.length;
    await deploy(MENDED);
    expect(await told('flows-deployed', since)).toMatchObject({ by: 'console:anna' });
    expect(nodeRed.health().state).toBe('ok');
  });

  test.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2), 'damaged: no whole JSON'],
    ['empty', () => '', 'empty'],
  ])(
    'a flow file that is %s gives way to the last one deployed, and an event says so',
    async (_, damage, why) => {
      await nodeRed[Symbol.asyncDispose]();
      writeFileSync(file, damage(readFileSync(file, 'utf8')));
      const since = events.length;
      start();
      const event = await told('flows-restored', since);
      expect(event).toMatchObject({ by: 'console:anna', why: `flows.json is ${why}` });
      expect((await (await admin()).flows()).map(({ label }) => label)).toEqual(['Mended']);
    },
  );
});
