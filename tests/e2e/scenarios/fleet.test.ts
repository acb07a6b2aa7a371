/** The scenario `fleet` in small: a street and a dozen agents around it at one broker, a blackout for the dozen, a ledger for each. */
import { expect, test } from 'vitest';
import { loadScenario } from '../../../hw-sim/scenario.ts';
import { AgentEye } from '../../../hw-sim/show/agent-eye.ts';
import { CityEye } from '../../../hw-sim/show/city-eye.ts';
import { sceneOf } from '../../../hw-sim/show/scene.ts';
import { Stage } from '../../../hw-sim/show/stage.ts';
import { Tour } from '../../../hw-sim/show/tour.ts';
import { play } from './play.ts';

const AGENTS = 12;
const PATIENCE = { timeout: 60_000, interval: 100 };

test('all lose their network and come back, the street goes on, and every ledger balances', {
  timeout: 300_000,
}, async () => {
  const scenario = await loadScenario('fleet');
  expect(scenario.fleet).toMatchObject({ agents: 50 });
  const faults = scenario.faults.map(({ every: _, ...one }) => ({ ...one, at: 0, for: 6000 }));
  const fleet = { agents: AGENTS, rate: 2, wrong_clocks: 2 };
  await using played = await play({ ...scenario, fleet, faults }, { speed: 1 });
  const { street, agent, person } = played;
  const around = street.fleet;
  if (around === undefined || street.broker === undefined) throw new Error('there is no fleet');
  // What a visitor of the street's page sees.
  await using eye = new AgentEye('/nowhere');
  using eyes = new CityEye(street.broker, street.scenario.site.id);
  const ground = {
    street,
    eye,
    city: eyes,
    camera: undefined,
    agent: { pid: agent.pid, setClock: () => undefined },
  };
  await using stage = new Stage(ground);
  using tour = new Tour(stage, ground);
  const shown = () => sceneOf(ground, stage, tour).ledger;

  await expect.poll(() => around.now().connected, PATIENCE).toBe(AGENTS);
  await expect.poll(() => around.ledgers().length, PATIENCE).toBe(AGENTS);
  played.begin();
  await expect.poll(() => around.up, PATIENCE).toBe(false);
  await expect.poll(() => around.now().connected, PATIENCE).toBe(0);
  const cut = around.now();
  await expect.poll(() => around.now().backlog, PATIENCE).toBeGreaterThan(2 * AGENTS);
  // Those in the poles wait; they are not missing.
  expect(shown()).toMatchObject({ missing: 0, doubled: 0 });
  expect(shown().backlog).toBeGreaterThan(2 * AGENTS);
  const own = async () => {
    const { ledgers } = await person.get<{ ledgers: readonly { connected: boolean }[] }>('/ledger');
    return ledgers.length > 0 && ledgers.every(({ connected }) => connected);
  };
  await expect.poll(own, PATIENCE).toBe(true);
  expect(around.up).toBe(false);

  await expect.poll(() => around.up, PATIENCE).toBe(true);
  await expect.poll(() => around.now().connected, PATIENCE).toBe(AGENTS);
  await around.city.settle(60_000);
  await expect.poll(() => around.now().received, PATIENCE).toBe(around.now().stored);
  const now = around.now();
  expect(now).toMatchObject({ agents: AGENTS, backlog: 0, missing: 0, doubled: 0 });
  expect(now.received).toBeGreaterThan(cut.received);
  expect(around.ledgers().map(({ holes, doubled }) => holes + doubled)).toEqual(
    Array.from({ length: AGENTS }, () => 0),
  );
  expect(around.ledgers().reduce((sum, { received }) => sum + received, 0)).toBe(now.received);
  expect(shown().received).toBeGreaterThanOrEqual(now.received);
  expect(await around.city.verdict()).toMatchObject({
    ownBalance: true,
    missing: 0,
    conflicts: 0,
    broken: 0,
  });
  // And of the street itself, by its own receiver.
  await expect.poll(() => eyes.missing, PATIENCE).toBe(0);
  expect([eyes.doubled, eyes.received > 20]).toEqual([0, true]);
});
