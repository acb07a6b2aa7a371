import { describe, expect, test } from 'vitest';
import { type FleetPlan, planFleet } from '../../../hw-sim/fleet/plan.ts';

const plan: FleetPlan = { agents: 100, seed: 7, brokers: 3, window: 5000, clones: 5, wrongClocks: 9 };

describe('the plan of a simulated city', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planFleet(plan)).toEqual(planFleet(plan));
    const chosen = (seed: number) =>
      planFleet({ ...plan, seed }).flatMap(({ agent, clock }) => (clock ? [agent] : []));
    expect(chosen(8)).not.toEqual(chosen(7));
  });

  test('has an id of its own for each agent, and a second machine for as many as wanted', () => {
    const poles = planFleet(plan);
    expect(new Set(poles.map(({ index }) => index)).size).toBe(105);
    expect(new Set(poles.map(({ machine }) => machine)).size).toBe(105);
    expect(new Set(poles.map(({ agent }) => agent)).size).toBe(100);
    const clones = poles.filter(({ clone }) => clone !== undefined);
    expect(clones.map(({ clone }) => clone)).toEqual(['guarded', 'blind', 'guarded', 'blind', 'guarded']);
    const ids = new Set(clones.map(({ agent }) => agent));
    expect(poles.filter(({ contested }) => contested)).toHaveLength(10);
    expect(poles.filter(({ agent, contested }) => contested !== ids.has(agent))).toEqual([]);
  });

  test('gives wrong clocks of all kinds to agents without a clone, and shares the agents out among the brokers', () => {
    const poles = planFleet(plan);
    const kinds = poles.flatMap(({ clock, contested }) => (clock && !contested ? [clock] : []));
    expect(kinds.toSorted()).toEqual([
      'dead',
      'dead',
      'dead',
      'jumps',
      'jumps',
      'jumps',
      'summer',
      'summer',
      'summer',
    ]);
    for (const broker of [0, 1, 2])
      expect(poles.slice(0, 100).filter((pole) => pole.broker === broker).length).toBeGreaterThan(32);
  });
});
