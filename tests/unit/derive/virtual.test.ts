/** Virtual points: what is declared is published, what is not is refused in words, what grows old is bad. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { VirtualOutcome } from '../../../agent/core/virtual.ts';
import { VirtualPoints, virtualDescription } from '../../../agent/derive/virtual.ts';
import { VIRTUAL } from '../../support/agent-site.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let readings: Reading[];
let events: AgentEvent[];
let virtual: VirtualPoints;

beforeEach(() => {
  clock = new VirtualClock();
  readings = [];
  events = [];
  virtual = new VirtualPoints({
    devices: VIRTUAL,
    clock,
    hub: {
      readings: (some) => void readings.push(...some),
      event: (event) => void events.push(event),
      latest: () => undefined,
    },
    log: silent,
  });
});
afterEach(() => virtual[Symbol.dispose]());

const heat = { device: 'street-climate', point: 'heat-index', source: 'flow:node-red Heat' };
const why = (outcome: VirtualOutcome) => (outcome.ok ? 'taken' : `${outcome.code}: ${outcome.reason}`);

test('a value is published as declared, in the unit and decimals of the point', async () => {
  expect(virtual.give({ ...heat, value: 31.26 })).toMatchObject({ ok: true });
  await clock.advance(200);
  virtual.give({ ...heat, value: 300, unit: 'K', quality: 'uncertain' });
  expect(readings).toMatchObject([
    { device: 'street-climate', point: 'heat-index', value: 31.3, unit: 'Cel', quality: 'good' },
    { value: 26.9, quality: 'uncertain', reason: 'substituted' },
  ]);
});

test('who gives it is told when it changes, not each time', async () => {
  virtual.give({ ...heat, value: 1 });
  await clock.advance(200);
  virtual.give({ ...heat, value: 2 });
  await clock.advance(200);
  virtual.give({ ...heat, value: 3, source: 'api:lab' });
  expect(events.map(({ body }) => body.source)).toEqual(['flow:node-red Heat', 'api:lab']);
  expect(virtual.rows()[0]).toMatchObject({ source: 'api:lab' });
});

test('what does not fit is refused with the reason, and nothing is published', async () => {
  const at = { device: 'street-climate', source: 'x' };
  const refusals = [
    virtual.give({ ...heat, point: 'no-such', value: 1 }),
    virtual.give({ ...heat, value: '31' }),
    virtual.give({ ...heat, value: 81 }),
    virtual.give({ ...heat, value: Number.NaN }),
    virtual.give({ ...heat, value: 1, unit: 'kW' }),
    virtual.give({ ...at, point: 'advice', value: 'swim' }),
  ].map(why);
  expect(refusals).toEqual([
    'unknown-point: publishing to street-climate/no-such failed: the site file declares no such virtual point',
    'wrong-type: publishing to street-climate/heat-index failed: it is a number, got a string',
    'out-of-range: publishing to street-climate/heat-index failed: 81 Cel is outside -40…80',
    'out-of-range: publishing to street-climate/heat-index failed: NaN is no number to measure with',
    'wrong-unit: publishing to street-climate/heat-index failed: kW does not convert to Cel',
    'unknown-value: publishing to street-climate/advice failed: "swim" is none of its values',
  ]);
  virtual.give({ ...heat, value: 1 });
  expect(why(virtual.give({ ...heat, value: 2 }))).toMatch(/^too-fast: .*more than one value in 100 ms/);
  expect(readings).toHaveLength(1);
});

test('a value that is not renewed turns bad once, and comes back with the next', async () => {
  virtual.give({ ...heat, value: 20 });
  await clock.advance(599_000);
  expect(readings.filter(({ point }) => point === 'heat-index')).toHaveLength(1);
  await clock.advance(600_000);
  const after = readings.filter(({ point }) => point === 'heat-index');
  expect(after.slice(1)).toMatchObject([{ value: null, quality: 'bad', reason: 'timeout' }]);
  virtual.give({ ...heat, value: 21 });
  expect(readings.at(-1)).toMatchObject({ value: 21, quality: 'good' });
});

test('one that never came is bad after its age; null makes it bad at once', async () => {
  await clock.advance(601_000);
  expect(readings.map(({ point, reason }) => `${point} ${reason}`)).toEqual([
    'heat-index timeout',
    'advice timeout',
  ]);
  virtual.give({ ...heat, value: null });
  expect(readings.at(-1)).toMatchObject({ value: null, reason: 'not-available' });
});

test('another declaration takes effect while it runs', () => {
  virtual.give({ ...heat, value: 20 });
  virtual.reconfigure([]);
  expect(why(virtual.give({ ...heat, value: 20 }))).toMatch(/^unknown-point/);
  expect(virtual.rows()).toEqual([]);
});

test('it is described like any device', () => {
  const [device] = VIRTUAL;
  expect(device && virtualDescription(device)).toMatchObject({
    device: 'street-climate',
    class: 'virtual',
    points: [
      { id: 'heat-index', access: 'read', lane: 'telemetry', range: [-40, 80] },
      { id: 'advice', states: { drink: { en: 'drink' } } },
    ],
  });
});
