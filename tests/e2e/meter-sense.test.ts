/** People tell a running agent of its meters: an exchange that then happens, a maintenance window, a ratio; over a restart. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as faults from '../../hw-sim/faults.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { kerbside } from '../unit/cli/kerbside.ts';
import { type City, openCity } from './city.ts';
import { logIn, type Person } from './console-session.ts';
import { openSite, type Site } from './site.ts';

const METER = 'meter-lamp';
const P = 'energy-import';
/** Unit id of the meter on its line. */
const UNIT = 2;

let site: Site;
let city: City;
let agent: AgentProcess;
let person: Person;

beforeAll(async () => {
  site = await openSite({ camera: false });
  city = await openCity(site.broker);
  agent = startAgent(site.file);
  person = await logIn((await agent.ready).link);
  await city.until(() => newest(P) !== undefined, 'a reading of the meter', 60_000);
}, 90_000);

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await city[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const cli = (...args: string[]) => kerbside([...args, '--site', site.file]);
const mine = (point: string) =>
  [...city.records.values()].filter((one) => one.device === METER && one.point === point);
const newest = (point: string) => mine(point).at(-1);
const events = (what: string) =>
  [...city.records.values()].filter(({ device, body }) => device === METER && body?.what === what);

function inject(fault: faults.Fault): void {
  const line = site.street.lines.get('rs485-1');
  if (line?.kind !== 'serial') throw new Error('no such line');
  line.port.wire.inject(fault);
}

test('an exchange declared on the command line is found on the wire, and the city is told', async () => {
  const closing = Math.floor(Number(newest(P)?.value)) + 1;
  const flags = [
    '--closing',
    `${P}=${closing}`,
    '--opening',
    `${P}=7`,
    '--new-serial',
    'B2',
    '--by',
    'Li Wei',
  ];
  const declared = await cli('meter', 'exchange', METER, ...flags);
  expect([declared.code, declared.err]).toEqual([0, expect.stringContaining('runs: over its local API')]);
  expect(declared.out).toContain('waits for the new meter’s first reading');
  inject(faults.exchangedMeter({ unit: UNIT, dark: 3000, opening: 7 }));
  await city.until(() => events('counter-exchange').length > 0, 'the exchange', 60_000);
  const [found] = events('counter-exchange').filter(({ body }) => body?.point === P);
  expect(found?.body).toMatchObject({ state: 'settled', closing, opening: 7 });
  // Lanes arrive apart: the event may be there before the reading that it came from.
  await city.until(() => Number(newest(P)?.value) < 10, 'a reading of the new meter');
  const to = Date.now();
  const query = `device=${METER}&point=${P}&from=${to - 7_200_000}&to=${to + 60_000}&bucket_s=60`;
  const { buckets } = await person.get<{ buckets: { mean: number | null }[] }>(`/history?${query}`);
  const steps = buckets.map(({ mean }) => mean ?? 0);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...steps)).toBeLessThan(5);
}, 120_000);

test('a maintenance window marks the readings that come, and is still there after a crash', async () => {
  const begun = await cli('maintenance', 'begin', METER, '--why', 'new CT', '--for', '30min', '--by', 'Zhao');
  expect(begun.code).toBe(0);
  const from = mine('voltage-l1').length;
  await city.until(() => mine('voltage-l1').length > from + 1, 'readings', 60_000);
  expect(newest('voltage-l1')).toMatchObject({ quality: 'uncertain', reason: 'maintenance' });
  await agent.kill();
  const stopped = await cli('maintenance', 'list');
  expect(stopped.err).toContain('is stopped: in its log');
  expect(stopped.out).toContain('by Zhao');
  agent = startAgent(site.file);
  person = await logIn((await agent.ready).link);
  const again = mine('voltage-l1').length;
  await city.until(() => mine('voltage-l1').length > again + 1, 'readings after the restart', 60_000);
  expect(newest('voltage-l1')).toMatchObject({ reason: 'maintenance' });
  expect((await cli('maintenance', 'end', METER, '--by', 'Zhao')).code).toBe(0);
  const over = mine('voltage-l1').length;
  await city.until(() => mine('voltage-l1').length > over + 1, 'readings after its end', 60_000);
  expect(newest('voltage-l1')).toMatchObject({ quality: 'good' });
}, 180_000);

test('a ratio gives values and raw values, and the description says so', async () => {
  const made = await cli('correct', METER, '--ct', '100/5', '--by', 'Li Wei', '--json');
  expect(JSON.parse(made.out)).toMatchObject({ ct: 20, by: expect.stringMatching(/^Li Wei \(console:/) });
  await city.until(() => newest('current-l1-raw') !== undefined, 'a raw value', 60_000);
  const raw = newest('current-l1-raw');
  const value = mine('current-l1').find(({ time }) => time === raw?.time);
  expect(Number(value?.value)).toBeCloseTo(20 * Number(raw?.value), 6);
  await city.until(
    () => {
      const told = city.topics.get(`kerbside/v1/demo-street/pole-0817/describe/${METER}`) as
        | { points: { id: string }[] }
        | undefined;
      return told?.points.some(({ id }) => id === 'current-l1-raw') === true;
    },
    'the description',
    30_000,
  );
  const { marks } = await person.get<{ marks: { mark: string }[] }>(`/marks?device=${METER}`);
  expect(new Set(marks.map(({ mark }) => mark))).toEqual(
    new Set(['break', 'exchange', 'maintenance', 'correction']),
  );
}, 120_000);
