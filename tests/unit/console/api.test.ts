/** What the API answers: points, ledger, history, commands, cameras, probes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { type ApiStand, openApi } from './api-stand.ts';
import { openConsole } from './open-console.ts';

let console_: ApiStand['console_'];
let get: ApiStand['get'];
let post: ApiStand['post'];

beforeAll(async () => {
  ({ console_, get, post } = await openApi());
});
afterAll(() => console_[Symbol.asyncDispose]());

describe('points', () => {
  test('carry value, quality, reason, age and the age from which they are stale', async () => {
    await console_.clock.advance(2500);
    const { points } = JSON.parse((await get('/points')).text);
    const row = (device: string, point: string) =>
      points.find((one: { device: string; point: string }) => one.device === device && one.point === point);
    expect(points).toHaveLength(16);
    expect(row('meter-feeder', 'voltage')).toMatchObject({
      value: 230.1,
      unit: 'V',
      symbol: 'V',
      decimals: 1,
      quality: 'good',
      reason: null,
      age_s: 2.5,
      stale_after_s: 17,
      title: { en: 'Voltage', zh: '电压' },
    });
    expect(row('meter-lamp', 'voltage')).toMatchObject({ value: null, quality: 'bad', reason: 'timeout' });
    expect(row('station', 'humidity')).toMatchObject({ value: null, quality: null, time: null, age_s: null });
    expect(row('camera-1', 'vehicles')).toMatchObject({ stale_after_s: 32 });
  });
});

describe('ledger', () => {
  test('names what its own arithmetic finds missing or doubled', async () => {
    const ask = async () => JSON.parse((await get('/ledger')).text).ledgers[0];
    expect(await ask()).toMatchObject({ stored: 100, backlog: 7, missing: 0, doubled: 0 });
    const [ledger] = console_.agent.ledgerList;
    if (ledger === undefined) throw new Error('no ledger');
    console_.agent.ledgerList = [{ ...ledger, acknowledged: 88 }];
    expect(await ask()).toMatchObject({ missing: 2, doubled: 0 });
    console_.agent.ledgerList = [{ ...ledger, acknowledged: 93 }];
    expect(await ask()).toMatchObject({ missing: 0, doubled: 3 });
    console_.agent.ledgerList = [ledger];
  });
});

describe('history', () => {
  test('is bounded and asks for what there is', async () => {
    const ask = async (query: string) => {
      const { status, text } = await get(`/history?${query}`);
      return [status, JSON.parse(text).detail];
    };
    const point = 'device=meter-feeder&point=voltage';
    expect(await ask(`${point}&from=0&to=300060000&bucket_s=60`)).toEqual([
      400,
      'query.to: more than 5000 buckets',
    ]);
    expect((await ask(`${point}&from=0&to=300000000&bucket_s=60`))[0]).toBe(200);
    expect((await ask(`${point}&from=5&to=5&bucket_s=60`))[0]).toBe(400);
    expect((await ask(`${point}&from=0&to=60000&bucket_s=61`))[0]).toBe(400);
    expect((await ask(`${point}&from=x&to=60000&bucket_s=60`))[0]).toBe(400);
    expect((await ask('device=meter-feeder&point=nothing&from=0&to=60000&bucket_s=60'))[0]).toBe(404);
    expect((await ask(`${point}&from=0&to=60000&bucket_s=60&more=1`))[0]).toBe(400);
  });

  test('tells an ill store with its fix, and nothing of the inside of what is not foreseen', async () => {
    const path = '/history?device=meter-feeder&point=voltage&from=0&to=600000&bucket_s=60';
    const before = console_.agent.buckets;
    console_.agent.buckets = () => {
      throw new AgentError('store-full', 'history failed: the disk is full', { fix: 'Free some space.' });
    };
    const full = await get(path);
    expect(full.status).toBe(503);
    expect(JSON.parse(full.text)).toMatchObject({ code: 'store-full', fix: 'Free some space.' });
    console_.agent.buckets = () => {
      throw new Error('secret inside');
    };
    const broken = await get(path);
    expect([broken.status, broken.text.includes('secret')]).toEqual([500, false]);
    console_.agent.buckets = before;
  });
});

describe('commands', () => {
  const wish = { device: 'board', point: 'lamp-level', value: 55 };

  test('reach the agent with their issuer, expiry and lease', async () => {
    const { text } = await post('/commands', { ...wish, id: 'c-1', expires_in_s: 30, lease_s: 60 });
    expect(JSON.parse(text)).toMatchObject({ id: 'c-1', state: 'done', readback: 55 });
    const now = Math.round(console_.agent.now());
    expect(console_.agent.submitted.at(-1)).toEqual({
      ...wish,
      id: 'c-1',
      issuer: 'console:administrator',
      issued: now,
      expires: now + 30_000,
      lease: 60_000,
    });
    const flow = await console_.token('technician', 'node-red');
    await console_.post('/api/v1/commands', { ...wish, id: 'c-2', expires: now + 5 }, flow);
    expect(console_.agent.submitted.at(-1)).toMatchObject({ issuer: 'flow:node-red', expires: now + 5 });
    const { commands } = JSON.parse((await get('/commands?limit=1')).text);
    expect(commands).toHaveLength(1);
    expect(commands[0].command).toMatchObject({ id: 'c-2', issuer: 'flow:node-red' });
  });

  test('have the same real time where the street runs faster than life', async () => {
    await using fast = await openConsole({ rate: 60 });
    const body = { ...wish, id: 'c-fast', expires_in_s: 15 };
    const { status } = await fast.post('/api/v1/commands', body, await fast.login());
    expect(status).toBe(200);
    const [sent] = fast.agent.submitted;
    expect((sent?.expires ?? 0) - (sent?.issued ?? 0)).toBe(15 * 60_000);
  });

  test('that are not right in form do not reach it', async () => {
    const before = console_.agent.submitted.length;
    const wrong = [
      { ...wish, id: 'c-3' },
      { ...wish, id: 'c-3', expires_in_s: 5, expires: 5 },
      { ...wish, id: 'c-3', expires_in_s: 0 },
      { ...wish, id: 'c-3', expires_in_s: 3601 },
      { ...wish, id: 'c-3', expires: 1e15 },
      { ...wish, id: 'c 3', expires_in_s: 5 },
      { ...wish, id: 'c-3', value: null, expires_in_s: 5 },
      { ...wish, id: 'c-3', value: { x: 1 }, expires_in_s: 5 },
      { ...wish, id: 'c-3', expires_in_s: '5' },
      { ...wish, id: 'c-3', expires_in_s: 5, issuer: 'uplink:city' },
      [],
      'text',
      null,
    ];
    for (const body of wrong) {
      const { status } = await post('/commands', body);
      expect([JSON.stringify(body), status]).toEqual([JSON.stringify(body), 400]);
    }
    expect(console_.agent.submitted).toHaveLength(before);
  });

  test('answer with a rejection as a value', async () => {
    const { answer } = console_.agent;
    console_.agent.answer = async ({ id }) => ({
      id,
      state: 'rejected',
      code: 'read-only',
      reason: 'no',
      at: 1,
    });
    const { status, text } = await post('/commands', { ...wish, id: 'c-4', expires_in_s: 5 });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { id: 'c-4', state: 'rejected', code: 'read-only', reason: 'no', at: 1 },
    ]);
    console_.agent.answer = answer;
  });
});

describe('cameras', () => {
  test('a frame comes with its boxes, from memory, to be kept nowhere', async () => {
    const { status, headers: got, bytes } = await get('/cameras/camera-1/frame');
    expect([status, got['content-type'], got['cache-control']]).toEqual([200, 'image/jpeg', 'no-store']);
    expect([...bytes]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
    expect(JSON.parse(String(got['x-kerbside-detections']))).toEqual({
      camera: 'camera-1',
      time: 5,
      width: 640,
      height: 360,
      detections: [{ class: 'car', score: 0.912, box: [1, 2, 30, 40] }],
    });
  });

  test('boxes alone make no picture', async () => {
    const { previews } = console_.agent;
    const answer = await get('/cameras/camera-1/detections');
    expect(JSON.parse(answer.text).detections).toEqual([{ class: 'car', score: 0.912, box: [1, 2, 30, 40] }]);
    expect(console_.agent.previews).toBe(previews);
  });

  test('a dark camera, an unknown one and a forbidden one say so', async () => {
    const { agent } = console_;
    const frame = agent.frame;
    agent.frame = undefined;
    expect((await get('/cameras/camera-1/frame')).status).toBe(503);
    agent.frame = frame;
    expect((await get('/cameras/camera-9/frame')).status).toBe(404);
    await using blind = await openConsole({ preview: false });
    blind.agent.frame = frame;
    const refused = await blind.ask('/api/v1/cameras/camera-1/frame', { headers: await blind.login() });
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([403, 'preview-forbidden']);
    expect(blind.agent.previews).toBe(0);
  });
});

describe('probes', () => {
  test('tell life, readiness and numbers', async () => {
    expect((await console_.ask('/healthz')).text).toBe('{"alive":true}');
    expect((await console_.ask('/readyz')).status).toBe(200);
    console_.agent.setHealth({ part: 'vision', state: 'starting', since: 1, facts: {} });
    expect((await console_.ask('/readyz')).status).toBe(503);
    console_.agent.setHealth({ part: 'vision', state: 'off', since: 1, facts: {} });
    const tally = { answers: 90, errors_timeout: 3, errors_checksum: 1, skipped_periods: 0, noise_bytes: 7 };
    const since = 1;
    console_.agent.setHealth({
      part: 'line:rs485-1',
      state: 'ok',
      since,
      facts: { port: '/dev/x', utilisation: 0.281, ...tally },
    });
    console_.agent.setHealth({
      part: 'device:meter-9',
      state: 'ok',
      since,
      facts: { turnaround_ms: 12.5, ...tally },
    });
    console_.agent.setHealth({
      part: 'device:meter-8',
      state: 'starting',
      since,
      facts: { turnaround_ms: null },
    });
    const { text } = await console_.ask('/metrics', { headers: await console_.token('viewer') });
    expect(text).toContain('kerbside_line_utilisation_ratio{line="rs485-1"} 0.281\n');
    expect(text).toContain('kerbside_turnaround_seconds{device="meter-9"} 0.0125\n');
    expect(text).not.toContain('meter-8"} 0');
    expect(text).toContain('kerbside_errors_total{line="rs485-1",error="timeout"} 3\n');
    expect(text).toContain('kerbside_errors_total{device="meter-9",error="checksum"} 1\n');
    expect(text).toContain('kerbside_skipped_periods_total{line="rs485-1"} 0\n');
    expect(text).toContain('kerbside_noise_bytes_total{line="rs485-1"} 7\n');
    expect(text).toContain('kerbside_records_stored_total{uplink="city"} 100\n');
    expect(text).toContain('kerbside_part_state{part="vision",state="off"} 1\n');
    expect(text).toContain('kerbside_points{quality="good"} 2\n');
    expect(
      text.split('\n').filter((line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [\d.e+]+|)$/.test(line)),
    ).toEqual([]);
  });

  test('Node-RED off is said', async () => {
    console_.agent.ticket = undefined;
    const { status, text } = await post('/node-red/ticket', {});
    expect([status, JSON.parse(text).code]).toEqual([503, 'node-red-down']);
  });
});
