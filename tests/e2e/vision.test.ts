/** Counts at the city against the plan of the drawn street: real HTTP, real JPEG, the real models. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { truthOf } from '../../hw-sim/camera/scene.ts';
import { loadScenario } from '../../hw-sim/scenario.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { type City, type CityRecord, openCity } from './city.ts';
import { openSite, type Site } from './site.ts';

/** Readings of each kind that are compared. */
const ENOUGH = 12;

let site: Site;
let city: City;
let agent: AgentProcess;

beforeAll(async () => {
  // Ten in the morning in Shanghai, whatever the time of the machine that tests.
  const scenario = { ...(await loadScenario('street')), start: '2027-06-21T02:00:00Z' };
  site = await openSite({
    scenario,
    cameraChange: { every: '2s' },
    change: {
      lines: [],
      devices: [],
      lamps: [],
      programmes: [],
      alarms: undefined,
      log: { window: '500ms' },
    },
  });
  city = await openCity(site.broker);
  agent = startAgent(site.file);
  await agent.ready;
}, 60_000);

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await city[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

function counts(point: string): (CityRecord & { value: number })[] {
  return [...city.records.values()].filter(
    (record): record is typeof record & { value: number } =>
      record.point === point && record.quality === 'good' && typeof record.value === 'number',
  );
}

/** What was to be counted at any moment from `from` to `to` (world time); undefined where it was not one thing. */
function plan(from: number, to: number, of: 'vehicleCount' | 'faces'): number | undefined {
  const truths = [];
  for (let time = from; time <= to; time += 50) truths.push(truthOf(site.street.world.trafficAt(time)));
  const settled = of === 'faces' || truths.every((truth) => truth.settled);
  const values = new Set(truths.map((truth) => truth[of]));
  return settled && values.size === 1 ? [...values][0] : undefined;
}

describe('counting the drawn street', () => {
  test('vehicles in sight match the plan', async () => {
    const judged = () =>
      counts('vehicles').flatMap(({ value, time }) => {
        const at = Date.parse(time);
        // The frame was drawn at most this long before it was decoded, also on a machine that is busy otherwise.
        const truth = plan(at - 1500, at, 'vehicleCount');
        return truth === undefined ? [] : [{ value, truth }];
      });
    await city.until(() => judged().length >= ENOUGH, `${ENOUGH} settled vehicle counts`, 120_000);
    const right = judged().filter(({ value, truth }) => value === truth);
    expect(right.length / judged().length).toBeGreaterThanOrEqual(0.9);
  }, 130_000);

  test('faces in sight match the plan', async () => {
    const judged = () =>
      counts('faces').flatMap(({ value, time }) => {
        const at = Date.parse(time);
        // The count is the median of five frames, and a busy machine takes its time for them.
        const truth = plan(at - 8000, at, 'faces');
        return truth === undefined ? [] : [{ value, truth }];
      });
    await city.until(() => judged().length >= ENOUGH, `${ENOUGH} settled face counts`, 180_000);
    const right = judged().filter(({ value, truth }) => value === truth);
    expect(right.length / judged().length).toBeGreaterThanOrEqual(0.9);
  }, 190_000);
});
