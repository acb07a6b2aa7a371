/** Lines, devices with their raw frames, uplinks, lamps and what happened, over the API. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiDevice, ApiLines } from '../../../agent/console/api/device-contract.ts';
import type { ApiEvents } from '../../../agent/console/api/event-contract.ts';
import type { ApiLamps } from '../../../agent/console/api/light-contract.ts';
import type { ApiUplinks } from '../../../agent/console/api/uplink-contract.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let technician: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  technician = await console_.login('technician');
});
afterAll(() => console_[Symbol.asyncDispose]());

async function get<T>(path: string): Promise<T> {
  const { text } = await console_.ask(`/api/v1${path}`, { headers: technician });
  return JSON.parse(text);
}

describe('lines', () => {
  test('tell how busy they are, by plan and by measure, what fails, and who is slow', async () => {
    const since = console_.agent.now();
    console_.agent.setHealth({
      part: 'line:rs485-1',
      state: 'ok',
      since,
      facts: {
        port: '/dev/ttyUSB0',
        utilisation: 0.42,
        planned: 0.38,
        skipped_periods: 3,
        commands_done: 2,
        command_p95_ms: 61.5,
        answers: 900,
        errors_timeout: 7,
        errors_frame_invalid: 9,
      },
    });
    console_.agent.setHealth({
      part: 'device:meter-lamp',
      state: 'down',
      since,
      message: 'no answer',
      fix: 'Check power.',
      facts: {
        failures_in_a_row: 5,
        breaker_open: true,
        turnaround_p95_ms: 44.2,
        errors_timeout: 7,
        answers: 1,
      },
    });
    const { lines } = await get<ApiLines>('/lines');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      id: 'rs485-1',
      settings: '9600 8N1',
      utilisation: 0.42,
      planned: 0.38,
      skipped: 3,
      command_p95_ms: 61.5,
      errors: [
        { kind: 'frame-invalid', count: 9 },
        { kind: 'timeout', count: 7 },
      ],
    });
    const lamp = lines[0]?.devices.find(({ id }) => id === 'meter-lamp');
    expect(lamp).toMatchObject({
      state: 'down',
      breaker_open: true,
      failures: 5,
      p95_ms: 44.2,
      fix: 'Check power.',
    });
  });
});

describe('a device', () => {
  test('says what it is, and nothing is said of one that is not there', async () => {
    expect(await get<ApiDevice>('/devices/meter-lamp')).toMatchObject({
      brand: 'Test',
      line: 'rs485-1',
      period_s: 5,
      frames: true,
      talk: { state: 'down' },
    });
    expect(await get<ApiDevice>('/devices/camera-1')).toMatchObject({
      line: null,
      frames: false,
      talk: null,
    });
    expect((await console_.ask('/api/v1/devices/nobody', { headers: technician })).status).toBe(404);
  });

  test('shows raw frames to a technician, for a while, and it is on the record', async () => {
    const viewer = await console_.login('viewer');
    const path = '/api/v1/devices/meter-lamp/frames?seconds=30';
    expect((await console_.ask(path, { headers: viewer })).status).toBe(403);
    expect((await console_.ask(path, { headers: await console_.token('technician') })).status).toBe(403);
    expect((await console_.ask('/api/v1/devices/camera-1/frames', { headers: technician })).status).toBe(404);
    const before = console_.agent.audited.length;
    const asking = console_.ask(path, { headers: technician });
    await expect.poll(() => console_.agent.looks.has('meter-lamp')).toBe(true);
    await expect.poll(() => console_.agent.audited.length).toBe(before + 1);
    expect(console_.agent.audited.at(-1)).toEqual({ act: 'frames', who: 'console:technician', seconds: 30 });
    console_.agent.looks.get('meter-lamp')?.({
      time: 0,
      dir: 'up',
      bytes: new Uint8Array([2, 4, 0xff]),
      decoded: { ok: true, unit: 2 },
    });
    await console_.clock.advance(30_000);
    const { text, headers } = await asking;
    expect(headers['content-type']).toContain('text/event-stream');
    expect(text).toMatch(/^event: begin\ndata: \{"until":\d+\}\n\nevent: frame\n/);
    expect(text).toContain('"dir":"up","hex":"02 04 FF","decoded":{"ok":true,"unit":2}');
    expect(text).toMatch(/event: end\ndata: \{"why":"time"\}\n\n$/);
    expect(console_.agent.looks.has('meter-lamp')).toBe(false);
  });

  test('shows frames to four at once, and a look that is over makes room', async () => {
    const path = '/api/v1/devices/meter-feeder/frames?seconds=10';
    const looks = Array.from({ length: 4 }, () => console_.ask(path, { headers: technician }));
    await expect.poll(() => console_.agent.audited.length).toBeGreaterThanOrEqual(5);
    expect((await console_.ask(path, { headers: technician })).status).toBe(503);
    await console_.clock.advance(10_000);
    expect((await Promise.all(looks)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const last = console_.ask(path, { headers: technician });
    await expect.poll(() => console_.agent.audited.length).toBeGreaterThanOrEqual(6);
    await console_.clock.advance(10_000);
    expect((await last).status).toBe(200);
  });
});

test('uplinks tell backlog in time, data against their budget and refusals, and no secret of their address', async () => {
  const { agent } = console_;
  agent.ledgerList = [
    {
      uplink: 'city',
      connected: false,
      epoch: 'e',
      stored: 100,
      acknowledged: 40,
      refused: 1,
      dropped: 0,
      backlog: 59,
      resent: 0,
      oldest: agent.now() - 7_200_000,
      data: { bytes: 4_000_000, forecast: 60_000_000, thinned: 'nothing' },
      heads: { alarm: 0, event: 0, meter: 0, telemetry: 100, bulk: 0 },
    },
  ];
  agent.refused = [{ uplink: 'city', lane: 'telemetry', seq: 41, reason: 'schema', at: agent.now() }];
  const { uplinks } = await get<ApiUplinks>('/uplinks');
  expect(uplinks).toHaveLength(1);
  expect(uplinks[0]).toMatchObject({
    address: 'mqtts://broker.example:8883',
    backlog_s: 7200,
    data: { bytes: 4_000_000, budget: 500_000_000, forecast: 60_000_000 },
    refusals: [{ lane: 'telemetry', seq: 41, reason: 'schema' }],
    ledger: { backlog: 59, missing: 0 },
  });
  expect(JSON.stringify(uplinks)).not.toContain('secret');
});

test('lamps tell the plan of the night, what holds and until when', async () => {
  const now = console_.agent.now();
  console_.agent.tonight = [
    {
      lamp: 'lamp-1',
      device: 'board',
      point: 'lamp-level',
      programme: {
        id: 'p',
        date: '2027-01-01',
        from: now,
        to: now + 600_000,
        step: 300_000,
        levels: [0, 60],
        photocell: true,
        boosts: ['SOS'],
        traffic: [40, 100],
      },
      now: { level: 80, rung: 'override', lit: true, why: 'console:technician' },
      override: { id: 'c-1', value: 80, issuer: 'console:technician', until: now + 3_600_000 },
    },
  ];
  const { lamps } = await get<ApiLamps>('/lamps');
  expect(lamps[0]).toMatchObject({
    title: { en: 'Lamp level' },
    programme: { step_s: 300, levels: [0, 60], photocell: true, traffic: [40, 100] },
    override: { issuer: 'console:technician' },
    power: null,
  });
});

test('what happened comes newest first, by kind, page by page', async () => {
  const event = (seq: number, kind: 'audit' | 'config') =>
    ({
      kind: 'event',
      seq,
      event: kind,
      severity: 'info',
      time: seq,
      rank: 'ntp',
      body: { act: `${seq}` },
    }) as const;
  console_.agent.happened = [event(1, 'audit'), event(2, 'config'), event(3, 'audit'), event(4, 'audit')];
  const seqs = async (query: string) =>
    (await get<ApiEvents>(`/events${query}`)).events.map(({ seq }) => seq);
  expect(await seqs('')).toEqual([4, 3, 1]);
  expect(await seqs('?kinds=audit,config&limit=2&before=4')).toEqual([3, 2]);
  const wrong = await console_.ask('/api/v1/events?kinds=nothing', { headers: technician });
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('no kind nothing')]);
});
