/**
 * The building on real lines: the world as each of its meters sees it. What flows is the simulated year's, healthy; any
 * other year is laid over it by whole weeks, so that a Monday stays one.
 */

import type { CircuitLoad, PhaseLoad } from '../world/load.ts';
import { chance, keyOf } from '../world/random.ts';
import type { PipeFlow, World } from '../world/world.ts';
import { DAY, QUARTER, YEAR_START } from './calendar.ts';
import { METERS } from './plan.ts';
import { classError, type SimulatedMeter, simulateYear } from './year.ts';

const TURN = 364 * DAY;
const STEPS = TURN / QUARTER;
/** kWh per m³ and kelvin. */
const HEAT_CAPACITY = 1.163;
const WARM = 71.4;
const COLD = 7;

interface Counter {
  /** In all until `time`, from an arbitrary beginning. */
  total(time: number): number;
  /** In an hour, now. */
  rate(time: number): number;
}

/** Ids of the meters of a building with what each of them sees. `world`: of the street it stands in. */
export function premises(seed: number, world: World): ReadonlyMap<string, World> {
  const year = simulateYear({ seed, faults: [] });
  return new Map(
    METERS.flatMap(({ id }) => {
      const meter = year.meters.get(id);
      return meter === undefined ? [] : [[id, seenBy(meter, seed, world)] as const];
    }),
  );
}

/** Everything else, weather and time among it, stays the world's. */
function seenBy(meter: SimulatedMeter, seed: number, world: World): World {
  if (meter.plan.kind !== 'electricity') {
    return Object.create(world, { pipe: { value: water(meter, seed, world) } }) as World;
  }
  const circuit = electricity(meter, seed, world);
  return Object.create(world, {
    load: { value: (_circuit: string, time: number) => circuit(time) },
  }) as World;
}

/** What runs through the meter's terminals: behind transformers, a part of it. */
function electricity({ plan, flowed }: SimulatedMeter, seed: number, world: World) {
  const { id, ct = 1, phases: shares = [1, 0, 0], powerFactor = 1 } = plan;
  const seen = classError(seed, id) / ct;
  const bought = counter(flowed, seen, QUARTER);
  const sold = counter(flowed, -seen, QUARTER);
  const begin = world.start - DAY;
  const installed = 800 + 4000 * chance(seed, keyOf(`installed-${id}`));
  const tangent = id === 'e-main' ? 0.2 : Math.tan(Math.acos(powerFactor));
  return (time: number): CircuitLoad => {
    const grid = world.load('feeder', time);
    const imported = installed + bought.total(time) - bought.total(begin);
    const exported = sold.total(time) - sold.total(begin);
    const watts = 1000 * (bought.rate(time) - sold.rate(time));
    const phase = (index: 0 | 1 | 2): PhaseLoad => {
      const { volts, distortion } = grid.phases[index];
      const active = watts * shares[index];
      const reactive = Math.abs(active) * tangent;
      const apparent = Math.hypot(active, reactive);
      return {
        volts,
        amps: apparent / volts,
        active,
        reactive,
        apparent,
        powerFactor: apparent === 0 ? 1 : active / apparent,
        distortion,
        energy: imported * shares[index],
        exported: exported * shares[index],
        reactiveEnergy: (imported + exported) * shares[index] * tangent,
      };
    };
    return { phases: [phase(0), phase(1), phase(2)], frequency: grid.frequency };
  };
}

function water({ plan, flowed, flow }: SimulatedMeter, seed: number, world: World) {
  const { id, kind } = plan;
  const seen = classError(seed, id);
  const main = counter(flowed, seen, QUARTER);
  // Of heat and cold the register counts energy; the water that carries them is known hour by hour.
  const carried = flow === undefined ? main : counter(flow, 1, 4 * QUARTER);
  const begin = world.start - DAY;
  const installed = 3000 * chance(seed, keyOf(`installed-${id}`));
  return (time: number): PipeFlow => {
    const counted = installed + main.total(time) - main.total(begin);
    const perHour = carried.rate(time);
    const spread = perHour > 0 ? main.rate(time) / (HEAT_CAPACITY * perHour) : 0;
    const supply = kind === 'cooling' ? COLD : WARM;
    return {
      volume: installed + carried.total(time) - carried.total(begin),
      flow: perHour,
      heat: kind === 'heat' ? counted : 0,
      cold: kind === 'cooling' ? counted : 0,
      supply,
      back: kind === 'cooling' ? supply + spread : supply - spread,
    };
  };
}

/** Of a series of what flows in each `step`; only what runs in the direction of `factor` counts. */
function counter(series: Float64Array | Float32Array, factor: number, step: number): Counter {
  // The hourly series tells rates, that of quarters amounts; of an hour both are one.
  const steps = (STEPS * QUARTER) / step;
  const sums = new Float64Array(steps + 1);
  const run = (k: number): number => Math.max(0, (series[k] ?? 0) * factor);
  for (let k = 0; k < steps; k++) sums[k + 1] = (sums[k] ?? 0) + run(k);
  const place = (time: number) => {
    const turns = Math.floor((time - YEAR_START) / TURN);
    const at = (time - YEAR_START - turns * TURN) / step;
    const k = Math.min(steps - 1, Math.floor(at));
    return { turns, k, part: at - k };
  };
  return {
    total(time) {
      const { turns, k, part } = place(time);
      return turns * (sums[steps] ?? 0) + (sums[k] ?? 0) + part * run(k);
    },
    rate: (time) => (run(place(time).k) * 4 * QUARTER) / step,
  };
}
