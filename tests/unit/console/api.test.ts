/** The API does what its OpenAPI document says. */

import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { AgentError } from '../../../agent/core/errors.ts';
import { bad, good, uncertain } from '../../../agent/core/reading.ts';
import { SCAN } from '../../support/commissioning-data.ts';
import { REVISION, SITE_TEXT } from '../../support/config-data.ts';
import { openConsole, type TestConsole } from './open-console.ts';

interface Operation {
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: object }> }>>;
}

let console_: TestConsole;
let headers: Record<string, string>;
let paths: Record<string, Record<string, Operation>>;
const ajv = new Ajv2020({ strict: false });

beforeAll(async () => {
  console_ = await openConsole();
  headers = await console_.login();
  const document = JSON.parse((await console_.ask('/api/v1/openapi.json', { headers })).text);
  ajv.addSchema(document, 'openapi');
  paths = document.paths;
  const { agent, clock } = console_;
  const at = clock.mono();
  agent.publish([
    good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, 230.1, at),
    uncertain({ device: 'station', point: 'noise', unit: 'dB(A)' }, 61.2, 'simulated', at),
    bad({ device: 'meter-lamp', point: 'voltage', unit: 'V' }, 'timeout', at),
    good({ device: 'board', point: 'cabinet-door', unit: '1' }, true, at),
  ]);
  agent.setHealth({
    part: 'store',
    state: 'ok',
    since: 1,
    facts: { free_bytes: 1e9, path: 'x', full: false },
  });
  agent.ledgerList = [
    {
      uplink: 'city',
      connected: true,
      epoch: 'e1',
      stored: 100,
      acknowledged: 90,
      refused: 1,
      dropped: 2,
      backlog: 7,
      resent: 4,
      heads: { alarm: 0, event: 10, meter: 20, telemetry: 70, bulk: 0 },
    },
  ];
  agent.buckets = (_device, _point, from) => [
    { time: from, count: 2, min: 1, mean: 2, max: 3, last: 3 },
    { time: from + 60_000, count: 0, min: null, mean: null, max: null, last: null },
  ];
  agent.ticket = 'http://127.0.0.1:1880/ticket';
  agent.frame = {
    jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
    width: 640,
    height: 360,
    time: 5,
    detections: [{ class: 'car', score: 0.91234, box: [1.4, 2, 30, 40] }],
  };
});
afterAll(() => console_[Symbol.asyncDispose]());

const get = (path: string) => console_.ask(`/api/v1${path}`, { headers });
const post = (path: string, body: unknown) => console_.post(`/api/v1${path}`, body, headers);

const ACCEPTED = {
  key: 'unit-7',
  profile: 'eastron-sdm120',
  id: 'sdm120-7',
  title: { en: 'Lamp', zh: '灯' },
};

/** Answer of `path` as the document says for `operation`, checked against it. */
function conforms(
  operation: string,
  method: string,
  answer: { status: number; headers: object; text: string },
) {
  const type = String(new Headers(Object.entries(answer.headers)).get('content-type')).split(';')[0] ?? '';
  const pointer = ['paths', operation, method, 'responses', String(answer.status), 'content', type, 'schema'];
  const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  const validate = ajv.getSchema(`openapi#/${escaped.join('/')}`);
  expect(validate, `${method} ${operation} ${answer.status} ${type} is described`).toBeDefined();
  validate?.(JSON.parse(answer.text));
  expect(validate?.errors ?? []).toEqual([]);
}

describe('the document', () => {
  test('stands in the repository as it is served, so that a change of the API is seen in review', async () => {
    const { text } = await get('/openapi.json');
    await expect(stringify(JSON.parse(text), { aliasDuplicateObjects: false })).toMatchFileSnapshot(
      '../../../docs/openapi.yaml',
    );
  });

  test('describes every answer of every GET', async () => {
    const feeder = { device: 'meter-feeder', point: 'energy-import', unit: 'kW.h' } as const;
    console_.agent.sense.readings([good(feeder, 1234.5, 0)]);
    const queries: Record<string, string> = {
      '/history': '?device=meter-feeder&point=voltage&from=0&to=600000&bucket_s=60',
      '/points': '?device=meter-feeder',
    };
    const skipped = [
      '/stream',
      '/cameras/{id}/frame',
      '/devices/{device}/frames',
      '/commissioning/report/page',
    ];
    for (const [path, methods] of Object.entries(paths)) {
      if (methods.get === undefined || skipped.includes(path)) continue;
      const asked = `${path.replace('{id}', 'camera-1').replace('{device}', 'meter-feeder').replace('{point}', 'energy-import').replace('{account}', 'building').replace('{change}', '2').replace('{revision}', REVISION)}${queries[path] ?? ''}`;
      const answer = await get(asked);
      expect([asked, answer.status]).toEqual([asked, 200]);
      conforms(path, 'get', answer);
    }
  });

  test('describes every answer of every POST', async () => {
    const bodies: Record<string, unknown> = {
      '/commands': { id: 'c-doc', device: 'board', point: 'lamp-level', value: 3, expires_in_s: 5 },
      '/links': { role: 'viewer' },
      '/tokens': { name: 'doc', role: 'viewer' },
      '/node-red/ticket': {},
      '/people': { name: 'doc', role: 'viewer', password: 'lantern rides past eleven' },
      '/people/{name}/password': { password: 'eleven lanterns ride past' },
      '/cameras/{id}/viewing': { faces: 'blurred' },
      '/cameras/{id}/drawings': {
        kind: 'line',
        id: 'line-1',
        spots: [
          [0, 0.5],
          [1, 0.5],
        ],
      },
      '/meters/{device}/exchanges': {
        by: 'Li Wei',
        registers: { 'energy-import': { closing: 1240, opening: 0 } },
      },
      '/devices/{device}/maintenance': { by: 'Li Wei', why: 'cleaning', for_s: 60 },
      '/devices/{device}/corrections': { point: 'energy-import', slope: 1.01, by: 'Li Wei' },
      '/meters/{device}/explanations': { as: 'nothing', by: 'Li Wei' },
      '/sos/{sos}/test': {},
      '/commissioning/tests': { test: 'lamp.lamp-1', name: 'Li Wei' },
      '/commissioning/scans': { port: '/dev/ttyUSB1' },
      '/commissioning/scans/{scan}/stop': {},
      '/commissioning/scans/{scan}/readings': { devices: [{ key: 'unit-7', profile: 'eastron-sdm120' }] },
      '/commissioning/scans/{scan}/check': { devices: [ACCEPTED] },
      '/commissioning/scans/{scan}/save': { devices: [ACCEPTED], name: 'Li Wei' },
      '/virtual/{device}/{point}': { value: 31.2, unit: 'Cel', source: 'Heat' },
      '/config/check': { text: SITE_TEXT },
      '/config/changes': { text: SITE_TEXT, name: 'Li Wei', why: 'a meter' },
      '/config/changes/{change}/end': { how: 'keep', name: 'Li Wei' },
      '/config/revisions/{revision}/return': { name: 'Li Wei', why: 'as it was' },
      '/diagnostics': { why: 'a test' },
      '/alarms/{alarm}/acts': { act: 'shelve', name: 'Li Wei', note: 'works', for_s: 600 },
    };
    const at = { device: 'meter-feeder', point: 'energy-import', unit: 'kW.h' } as const;
    const jumping = (value: number, time: number) => good(at, value, time);
    console_.agent.sense.readings([jumping(1234.5, 1), jumping(4.2, 700_000), jumping(4.3, 710_000)]);
    console_.agent.sense.readings([jumping(4.4, 720_000)]);
    for (const [path, methods] of Object.entries(paths)) {
      // They end the session that asks, or are for a person with a password: in accounts.test.ts, service-link.test.ts.
      const elsewhere = ['/logout', '/login', '/password'].includes(path) || path.startsWith('/service-link');
      if (methods.post === undefined || elsewhere) continue;
      const place = path
        .replace('{device}/exchanges', 'meter-lamp/exchanges')
        .replace('virtual/{device}/{point}', 'virtual/street-climate/heat-index')
        .replace('{device}', 'meter-feeder')
        .replace('{id}', 'camera-1')
        .replace('{name}', 'doc')
        .replace('{alarm}', 'board-cabinet-door')
        .replace('{scan}', SCAN)
        .replace('{change}', '2')
        .replace('{revision}', REVISION)
        .replace('{sos}', 'sos');
      const answer = await post(place, bodies[path]);
      expect([path, answer.status]).toEqual([path, 200]);
      conforms(path, 'post', answer);
      const refused = await post(place, { unheard: 'of' });
      expect([path, refused.status]).toEqual([path, 400]);
      conforms(path, 'post', refused);
    }
  });
});

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
