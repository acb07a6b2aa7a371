/** Days of branches, cut out of the account's grids: what the checks look at. */
import type { BranchDay, DiagnosedBranch, PhaseDay, RegisterEvent } from '../../../core/energy/diagnosis.ts';
import {
  CARRIER_UNITS,
  type Carrier,
  type EnergyConfig,
  type MeterGrid,
  type RegisterMeter,
} from '../../../core/energy/energy.ts';
import { convert } from '../../../core/unit.ts';
import { endAt, ran } from '../grid.ts';

const HOUR = 3_600_000;
const MICRO = 1e6;
/** Ends worse than this (index of ACCOUNT_QUALITIES) are not known. */
const REPAIRED = 1;
const RENEWABLE = '13';
const AIR = '01B';

/** What belongs to a day besides its registers. */
export interface DayFacts {
  readonly date: string;
  /** Its first instant and that of the next day, Unix epoch ms. */
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
  readonly temperature: number | null;
}

export interface BranchFacts {
  readonly events: readonly RegisterEvent[];
  readonly phases?: PhaseDay;
  readonly flow?: Float64Array;
  readonly clockAhead?: number;
}

/** Which branches there are, by the circuits of the site. `decimals`: of a register's readings; default 2. */
export function branchesOf(
  config: Pick<EnergyConfig, 'meters' | 'circuits' | 'accounts'>,
  decimals: (meter: RegisterMeter) => number = () => 2,
  heatedBy: Readonly<Record<string, string>> = {},
): readonly DiagnosedBranch[] {
  const meters = new Map(config.meters.map((meter) => [meter.id, meter]));
  const paid = new Set(config.accounts.flatMap(({ lines }) => lines.map(({ meter }) => meter)));
  const registersOf = (id: string): readonly RegisterMeter[] => {
    const meter = meters.get(id);
    if (meter === undefined) return [];
    return meter.kind === 'register' ? [meter] : [...meter.plus, ...meter.minus].flatMap(registersOf);
  };
  return config.circuits.flatMap((circuit): DiagnosedBranch[] => {
    const meter = meters.get(circuit.meter);
    if (meter === undefined) return [];
    const carrier: Carrier = meter.carrier;
    const own = registersOf(meter.id);
    const steps = own.map((register) => {
      const ratio = register.ratios.at(-1);
      return (
        convert(10 ** -decimals(register), register.unit, CARRIER_UNITS[carrier]) *
        (ratio ? ratio.ct * ratio.pt : 1)
      );
    });
    const { id, fedBy, loss, tolerance } = circuit;
    const heat = heatedBy[id];
    return [
      {
        id,
        ...(fedBy === undefined ? {} : { parent: fedBy }),
        carrier,
        unit: CARRIER_UNITS[carrier],
        step: Math.max(0, ...steps),
        generates: circuit.code?.startsWith(RENEWABLE) === true,
        billed: fedBy === undefined || [meter.id, ...own.map((one) => one.id)].some((one) => paid.has(one)),
        weather: carrier === 'heat' || carrier === 'cooling' || circuit.code?.startsWith(AIR) === true,
        loss,
        tolerance,
        ...(heat === undefined ? {} : { heatedBy: heat }),
      },
    ];
  });
}

/** A day of one branch. `grids` span the day; undefined where the branch has no meter among them. */
export function branchDay(
  config: Pick<EnergyConfig, 'meters'>,
  meter: string,
  grids: ReadonlyMap<string, MeterGrid>,
  day: DayFacts,
  facts: BranchFacts,
): BranchDay | undefined {
  const grid = grids.get(meter);
  if (grid === undefined) return undefined;
  const a = endAt(grid, day.start);
  const b = endAt(grid, day.end);
  const hours = new Float64Array(Math.round((day.end - day.start) / HOUR));
  for (let h = 0; h < hours.length; h++) hours[h] = known(grid, a + 4 * h, a + 4 * h + 4);
  let due = 0;
  let received = 0;
  for (let i = a; i < b; i++) {
    due += grid.due[i] ?? 0;
    received += grid.received[i] ?? 0;
  }
  const total = known(grid, a, b);
  const plan = config.meters.find(({ id }) => id === meter);
  const sum = (ids: readonly string[]): number =>
    ids.reduce((all, id) => all + (grids.has(id) ? known(grids.get(id) as MeterGrid, a, b) || 0 : 0), 0);
  const [imported, exported] =
    plan?.kind === 'virtual' ? [sum(plan.plus), sum(plan.minus)] : [Number.isNaN(total) ? 0 : total, 0];
  return {
    date: day.date,
    start: day.start,
    open: day.open,
    temperature: day.temperature,
    due,
    received,
    hours,
    total: Number.isNaN(total) ? null : total,
    imported,
    exported,
    ...facts,
  };
}

/** Quantity between two ends by registers that were read; NaN where one was not. */
function known(grid: MeterGrid, a: number, b: number): number {
  if ((grid.ends[a] ?? 3) > REPAIRED || (grid.ends[b] ?? 3) > REPAIRED) return Number.NaN;
  return ran(grid, a, b) / MICRO;
}
