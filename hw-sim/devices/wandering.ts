/** Quantities of a street that no part of the simulated world drives: each wanders slowly about a mean of its own. */
import { chance, drift, keyOf } from '../world/random.ts';
import type { World } from '../world/world.ts';
import type { ModbusModel, RegisterValue } from './modbus-model.ts';
import { environment } from './quantities.ts';

const HOUR = 3_600_000;
/** How long a contact, a state or an alarm stays as it is. */
const STAY = HOUR / 6;

export type Means = Readonly<Record<string, readonly [mean: number, swing: number]>>;
type ValueOf = ModbusModel['value'];

/** mean ± swing for the points of the table; the rest is asked of `others`, by default the weather. */
export function wandering(means: Means, others: ValueOf = environment): ValueOf {
  return (point, world, time, settings): RegisterValue => {
    const found = means[point];
    if (found === undefined) return others(point, world, time, settings);
    const [mean, swing] = found;
    return mean + swing * drift(world.seed, keyOf(`wander-${point}`), time, HOUR);
  };
}

/** Points that are on or off: on for `part` of the time, ten minutes at least; the rest is asked of `others`. */
export function switching(parts: Readonly<Record<string, number>>, others: ValueOf): ValueOf {
  return (point, world, time, settings): RegisterValue =>
    parts[point] === undefined
      ? others(point, world, time, settings)
      : Number(isOn(point, parts[point], world, time));
}

/** As `switching`, of one point. */
export function isOn(point: string, part: number, world: World, time: number): boolean {
  return chance(world.seed, keyOf(`switch-${point}`), Math.floor(time / STAY)) < part;
}

/** A counter that goes on by `rate` an hour since the street opened, above what it had before. */
export function counted(before: number, rate: number, world: World, time: number): number {
  return before + (rate * Math.max(0, time - world.start)) / HOUR;
}

/** Points that count; the rest is asked of `others`. */
export function counting(
  counters: Readonly<Record<string, readonly [before: number, rate: number]>>,
  others: ValueOf,
): ValueOf {
  return (point, world, time, settings): RegisterValue => {
    const found = counters[point];
    return found === undefined
      ? others(point, world, time, settings)
      : counted(found[0], found[1], world, time);
  };
}
