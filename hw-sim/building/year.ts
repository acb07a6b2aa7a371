/**
 * A year of the building in a second or two: what flowed, what the meters' displays showed at each quarter hour, what
 * their phases showed hour by hour, and which of it arrived. A pure function of the seed.
 */
import { chance, drift, keyOf } from '../world/random.ts';
import { DAYS, HOUR, isOpen, QUARTERS, YEAR_START } from './calendar.ts';
import { type Climate, climate } from './climate.ts';
import { applyFault, type Building, type Measuring, newMeasuring, sumUp, timeOf } from './effects.ts';
import { type SeededFault, seedFaults } from './faults.ts';
import { healthyLoads, type Series } from './loads.ts';
import { type BuildingMeter, countsBothWays, METERS } from './plan.ts';

/** Readings of one register as its display shows it, each quarter hour that one arrived. */
export interface DisplayReadings {
  /** Unix epoch ms, ascending. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Means of each hour of the year; L1, L2, L3. */
export interface PhaseHours {
  readonly volts: readonly [Float32Array, Float32Array, Float32Array];
  readonly amps: readonly [Float32Array, Float32Array, Float32Array];
  /** kW; export is negative. */
  readonly kilowatts: readonly [Float32Array, Float32Array, Float32Array];
  /** kvar of all three. */
  readonly reactive: Float32Array;
}

export interface SimulatedMeter {
  readonly plan: BuildingMeter;
  /** What flowed in each quarter, kWh or m³; export is negative. */
  readonly flowed: Float64Array;
  /** What ran into the building; `exported` what ran out, where the meter counts it. */
  readonly imported: DisplayReadings;
  readonly exported?: DisplayReadings;
  /** What the display had counted in all, as if it had endless digits and no exchange: the truth of the registers. */
  readonly counted: { readonly imported: number; readonly exported: number };
  readonly phases?: PhaseHours;
  /** Heat and cooling: flow of the water, m³/h, hour by hour. */
  readonly flow?: Float32Array;
  /** By day: seconds that its clock is ahead; undefined where it tells none. */
  readonly clock?: Float64Array;
  /** Readings that arrived, by day, of 96. */
  readonly received: Uint16Array;
}

export interface SimulatedYear {
  readonly seed: number;
  readonly climate: Climate;
  readonly faults: readonly SeededFault[];
  readonly meters: ReadonlyMap<string, SimulatedMeter>;
}

/** Share lost between a branch and those behind it. */
export const LOSSES: Readonly<Record<string, number>> = {
  'e-main': 0.012,
  'e-floors': 0.008,
  'e-hvac': 0.008,
  'h-main': 0.02,
};

/** Counted by flowed, of a healthy meter: a good one is within 0.3 %, and stays where it is. */
export function classError(seed: number, id: string): number {
  return 1 + 0.003 * (2 * chance(seed, keyOf(`class-${id}`)) - 1);
}

export interface YearOptions {
  readonly seed: number;
  /** Default: the thirty of the seed. */
  readonly faults?: readonly SeededFault[];
}

export function simulateYear({ seed, faults = seedFaults(seed) }: YearOptions): SimulatedYear {
  const air = climate(seed);
  const measurings = new Map<string, Measuring>();
  const building: Building = {
    loads: healthyLoads(seed, air),
    tapped: new Map(),
    held: [],
    measuring(id) {
      let found = measurings.get(id);
      if (found === undefined) {
        found = newMeasuring(classError(seed, id));
        measurings.set(id, found);
      }
      return found;
    },
  };
  for (const fault of faults) applyFault(fault, building);
  const flows = sumUp(building, LOSSES);
  const meters = new Map<string, SimulatedMeter>();
  for (const plan of METERS) {
    const flow = flows.get(plan.id);
    if (flow === undefined) throw new Error(`simulated building: nothing flows through ${plan.id}`);
    meters.set(plan.id, meterYear(seed, plan, flow, building, air));
  }
  return { seed, climate: air, faults, meters };
}

function meterYear(
  seed: number,
  plan: BuildingMeter,
  flow: Series,
  building: Building,
  air: Climate,
): SimulatedMeter {
  const measuring = building.measuring(plan.id);
  loseSome(seed, plan.id, measuring);
  const flowed = flow.map((kilowatts) => kilowatts / 4);
  const both = countsBothWays(plan);
  const forward = display(plan, flowed, measuring, 1, before(seed, plan, flowed, measuring));
  const back = both ? display(plan, flowed, measuring, -1, 0) : undefined;
  const received = new Uint16Array(DAYS);
  for (let k = 0; k < DAYS * QUARTERS; k++) {
    const day = Math.floor(k / QUARTERS);
    if (measuring.silent[k] === 0) received[day] = (received[day] ?? 0) + 1;
  }
  const thermal = plan.kind === 'heat' || plan.kind === 'cooling';
  return {
    plan,
    flowed,
    imported: forward.readings,
    ...(back === undefined ? {} : { exported: back.readings }),
    counted: { imported: forward.counted, exported: back?.counted ?? 0 },
    ...(plan.kind === 'electricity' && plan.phases !== undefined
      ? { phases: phaseHours(seed, plan, flow, measuring) }
      : {}),
    ...(thermal ? { flow: waterFlow(plan, flow, building, air) } : {}),
    ...(plan.clock === true ? { clock: ticking(seed, plan.id, measuring) } : {}),
    received,
  };
}

/** Two readings in a thousand do not arrive on a healthy line. */
function loseSome(seed: number, id: string, { silent }: Measuring): void {
  const key = keyOf(`lost-${id}`);
  for (let k = 0; k < silent.length; k++) if (chance(seed, key, k) < 0.002) silent[k] = 1;
}

/** What the display showed before the year, before any ratio; so that it is full where a fault says so. */
function before(seed: number, plan: BuildingMeter, flowed: Float64Array, measuring: Measuring): number {
  const { ct = 1, modulus, id } = plan;
  if (measuring.full === undefined)
    return Math.floor(modulus * (0.02 + 0.5 * chance(seed, keyOf(`before-${id}`))));
  let run = 0;
  for (let k = 0; k < measuring.full; k++) {
    if (measuring.stands[k] !== 1) run += ((flowed[k] ?? 0) * (measuring.gain[k] ?? 1)) / ct;
  }
  // The next thing that flows fills it.
  return modulus - run - 1.5 * plan.step;
}

/** The display at the beginning of each quarter and at the end of the year. */
function display(
  { ct = 1, step, modulus }: BuildingMeter,
  flowed: Float64Array,
  measuring: Measuring,
  sign: 1 | -1,
  start: number,
): { readings: DisplayReadings; counted: number } {
  const length = flowed.length + 1;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  let shown = start;
  let counted = 0;
  let kept = 0;
  for (let k = 0; k < length; k++) {
    if (measuring.exchanges.includes(k)) shown = 3.27;
    if (measuring.silent[k] === 0) {
      times[kept] = timeOf(k);
      // Tiny errors of the sum must not cost a step.
      values[kept] = round((Math.floor(shown / step + 1e-6) * step) % modulus);
      kept += 1;
    }
    const run = (sign * (flowed[k] ?? 0) * (measuring.gain[k] ?? 1)) / ct;
    if (run > 0 && measuring.stands[k] !== 1) {
      shown += run;
      counted += run * ct;
    }
  }
  return { readings: { times: times.slice(0, kept), values: values.slice(0, kept) }, counted };
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Clocks of meters are a few seconds off and wander. */
function ticking(seed: number, id: string, { clock }: Measuring): Float64Array {
  const offset = 60 * (2 * chance(seed, keyOf(`clock-${id}`)) - 1);
  return clock.map((off, day) => Math.round(off + offset + day * 0.05));
}

function phaseHours(seed: number, plan: BuildingMeter, flow: Series, measuring: Measuring): PhaseHours {
  const { phases: shares = [1, 0, 0], powerFactor = 1, id } = plan;
  const hours = DAYS * 24;
  const three = () => [new Float32Array(hours), new Float32Array(hours), new Float32Array(hours)] as const;
  const volts = three();
  const amps = three();
  const kilowatts = three();
  const reactive = new Float32Array(hours);
  const usual = Math.tan(Math.acos(powerFactor));
  const keys = [keyOf(`${id}-1`), keyOf(`${id}-2`), keyOf(`${id}-3`)];
  const grid = [keyOf('volts-1'), keyOf('volts-2'), keyOf('volts-3')];
  for (let h = 0; h < hours; h++) {
    const k = h * 4;
    const power = ((flow[k] ?? 0) + (flow[k + 1] ?? 0) + (flow[k + 2] ?? 0) + (flow[k + 3] ?? 0)) / 4;
    const time = YEAR_START + h * HOUR;
    const tamper = measuring.tampers.find(({ from, to }) => h >= from && h < to);
    const changed = measuring.reactive.find(({ from, to }) => h >= from && h < to);
    const tangent = changed?.tangent ?? (id === 'e-main' ? 0.2 : usual);
    reactive[h] = Math.abs(power) * tangent;
    const factor = 1 / Math.hypot(1, tangent);
    const gain = Math.abs(scale(measuring, k));
    const direction = scale(measuring, k) < 0 ? -1 : 1;
    for (let i = 0; i < 3; i++) {
      let share = (shares[i] ?? 0) * (1 + 0.05 * drift(seed, keys[i] ?? 0, time, 7 * HOUR));
      if (tamper?.kind === 'uneven') share = i === tamper.phase ? 0.66 : 0.17;
      const u = 231 + 3 * drift(seed, grid[i] ?? 0, time, 5 * HOUR);
      const watts = power * share;
      const current = (Math.abs(watts) * 1000) / (u * factor);
      const seen = tampered(tamper, i, { u, current, watts, angle: Math.acos(factor) });
      (volts[i] as Float32Array)[h] = seen.u;
      (amps[i] as Float32Array)[h] = seen.current * gain;
      (kilowatts[i] as Float32Array)[h] = seen.watts * gain * direction;
    }
  }
  return { volts, amps, kilowatts, reactive };
}

/** A wrong ratio is in currents and powers as it is in the register; the wiring of phases is told by them alone. */
function scale(measuring: Measuring, k: number): number {
  const gain = measuring.gain[k] ?? 1;
  if (gain < 0) return gain;
  const wired = measuring.tampers.some(({ from, to }) => k / 4 >= from && k / 4 < to);
  return wired ? 1 : gain;
}

interface Phase {
  readonly u: number;
  readonly current: number;
  readonly watts: number;
  /** φ, radians. */
  readonly angle: number;
}

function tampered(tamper: Measuring['tampers'][number] | undefined, phase: number, real: Phase): Phase {
  if (tamper === undefined || tamper.kind === 'uneven') return real;
  const own = phase === tamper.phase;
  switch (tamper.kind) {
    case 'stuck':
      return own ? { ...real, current: 0.021, watts: 0.0002 } : real;
    case 'reversed':
      return own ? { ...real, watts: -real.watts } : real;
    case 'lost':
      return own ? { ...real, u: 1.3, watts: 0 } : real;
    case 'swapped': {
      if (own) return real;
      const ahead = phase === (tamper.phase + 1) % 3 ? 1 : -1;
      const angle = real.angle + (ahead * 2 * Math.PI) / 3;
      return { ...real, watts: (real.current * real.u * Math.cos(angle)) / 1000 };
    }
  }
}

/** A valve gives the room what it needs; one that is held gives the same whatever that is. */
function waterFlow(plan: BuildingMeter, flow: Series, { held }: Building, air: Climate): Float32Array {
  const hours = new Float32Array(DAYS * 24);
  const stuck = held.filter(({ branch }) => branch === plan.id);
  for (let h = 0; h < hours.length; h++) {
    const k = h * 4;
    const power = ((flow[k] ?? 0) + (flow[k + 1] ?? 0) + (flow[k + 2] ?? 0) + (flow[k + 3] ?? 0)) / 4;
    // Supply is warmer the colder it is outside; the flow follows what is asked of it.
    const spread = plan.kind === 'cooling' ? 5 : 15 + Math.max(0, 10 - (air.temperature[k] ?? 0)) / 2;
    const usual = power / (1.163 * spread);
    const valve = stuck.find(({ from, to }) => h >= from && h < to);
    hours[h] =
      valve === undefined ? usual : (valve.branch === 'h-shop' ? 2.2 : 6.4) * (1 + 0.02 * Math.sin(h / 10));
  }
  return hours;
}

/** Readings due and received, as the simulator knows them, of a day. */
export function completenessTruth(meter: SimulatedMeter, day: number): { due: number; received: number } {
  return { due: QUARTERS, received: meter.received[day] ?? 0 };
}

export { isOpen };
