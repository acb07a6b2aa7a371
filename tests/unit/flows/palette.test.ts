/**
 * The palette against the agent's real API, in the child of the agent and in a separate Node-RED that has nothing but an
 * address and a token.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { startNodeRed } from '../../../agent/node-red/node-red.ts';
import { type FlowProbe, openFlowProbe } from '../../support/flow-probe.ts';
import { type Admin, adminOf, nodeRedAdmin } from '../../support/node-red-admin.ts';
import { openConsole, type TestConsole } from '../console/open-console.ts';

const FLOWS = fileURLToPath(new URL('../../../flows/', import.meta.url));
const NODES = readdirSync(join(FLOWS, 'nodes'), { withFileTypes: true })
  .filter((one) => one.isDirectory())
  .map(({ name }) => name);
const dir = mkdtempSync(join(tmpdir(), 'kerbside-palette-'));
const stack = new AsyncDisposableStack();
let console_: TestConsole;
let probe: FlowProbe;
let token = '';
const admins: Record<string, Admin> = {};

beforeAll(async () => {
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  console_ = stack.use(await openConsole());
  probe = stack.use(await openFlowProbe());
  token = (await console_.token('technician', 'flow')).authorization.replace('Bearer ', '');
  admins.separate = await separate();
  admins.child = await child();
}, 120_000);
afterAll(() => stack.disposeAsync());

async function child(): Promise<Admin> {
  const own = await console_.token('technician', 'node-red');
  const nodeRed = stack.use(
    startNodeRed({
      config: { enabled: true, host: '127.0.0.1', port: 0, heap: 192e6 },
      entry: new URL('../../../flows/runtime/main.js', import.meta.url),
      nodesDir: new URL('../../../flows/', import.meta.url),
      example: new URL('../../../flows/examples/dim-by-traffic.json', import.meta.url),
      userDir: join(dir, 'state', 'node-red'),
      agent: { url: console_.console.url, token: own.authorization.replace('Bearer ', '') },
      clock: new SystemClock(),
      log: silent,
      onHealth: () => {},
      onEvent: () => {},
    }),
  );
  return nodeRedAdmin(await vi.waitUntil(() => nodeRed.ticket(), { timeout: 60_000 }));
}

async function separate(): Promise<Admin> {
  const userDir = join(dir, 'separate');
  // What `npm install <folder>` does.
  mkdirSync(join(userDir, 'node_modules'), { recursive: true });
  symlinkSync(FLOWS, join(userDir, 'node_modules', 'node-red-contrib-kerbside'));
  const script = fileURLToPath(new URL('../../support/separate-node-red.js', import.meta.url));
  const process_ = spawn(process.execPath, [script, userDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  stack.defer(async () => {
    process_.stdin.end();
    if (process_.exitCode === null) await once(process_, 'exit');
  });
  const [port] = await once(process_.stdout, 'data');
  return adminOf(`http://127.0.0.1:${Number(String(port))}`);
}

/** One of each node, each to a name of the probe. */
function flow(where: string): object[] {
  const at = where === 'child' ? '' : console_.console.url;
  const agent = { id: 'agent', type: 'kerbside agent', name: '', url: at };
  const credentials = at === '' ? {} : { credentials: { token } };
  const made: object[] = [
    { ...agent, ...credentials },
    { id: 't', type: 'tab', label: 'Palette' },
  ];
  const add = (name: string, type: string, config: object, msg?: Record<string, unknown>) => {
    const [first, ...nodes] = probe.nodes('t', `${where}-${name}`);
    made.push(...nodes, {
      id: name,
      type: `kerbside ${type}`,
      z: 't',
      agent: 'agent',
      ...config,
      wires: [[first]],
    });
    if (msg === undefined) return;
    const props = Object.entries(msg).map(([p, v]) => ({ p, v: JSON.stringify(v), vt: 'json' }));
    made.push({ id: `do-${name}`, type: 'inject', z: 't', props, wires: [[name]] });
  };
  const feeder = { device: 'meter-feeder', point: 'voltage' };
  add('reading', 'reading', { ...feeder, unit: 'kV', quality: 'any', deadband: '0', changes: true });
  add('counts', 'counts', { camera: 'camera-1', place: '' });
  add('alarm', 'alarm', { alarm: '', priority: 'low', changes: 'all' });
  add('uplink', 'uplink', { uplink: '', when: 'link', backlog: '10' });
  add('history', 'history', { ...feeder, span: '3', spanUnit: 'hours', bucket: 'hour', figure: 'max' }, {});
  const heat = {
    device: 'street-climate',
    point: 'heat-index',
    deviceType: 'id',
    pointType: 'id',
    quality: '',
  };
  add('publish', 'publish', { ...heat, name: 'heat' }, { payload: 300, unit: 'K' });
  add('refused', 'publish', { ...heat, name: 'too hot' }, { payload: 999 });
  const lamp = { device: 'board', point: 'lamp-level', deviceType: 'id', pointType: 'id' };
  add(
    'command',
    'command',
    { ...lamp, expires: '30', lease: '60' },
    { payload: 40, commandId: `c-${where}` },
  );
  add(
    'light',
    'light',
    { lamp: 'lamp-1', act: '', level: '70', levelType: 'num', minutes: '5' },
    { act: 'set' },
  );
  const sign = { display: 'board', template: 'delay', fields: '{"line":7}', fieldsType: 'json', act: 'show' };
  add('message', 'message', { ...sign, seconds: '60', priority: '2' }, { payload: 1 });
  const act = { alarm: 'board-cabinet-door', act: '', note: 'works', minutes: '5' };
  add('alarm-act', 'alarm act', act, { act: 'shelve' });
  const [first, ...nodes] = probe.nodes('t', `${where}-caught`);
  made.push(...nodes, { id: 'catch', type: 'catch', z: 't', scope: ['refused'], wires: [[first]] });
  // What has no place in the editor counts as a config node.
  return made.map((node) => ('z' in node ? { x: 100, y: 100, ...node } : node));
}

const name = (where: string, what: string) => `t-${where}-${what}`.slice(2);

test('every node has its text and help in both languages, and an icon of its own', () => {
  for (const node of NODES) {
    const read = (path: string) => readFileSync(join(FLOWS, 'nodes', node, path), 'utf8');
    const keys = (lang: string) => leaves(JSON.parse(read(`locales/${lang}/${node}.json`)));
    expect(keys('zh-CN'), node).toEqual(keys('en-US'));
    const html = read(`${node}.html`);
    const used = [...html.matchAll(/(?:data-i18n="(?:\[\w+\])?|this\._\(')(kerbside-[\w.-]+)/g)].map(
      ([, key]) => key,
    );
    for (const key of used) expect(keys('en-US'), `${node}: ${key}`).toContain(key);
    const unused = keys('en-US').filter((key) => !used.includes(key) && !key.endsWith('.palette'));
    expect(unused, node).toEqual([]);
    for (const lang of ['en-US', 'zh-CN']) {
      const help = read(`locales/${lang}/${node}.html`);
      expect(help).toContain(`data-help-name="${node.replace(/^kerbside-/, 'kerbside ').replace('-', ' ')}"`);
      if (node !== 'kerbside-agent') expect(help).toMatch(lang === 'zh-CN' ? /示例/ : /Example/);
    }
    if (node !== 'kerbside-agent') expect(read(`icons/${node}.svg`)).toContain('<svg');
  }
});

test('the nodes import nothing of ours and nothing that is not Node’s own', () => {
  for (const node of NODES) {
    for (const file of readdirSync(join(FLOWS, 'nodes', node)).filter((one) => one.endsWith('.js'))) {
      const text = readFileSync(join(FLOWS, 'nodes', node, file), 'utf8');
      for (const [, from = ''] of text.matchAll(/^(?:import|export|\}).* from '([^']+)'/gm))
        expect([node, from]).toEqual([node, expect.stringMatching(/^(node:|\.\/|\.\.\/kerbside-)/)]);
    }
  }
});

describe.each(['child', 'separate'])('the palette in the %s', { timeout: 60_000 }, (where) => {
  let admin: Admin;
  beforeAll(async () => {
    admin = admins[where] as Admin;
    console_.agent.publish([
      good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, 231.5, console_.clock.mono()),
    ]);
    console_.agent.ledgerList = [
      {
        uplink: 'city',
        connected: true,
        epoch: 'e',
        stored: 20,
        acknowledged: 5,
        refused: 0,
        dropped: 0,
        backlog: 15,
        resent: 0,
        heads: {} as never,
      },
    ];
    await admin.deploy(flow(where));
    await probe.wait(name(where, 'reading'));
  }, 60_000);

  test('is on offer with its examples', async () => {
    const sets = await admin.get<{ module: string; types: string[]; err?: string }[]>('/nodes');
    const ours = sets.filter(({ module }) => module === 'node-red-contrib-kerbside');
    expect(ours.filter(({ err }) => err !== undefined)).toEqual([]);
    expect(ours).toHaveLength(NODES.length);
    const examples = JSON.stringify(await admin.get('/library/examples/flows/node-red-contrib-kerbside'));
    for (const file of readdirSync(join(FLOWS, 'examples')).filter((one) => one.endsWith('.json')))
      expect(examples).toContain(file.replace('.json', ''));
  });

  test('a reading comes in the unit that is wanted, and only when it changes', async () => {
    const [first] = await probe.wait(name(where, 'reading'));
    expect(first).toMatchObject({
      topic: 'meter-feeder/voltage',
      payload: 0.2315,
      unit: 'kV',
      quality: 'good',
    });
    const say = async (value: number) => {
      console_.agent.publish([
        good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, value, console_.clock.mono()),
      ]);
      await console_.clock.advance(300);
    };
    await say(231.5);
    await say(240);
    const all = await probe.wait(name(where, 'reading'), 2);
    expect(all.map(({ payload }) => payload)).toEqual([0.2315, 0.24]);
  });

  test('counts of a camera come as one message', async () => {
    const at = { device: 'camera-1', unit: '1' } as const;
    const now = console_.clock.mono();
    const from = probe.caught.length;
    console_.agent.publish([
      good({ ...at, point: 'vehicles' }, 4, now),
      good({ ...at, point: 'faces' }, 1, now),
    ]);
    await console_.clock.advance(300);
    const [counts] = (await probe.wait(name(where, 'counts'), 1, from)).slice(-1);
    expect(counts).toMatchObject({ payload: { vehicles: 4, faces: 1 }, quality: 'good', camera: 'camera-1' });
  });

  test('an uplink tells its link and whether it is behind', async () => {
    await console_.clock.advance(1100);
    const [told] = (await probe.wait(name(where, 'uplink'))).slice(-1);
    expect(told).toMatchObject({ topic: 'city', payload: true, backlog: 15, behind: true });
  });

  test('history gives the figure that is asked for', async () => {
    const asked: number[] = [];
    console_.agent.buckets = (_device, _point, from, to, bucket) => {
      asked.push(to - from, bucket);
      return [228, 236].map((max, i) => ({ time: i, count: 60, min: 220, mean: 225, max, last: 226 }));
    };
    await admin.inject('do-history');
    const [answer] = await probe.wait(name(where, 'history'));
    expect(answer).toMatchObject({
      payload: 236,
      device: 'meter-feeder',
      buckets: [{ max: 228 }, { max: 236 }],
    });
    expect(asked).toEqual([3 * 3_600_000, 3_600_000]);
  });

  test('a virtual point takes what fits, with the flow’s name; what does not goes to the catch node', async () => {
    await console_.clock.advance(300);
    await admin.inject('do-publish');
    const [done] = await probe.wait(name(where, 'publish'));
    expect(done).toMatchObject({ reading: { value: 26.9, unit: 'Cel', quality: 'good' } });
    const issuer = where === 'child' ? 'flow:node-red' : 'api:flow';
    expect(console_.agent.virtual.rows()[0]?.source).toBe(`${issuer} Palette / heat`);
    await console_.clock.advance(300);
    await admin.inject('do-refused');
    const [caught] = await probe.wait(name(where, 'caught'));
    expect(JSON.stringify(caught)).toContain('999 Cel is outside -40…80');
  });

  test('a command, a light and a sign message are commands with their lease and result', async () => {
    await admin.inject('do-command');
    await admin.inject('do-light');
    await admin.inject('do-message');
    for (const what of ['command', 'light', 'message'])
      expect((await probe.wait(name(where, what)))[0]).toMatchObject({ payload: { state: 'done' } });
    const sent = console_.agent.submitted.slice(-3);
    const of = (point: string, value?: unknown) =>
      sent.find((one) => one.point === point && (value === undefined || one.value === value));
    expect(of('lamp-level', 40)).toMatchObject({ id: `c-${where}`, device: 'board', lease: 60_000 });
    expect(of('lamp-level', 70)).toMatchObject({ device: 'board', lease: 300_000 });
    expect(JSON.parse(String(of('message')?.value))).toEqual({
      template: 'delay',
      fields: { line: 7 },
      priority: 2,
      seconds: 60,
    });
  });

  test('alarms come in and are acted on', async () => {
    const door = (value: boolean) =>
      console_.agent.publish([
        good({ device: 'board', point: 'cabinet-door', unit: '1' }, value, console_.clock.mono()),
      ]);
    const from = probe.caught.length;
    if (where === 'child') door(true);
    await console_.clock.advance(300);
    if (where === 'child')
      expect((await probe.wait(name(where, 'alarm'), 1, from))[0]).toMatchObject({
        alarm: 'board-cabinet-door',
        change: 'raised',
      });
    await admin.inject('do-alarm-act');
    expect((await probe.wait(name(where, 'alarm-act')))[0]).toMatchObject({ payload: 'shelved' });
    expect((await probe.wait(name(where, 'alarm'), 1, from)).at(-1)).toMatchObject({ change: 'shelved' });
  });

  test('all nodes of an agent share one stream, and the picker’s lists come over it', async () => {
    const { text } = await console_.ask('/metrics', { headers: await console_.token('viewer') });
    expect(text).toContain(`kerbside_console_streams ${where === 'child' ? 1 : 2}\n`);
    const { devices } = await admin.get<{ devices: { id: string }[] }>('/kerbside/agent/site');
    expect(devices.map(({ id }) => id)).toContain('meter-feeder');
    await expect(admin.get('/kerbside/agent/tokens')).rejects.toThrow('404');
    await expect(admin.get('/kerbside/nobody/points')).rejects.toThrow('deploy the agent node first');
  });
});

/** Paths of all texts of a locale. */
function leaves(tree: Record<string, unknown>, above = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [`${above}${key}`]
      : leaves(value as Record<string, unknown>, `${above}${key}.`),
  );
}
