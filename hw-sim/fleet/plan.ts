/** Who stands in a simulated city, by seed: poles, second machines under one id, and clocks that are wrong. */
import { chance, hash32 } from '../world/random.ts';

/**
 * What is wrong with the clock of a pole. `dead`: it has no battery and shows 1970. `jumps`: somebody sets it hours to and
 * fro, and once to 2038. `summer`: it is put forward an hour and back, as by hand with the season.
 */
export type ClockChaos = 'dead' | 'jumps' | 'summer';

/**
 * A second machine with the id of another pole, as a card that was copied makes it. `guarded`: it looks, as every agent
 * does, whether the first one is there. `blind`: the broker forbids the look, so nothing holds it back.
 */
export type Clone = 'guarded' | 'blind';

export interface PolePlan {
  /** Its place in the city, 0 and up. */
  readonly index: number;
  /** Agent id. */
  readonly agent: string;
  /** Folder name and hardware: one of its own also for a clone. */
  readonly machine: string;
  /** Seed of its readings. */
  readonly seed: number;
  /** When in its first window it begins, ms. */
  readonly phase: number;
  /** Broker to begin with, as a place in the list. */
  readonly broker: number;
  readonly clock?: ClockChaos;
  readonly clone?: Clone;
  /** Another machine has this agent id too: the two take the broker's place from each other. */
  readonly contested: boolean;
}

export interface FleetPlan {
  readonly agents: number;
  readonly seed: number;
  readonly brokers: number;
  /** Longest time from a reading to its commit, ms. */
  readonly window: number;
  /** How many have a second machine, half of them blind, and how many a wrong clock. */
  readonly clones: number;
  readonly wrongClocks: number;
}

const CLOCKS: readonly ClockChaos[] = ['dead', 'jumps', 'summer'];

/** Agents first, then the clones of some of them. The same plan gives the same city. */
export function planFleet({
  agents,
  seed,
  brokers,
  window,
  clones,
  wrongClocks,
}: FleetPlan): readonly PolePlan[] {
  const width = Math.max(4, String(agents).length);
  const idOf = (index: number) => `pole-${String(index).padStart(width, '0')}`;
  const poleOf = (index: number, agent: string, machine: string): PolePlan => ({
    index,
    agent,
    machine,
    seed: hash32(seed, index),
    phase: Math.round(chance(seed, index, 1) * window),
    broker: index % Math.max(1, brokers),
    contested: false,
  });
  const order = Array.from({ length: agents }, (_, i) => i).sort(
    (a, b) => chance(seed, a, 2) - chance(seed, b, 2) || a - b,
  );
  // Who has a clone has a right clock, so that each is seen for itself.
  const wrong = new Map(
    order
      .slice(0, Math.min(wrongClocks, agents))
      .map((index, i) => [index, CLOCKS[i % CLOCKS.length] ?? 'dead']),
  );
  const cloned = order.slice(wrong.size, wrong.size + clones);
  const contested = new Set(cloned);
  const poles = Array.from({ length: agents }, (_, index) => {
    const clock = wrong.get(index);
    const id = idOf(index);
    const own = { ...poleOf(index, id, id), contested: contested.has(index) };
    return clock === undefined ? own : { ...own, clock };
  });
  const seconds = cloned.map((index, i): PolePlan => {
    const id = idOf(index);
    return {
      ...poleOf(agents + i, id, `${id}-clone`),
      contested: true,
      clone: i % 2 === 0 ? 'guarded' : 'blind',
    };
  });
  return [...poles, ...seconds];
}
