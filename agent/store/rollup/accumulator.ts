/**
 * What a rollup keeps of a point in one bucket, by aggregation kind, so that buckets merge into longer ones exactly:
 * a level keeps energy, a direction keeps a vector, a counter and a state keep their ends, so that what happened
 * between two buckets is counted when they are merged.
 */
import type { Aggregation } from '../../core/point.ts';
import { fits } from '../codec/number.ts';
import type { Offsets } from './breaks.ts';
import { addLevel, emptyLevels, type Levels, mergeLevels } from './levels.ts';

export interface Accumulator {
  kind: Aggregation;
  /** How often it was changed after it had been closed. */
  revision: number;
  /** Values with quality good or uncertain. */
  count: number;
  /** Readings without a value. */
  bad: number;
  /** Values measured during maintenance or calibration: counted, and in no mean. */
  marked: number;
  /** Values there should have been; 0 where the period is unknown. */
  expected: number;
  min: number;
  max: number;
  /** Unix epoch, ms. */
  firstTime: number;
  lastTime: number;
  first: number;
  last: number;
  /** Σ value; for `weighted` Σ value × weight; for `leq` Σ 10^(L/10). */
  sum: number;
  /** For `weighted` and `vector` Σ weight. */
  weight: number;
  /** For `vector` Σ weight × sin and Σ weight × cos. */
  x: number;
  y: number;
  /** For `counter` the sum of the steps upwards between neighbours in the bucket. */
  steps: number;
  /** For `counter` how often it stepped down: exchanged, reset or rolled over. */
  resets: number;
  /** For `state` ms per state between neighbours in the bucket. */
  durations: Map<string, number> | undefined;
  firstState: string;
  lastState: string;
  /** For `leq`. */
  levels: Levels | undefined;
  /** Decimals that write all values of the bucket exactly; −1 where there are none. */
  decimals: number;
}

/** A state is not held longer than this without a reading, ms. */
export const HOLD = 600_000;

export function emptyAccumulator(kind: Aggregation): Accumulator {
  return {
    kind,
    revision: 0,
    count: 0,
    bad: 0,
    marked: 0,
    expected: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    firstTime: 0,
    lastTime: 0,
    first: 0,
    last: 0,
    sum: 0,
    weight: 0,
    x: 0,
    y: 0,
    steps: 0,
    resets: 0,
    durations: kind === 'state' ? new Map() : undefined,
    firstState: '',
    lastState: '',
    levels: kind === 'leq' ? emptyLevels() : undefined,
    decimals: 0,
  };
}

/**
 * Adds one value. `state` names it where the kind is `state`; `weight` counts for `weighted` and `vector`, where a
 * value without a known weight is not taken. `offsets` are the breaks of a counter, `night` says that a level was measured
 * between 22:00 and 06:00. Values may come out of order.
 */
export function add(
  acc: Accumulator,
  time: number,
  value: number,
  state: string,
  weight: number | undefined,
  offsets?: Offsets,
  night = false,
): void {
  const { kind } = acc;
  if ((kind === 'weighted' || kind === 'vector') && weight === undefined) {
    acc.bad++;
    return;
  }
  if (kind === 'counter') step(acc, time, value, offsets);
  else if (kind === 'state') hold(acc, time, state);
  else if (kind === 'leq') {
    acc.sum += 10 ** (value / 10);
    if (acc.levels !== undefined) addLevel(acc.levels, value, night);
  } else if (kind === 'weighted') {
    acc.sum += value * (weight ?? 0);
    acc.weight += weight ?? 0;
  } else if (kind === 'vector') {
    const angle = (value * Math.PI) / 180;
    acc.x += (weight ?? 1) * Math.sin(angle);
    acc.y += (weight ?? 1) * Math.cos(angle);
    acc.weight += weight ?? 1;
  } else acc.sum += value;
  if (acc.decimals >= 0 && !fits(value, acc.decimals)) acc.decimals = decimalsOf(value, acc.decimals);
  if (value < acc.min) acc.min = value;
  if (value > acc.max) acc.max = value;
  if (acc.count === 0 || time < acc.firstTime) {
    acc.firstTime = time;
    acc.first = value;
    acc.firstState = state;
  }
  if (acc.count === 0 || time >= acc.lastTime) {
    acc.lastTime = time;
    acc.last = value;
    acc.lastState = state;
  }
  acc.count++;
}

function decimalsOf(value: number, from: number): number {
  for (let d = from; d <= 6; d++) if (fits(value, d)) return d;
  return -1;
}

function step(acc: Accumulator, time: number, value: number, offsets: Offsets | undefined): void {
  if (acc.count === 0) return;
  if (time >= acc.lastTime) count(acc, acc.last, value, offsets?.(acc.lastTime, time));
  else if (time < acc.firstTime) count(acc, value, acc.first, offsets?.(time, acc.firstTime));
  // One that comes late between two others changes nothing as long as the register runs upwards.
}

/** A step from one value to the next, with what breaks between them add; one that still goes down is not counted. */
function count(acc: Accumulator, from: number, to: number, offset = 0): void {
  const step = stepOf(from, to, offset);
  if (to < from) acc.resets++;
  if (step <= 0) return;
  acc.steps += step;
  // The numbers of a break need not have the decimals of the register.
  if (offset !== 0 && acc.decimals >= 0 && !fits(step, acc.decimals))
    acc.decimals = decimalsOf(step, acc.decimals);
}

/** A step of a counter over breaks that add `offset`; what is left of sums of floating point is none. */
function stepOf(from: number, to: number, offset: number): number {
  const step = to - from + offset;
  const noise = (Math.abs(from) + Math.abs(to)) * 1e-12;
  return Math.abs(step) <= noise ? 0 : offset === 0 ? step : tidy(step);
}

/** Takes off what floating point added in the last digits. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function hold(acc: Accumulator, time: number, state: string): void {
  if (acc.count === 0) return;
  if (time >= acc.lastTime) held(acc, acc.lastState, time - acc.lastTime);
  else if (time < acc.firstTime) held(acc, state, acc.firstTime - time);
}

function held(acc: Accumulator, state: string, ms: number): void {
  acc.durations?.set(state, (acc.durations.get(state) ?? 0) + Math.min(ms, HOLD));
}

/** Adds the later bucket `next` of the same point to `acc`. `offsets` are the breaks of a counter. */
export function merge(acc: Accumulator, next: Accumulator, offsets?: Offsets): void {
  acc.bad += next.bad;
  acc.marked += next.marked;
  acc.expected += next.expected;
  if (next.count === 0) return;
  if (acc.count > 0) {
    if (acc.kind === 'counter') count(acc, acc.last, next.first, offsets?.(acc.lastTime, next.firstTime));
    else if (acc.kind === 'state') held(acc, acc.lastState, Math.max(0, next.firstTime - acc.lastTime));
  } else {
    acc.firstTime = next.firstTime;
    acc.first = next.first;
    acc.firstState = next.firstState;
    acc.decimals = next.decimals;
  }
  acc.min = Math.min(acc.min, next.min);
  acc.max = Math.max(acc.max, next.max);
  acc.lastTime = next.lastTime;
  acc.last = next.last;
  acc.lastState = next.lastState;
  acc.sum += next.sum;
  acc.weight += next.weight;
  acc.x += next.x;
  acc.y += next.y;
  if (acc.levels !== undefined && next.levels !== undefined) mergeLevels(acc.levels, next.levels);
  acc.steps += next.steps;
  acc.resets += next.resets;
  for (const [state, ms] of next.durations ?? [])
    acc.durations?.set(state, (acc.durations.get(state) ?? 0) + ms);
  acc.decimals = acc.decimals < 0 || next.decimals < 0 ? -1 : Math.max(acc.decimals, next.decimals);
  acc.count += next.count;
}

/** Length of the vector, as a share of the weights, under which a direction means nothing. */
const CALM = 1e-9;

/**
 * The value of the bucket by its kind, null where there is none: mean, sum, Leq in dB, direction in 0…360°, weighted
 * mean, last. A counter gives its difference, with the step from `before`, the last value of the bucket before,
 * where known, and what breaks on that step add; a state the share of the time it was true (null for states that are
 * not boolean).
 */
export function bucketValue(acc: Accumulator, before?: number, offset = 0): number | null {
  if (acc.count === 0) return null;
  switch (acc.kind) {
    case 'mean':
      return acc.sum / acc.count;
    case 'sum':
      return acc.sum;
    case 'counter':
      return acc.steps + (before === undefined ? 0 : Math.max(0, stepOf(before, acc.first, offset)));
    case 'leq':
      return 10 * Math.log10(acc.sum / acc.count);
    case 'vector': {
      if (Math.hypot(acc.x, acc.y) <= CALM * Math.max(acc.weight, Number.MIN_VALUE)) return null;
      const angle = (Math.atan2(acc.x, acc.y) * 180) / Math.PI;
      // 360° less a rounding error is north.
      const positive = angle < 0 ? angle + 360 : angle;
      return 360 - positive < 1e-9 ? 0 : positive;
    }
    case 'weighted':
      return acc.weight === 0 ? null : acc.sum / acc.weight;
    case 'state':
      return shareOfTrue(acc);
    case 'last':
      return acc.last;
  }
}

function shareOfTrue({ durations, firstState, last }: Accumulator): number | null {
  if (firstState !== 'true' && firstState !== 'false') return null;
  let all = 0;
  for (const ms of durations?.values() ?? []) all += ms;
  return all === 0 ? last : (durations?.get('true') ?? 0) / all;
}
