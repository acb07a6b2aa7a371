/** The simulated building as the agent has it: its site's energy part, registers with their breaks, days of branches. */
import { branchDay, branchesOf, type DayFacts } from '../../agent/control/energy/diagnosis/frame.ts';
import { gridsOf } from '../../agent/control/energy/grid.ts';
import type {
  BranchDay,
  DiagnosedBranch,
  PhaseDay,
  RegisterEvent,
} from '../../agent/core/energy/diagnosis.ts';
import type {
  Circuit,
  EnergyConfig,
  EnergyMeter,
  MeterGrid,
  RegisterBreak,
  RegisterSeries,
} from '../../agent/core/energy/energy.ts';
import { type CounterRule, type CounterState, judge } from '../../agent/sense/counter.ts';
import { DAY, DAYS, dateOf, isOpen, QUARTER, QUARTERS, YEAR_START } from '../../hw-sim/building/calendar.ts';
import { METERS, UNIT_OF } from '../../hw-sim/building/plan.ts';
import {
  type DisplayReadings,
  LOSSES,
  type SimulatedMeter,
  type SimulatedYear,
} from '../../hw-sim/building/year.ts';

const both = (id: string): boolean => id === 'e-main' || id === 'e-pv';

/** Meters and circuits of the site file; `e-main` and `e-pv` are what ran in less what ran out. */
export function energyConfig(): EnergyConfig {
  const meters = METERS.flatMap((plan): EnergyMeter[] => {
    const register = (id: string, point: string): EnergyMeter => ({
      id,
      title: plan.title,
      carrier: plan.kind,
      kind: 'register',
      device: plan.id,
      point,
      unit: UNIT_OF[plan.kind],
      every: QUARTER,
      ratios: plan.ct === undefined ? [] : [{ from: 0, ct: plan.ct, pt: 1 }],
      reactive: [],
    });
    if (!both(plan.id)) return [register(plan.id, 'import')];
    const [plus, minus] = [`${plan.id}-in`, `${plan.id}-out`];
    const net: EnergyMeter = {
      id: plan.id,
      title: plan.title,
      carrier: plan.kind,
      kind: 'virtual',
      plus: [plus],
      minus: [minus],
    };
    return [register(plus, 'import'), register(minus, 'export'), net];
  });
  const circuits = METERS.map(
    ({ id, title, code, parent }): Circuit => ({
      id,
      title,
      meter: id,
      code,
      ...(parent === undefined ? {} : { fedBy: parent }),
      tolerance: 0.02,
      loss: LOSSES[id] ?? 0,
    }),
  );
  const tenants = METERS.filter(({ tenant }) => tenant !== undefined).map(({ id }) => id);
  return {
    id: 'energy',
    title: { en: 'Office', zh: '办公楼' },
    codes: 'national',
    moreCodes: {},
    meters,
    circuits,
    accounts: [
      {
        id: 'tenants',
        title: { en: 'Tenants' },
        kind: 'tenant',
        lines: tenants.map((meter) => ({ meter, tariff: 'x', share: 1 })),
      },
    ],
    tariffs: [],
    factors: [],
    holidays: [],
    workdays: [],
    line: 0.9,
  };
}

/** Registers of a meter as the store gives them, its breaks found by the agent's own sense. */
export function registersOf(meter: SimulatedMeter): ReadonlyMap<string, RegisterSeries> {
  const { plan, imported, exported } = meter;
  const all = new Map<string, RegisterSeries>();
  all.set(both(plan.id) ? `${plan.id}-in` : plan.id, seriesOf(meter, 'import', imported));
  if (exported !== undefined) all.set(`${plan.id}-out`, seriesOf(meter, 'export', exported));
  return all;
}

function seriesOf(
  { plan }: SimulatedMeter,
  point: string,
  { times, values }: DisplayReadings,
): RegisterSeries {
  const rule: CounterRule = {
    mostPerHour: plan.kind === 'water' || plan.kind === 'gas' ? 1000 : 5000,
    resolution: plan.step,
    outage: 2.5 * QUARTER,
  };
  return {
    device: plan.id,
    point,
    unit: UNIT_OF[plan.kind],
    every: QUARTER,
    times,
    values,
    breaks: breaksOf(times, values, rule),
    buckets: Array.from(times, (time) => ({
      start: Math.floor(time / QUARTER) * QUARTER,
      count: 1,
      bad: 0,
      marked: 0,
      revision: 0,
    })),
  };
}

function breaksOf(times: Float64Array, values: Float64Array, rule: CounterRule): RegisterBreak[] {
  const breaks: RegisterBreak[] = [];
  let state: CounterState = {};
  for (let i = 0; i < times.length; i++) {
    const [t = 0, value = 0] = [times[i], values[i]];
    const { state: next, verdict } = judge(state, { value, t }, rule, { serial: 'unknown' });
    state = next;
    const place = { time: t - 20, id: `${i}`, state: 'settled' as const };
    if (verdict.what === 'broken') {
      const kind = verdict.kind;
      breaks.push({
        ...place,
        kind,
        closing: verdict.closing,
        opening: verdict.opening,
        state: kind === 'unexplained' ? 'open' : 'settled',
      });
    } else if (verdict.what === 'taken-back') {
      breaks.push({ ...place, kind: 'outlier', closing: verdict.closing, opening: verdict.opening });
    }
  }
  return breaks;
}

export interface BuildingInputs {
  readonly config: EnergyConfig;
  readonly branches: readonly DiagnosedBranch[];
  readonly grids: ReadonlyMap<string, MeterGrid>;
  readonly series: ReadonlyMap<string, RegisterSeries>;
  /** Days of all branches on a day of the year. */
  day(day: number): ReadonlyMap<string, BranchDay>;
}

export function buildingInputs(year: SimulatedYear): BuildingInputs {
  const config = energyConfig();
  const series = new Map([...year.meters.values()].flatMap((meter) => [...registersOf(meter)]));
  const span = { from: YEAR_START, to: YEAR_START + DAYS * DAY, now: YEAR_START + DAYS * DAY };
  const grids = gridsOf(config.meters, span, ({ id }) => {
    const found = series.get(id);
    return found === undefined ? {} : { series: found };
  });
  const decimals = new Map(METERS.map(({ id, step }) => [id, step === 1 ? 0 : 2]));
  const branches = branchesOf(config, ({ device }) => decimals.get(device) ?? 2, {
    'c-office': 'h-office',
    'c-shop': 'h-shop',
  });
  return {
    config,
    branches,
    grids,
    series,
    day: (day) => new Map(METERS.flatMap(({ id }) => dayOf(id, day, { year, config, grids, series }))),
  };
}

interface Sources {
  readonly year: SimulatedYear;
  readonly config: EnergyConfig;
  readonly grids: ReadonlyMap<string, MeterGrid>;
  readonly series: ReadonlyMap<string, RegisterSeries>;
}

function dayOf(id: string, day: number, { year, config, grids, series }: Sources): [string, BranchDay][] {
  const meter = year.meters.get(id);
  const start = YEAR_START + day * DAY;
  const quarters = year.climate.temperature.subarray(day * QUARTERS, (day + 1) * QUARTERS);
  const facts: DayFacts = {
    date: dateOf(day),
    start,
    end: start + DAY,
    open: isOpen(day),
    temperature: quarters.reduce((a, b) => a + b) / QUARTERS,
  };
  const own = [series.get(id), series.get(`${id}-in`), series.get(`${id}-out`)].flatMap(
    (one) => one?.breaks ?? [],
  );
  const events = own.flatMap(({ time, kind }): RegisterEvent[] =>
    time >= start && time < start + DAY ? [kind] : [],
  );
  const hours = (of: Float32Array): Float64Array => Float64Array.from(of.subarray(day * 24, day * 24 + 24));
  const three = (of: readonly [Float32Array, Float32Array, Float32Array]) =>
    [hours(of[0]), hours(of[1]), hours(of[2])] as const;
  const { phases, flow, clock } = meter ?? {};
  const told: PhaseDay | undefined = phases && {
    volts: three(phases.volts),
    amps: three(phases.amps),
    kilowatts: three(phases.kilowatts),
    reactive: hours(phases.reactive),
  };
  const found = branchDay(config, id, grids, facts, {
    events,
    ...(told === undefined ? {} : { phases: told }),
    ...(flow === undefined ? {} : { flow: hours(flow) }),
    ...(clock === undefined ? {} : { clockAhead: clock[day] ?? 0 }),
  });
  return found === undefined ? [] : [[id, found]];
}
