/** Node-RED as a real child process: tickets, isolation, restart. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Facts, Log } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { PartHealth } from '../../../agent/core/view.ts';
import { type NodeRed, startNodeRed } from '../../../agent/node-red/node-red.ts';
import { CrashWatch } from '../../../agent/node-red/watch.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PROBE_NODE = `export default function (RED) {
  function Probe(config) { RED.nodes.createNode(this, config); }
  RED.nodes.registerType('probe', Probe);
  RED.httpAdmin.get('/probe', (request, response) => response.json({
    env: Object.keys(process.env).sort(), cookie: request.headers.cookie ?? null, agent: RED.settings.kerbside,
  }));
  RED.httpAdmin.get('/probe/die', () => process.exit(7));
}`;
const PROBE_HTML = `<script type="text/javascript">RED.nodes.registerType('probe', { category: 'kerbside', defaults: {} });</script>`;

const dir = mkdtempSync(join(tmpdir(), 'kerbside-node-red-'));
const health: PartHealth[] = [];
const lines: { event: string; facts: Facts | undefined }[] = [];
let nodeRed: NodeRed;

function log(): Log {
  const line = (event: string, facts?: Facts) => void lines.push({ event, facts });
  return { debug: line, info: line, warn: line, error: line, with: log };
}

async function ticket(): Promise<string> {
  return vi.waitUntil(() => nodeRed.ticket(), { timeout: 60_000, interval: 100 });
}

/** What the editor does after the ticket's redirect. */
async function logIn(): Promise<{ origin: string; bearer: Record<string, string> }> {
  const link = await ticket();
  const entered = await fetch(link, { redirect: 'manual' });
  const code = new URL(entered.headers.get('location') ?? '', link).search.slice('?code='.length);
  const { origin } = new URL(link);
  const answer = await fetch(`${origin}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  const { accessToken } = (await answer.json()) as { accessToken: string };
  return { origin, bearer: { authorization: `Bearer ${accessToken}` } };
}

beforeAll(async () => {
  vi.stubEnv('KERBSIDE_TEST_SECRET', 'must not be inherited');
  writeFileSync(join(dir, 'example.json'), JSON.stringify([{ id: 'f1', type: 'tab', label: 'example' }]));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(join(dir, 'probe.js'), PROBE_NODE);
  writeFileSync(join(dir, 'probe.html'), PROBE_HTML);
  nodeRed = startNodeRed({
    config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6 },
    entry: new URL('../../../flows/runtime/main.js', import.meta.url),
    nodesDir: pathToFileURL(dir),
    example: pathToFileURL(join(dir, 'example.json')),
    userDir: join(dir, 'state', 'node-red'),
    agent: { url: 'http://127.0.0.1:9', token: 'secret-token' },
    clock: new SystemClock(),
    log: log(),
    onHealth: (part) => void health.push(part),
    onEvent: () => {},
  });
  await ticket();
}, 90_000);

afterAll(async () => {
  await nodeRed[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
  vi.unstubAllEnvs();
});

describe('Node-RED child', () => {
  test('a ticket logs in once; a second use and an invented one do not', async () => {
    const link = await ticket();
    const first = await fetch(link, { redirect: 'manual' });
    expect(first.headers.get('location')).toMatch(/^\/\?code=/);
    const second = await fetch(link, { redirect: 'manual' });
    expect(second.headers.get('location')).toMatch(/session_message/);
    const invented = await fetch(link.replace(/ticket=.*/, `ticket=${'x'.repeat(32)}`), {
      redirect: 'manual',
    });
    expect(invented.headers.get('location')).toMatch(/session_message/);
  });

  test('flows are readable with its session and by nobody else; the example flow is there', async () => {
    const { origin, bearer } = await logIn();
    expect((await fetch(`${origin}/flows`)).status).toBe(401);
    const flows = (await (await fetch(`${origin}/flows`, { headers: bearer })).json()) as {
      label?: string;
    }[];
    expect(flows.map(({ label }) => label)).toContain('example');
  });

  test('nodes see neither the agent’s environment nor a cookie of the console, but their own token', async () => {
    const { origin } = await logIn();
    const seen = (await (
      await fetch(`${origin}/probe`, { headers: { cookie: 'kerbside_session=stolen; kerbside-flows=own' } })
    ).json()) as { env: string[]; cookie: string; agent: unknown };
    expect(seen.env).not.toContain('KERBSIDE_TEST_SECRET');
    expect(seen.cookie).toBe('kerbside-flows=own');
    expect(seen.agent).toEqual({ url: 'http://127.0.0.1:9', token: 'secret-token' });
  });

  test('it has a content policy and an origin of its own', async () => {
    const { origin } = await logIn();
    const page = await fetch(`${origin}/`);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(new URL(origin).hostname).toBe('localhost');
  });

  test('exec is not on offer and nothing can be installed', async () => {
    const { origin, bearer } = await logIn();
    const nodes = (await (
      await fetch(`${origin}/nodes`, { headers: { ...bearer, accept: 'application/json' } })
    ).json()) as { types: string[] }[];
    const types = nodes.flatMap((set) => set.types);
    expect(types).toContain('function');
    expect(types).toContain('probe');
    expect(types).not.toContain('exec');
    const install = await fetch(`${origin}/nodes`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ module: 'node-red-contrib-modbus' }),
    });
    expect(install.status).toBeGreaterThanOrEqual(400);
  });

  test('a crash is told once, and it comes back', async () => {
    const { origin } = await logIn();
    const before = health.length;
    await fetch(`${origin}/probe/die`).catch(() => {});
    await vi.waitUntil(() => health.slice(before).some(({ state }) => state === 'down'), { timeout: 20_000 });
    await vi.waitUntil(() => health.slice(before).some(({ state }) => state === 'ok'), { timeout: 60_000 });
    const down = health.slice(before).filter(({ state }) => state === 'down');
    expect(down).toHaveLength(1);
    expect(down[0]?.message).toBe('flows were stopped: a flow ends Node-RED with an error: exit code 7');
    await logIn();
  }, 90_000);

  test('its token is in no log line and in no file it keeps', () => {
    expect(JSON.stringify(lines)).not.toContain('secret-token');
    expect(readFileSync(join(dir, 'state', 'node-red', 'flows.json'), 'utf8')).not.toContain('secret-token');
  });
});

describe('crash watch', () => {
  test('three ends within ten minutes are suspect, and the one that is named is told', async () => {
    const clock = new VirtualClock();
    const watch = new CrashWatch(clock);
    watch.ended('node “a”');
    watch.ended(undefined);
    expect(watch.suspect()).toBeUndefined();
    watch.ended(undefined);
    expect(watch.suspect()).toEqual({ count: 3, who: 'node “a”' });
    await clock.advance(600_001);
    expect(watch.suspect()).toBeUndefined();
  });

  test('the same node three times in a day is suspect, however slowly; a deploy forgets it', async () => {
    const clock = new VirtualClock();
    const watch = new CrashWatch(clock);
    for (const who of ['node “a”', 'node “b”', 'node “a”', 'node “a”']) {
      expect(watch.suspect()).toBeUndefined();
      await clock.advance(3_600_000);
      watch.ended(who);
    }
    expect(watch.suspect()).toEqual({ count: 3, who: 'node “a”' });
    watch.forget();
    expect(watch.suspect()).toBeUndefined();
  });

  test('silence after the first heartbeat is noticed, silence before it is not', async () => {
    const clock = new VirtualClock();
    const watch = new CrashWatch(clock);
    let silences = 0;
    using _ = watch.guard(() => {
      silences += 1;
    });
    await clock.advance(120_000);
    expect(silences).toBe(0);
    watch.beat(50e6, 3);
    await clock.advance(29_000);
    expect(silences).toBe(0);
    await clock.advance(10_000);
    expect(silences).toBe(1);
    await clock.advance(60_000);
    expect(silences).toBe(1);
  });
});
