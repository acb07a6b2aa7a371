/** The API answers what its OpenAPI document says. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { good } from '../../../agent/core/reading.ts';
import { SCAN } from '../../support/commissioning-data.ts';
import { REVISION, SITE_TEXT } from '../../support/config-data.ts';
import { type ApiStand, openApi } from './api-stand.ts';

interface Operation {
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: object }> }>>;
}

let console_: ApiStand['console_'];
let get: ApiStand['get'];
let post: ApiStand['post'];
let paths: Record<string, Record<string, Operation>>;
const ajv = new Ajv2020({ strict: false });

beforeAll(async () => {
  ({ console_, get, post } = await openApi());
  const document = JSON.parse((await get('/openapi.json')).text);
  ajv.addSchema(document, 'openapi');
  paths = document.paths;
});
afterAll(() => console_[Symbol.asyncDispose]());

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
