/** What may go wrong in the building, and when it does: thirty faults a year, drawn from the seed. */
import { chance } from '../world/random.ts';
import { DAYS } from './calendar.ts';
import { childrenOf, meterOf } from './plan.ts';

export type FaultKind =
  | 'light-left-on'
  | 'handler-at-night'
  | 'light-at-weekends'
  | 'handler-at-weekends'
  | 'water-leak'
  | 'gas-leak'
  | 'load-on-one-phase'
  | 'capacitors-failed'
  | 'motors-uncompensated'
  | 'ct-stuck'
  | 'ct-reversed'
  | 'phase-lost'
  | 'phase-swapped'
  | 'heats-and-cools'
  | 'heat-valve-stuck'
  | 'main-drifts'
  | 'meter-stopped'
  | 'meter-exchanged'
  | 'silent-for-hours'
  | 'silent-for-days'
  | 'clock-off'
  | 'wrong-multiplier'
  | 'tapped'
  | 'pv-sign-wrong'
  | 'abnormal-day'
  | 'register-full';

export interface SeededFault {
  readonly kind: FaultKind;
  /** Name of the check that has to find it. */
  readonly check: string;
  readonly branch: string;
  /** Days of the year; `to` is the first one without it. */
  readonly from: number;
  readonly to: number;
  /** 0 ≤ x < 1, how bad it is. */
  readonly size: number;
}

interface Plan {
  readonly kind: FaultKind;
  readonly check: string;
  readonly branches: readonly string[];
  /** Shortest and longest, days. */
  readonly lasts: readonly [number, number];
  /** Days of the year in which it may begin. Default: after five weeks. */
  readonly seasons?: readonly (readonly [number, number])[];
  /** The sums of its branch no longer fit. */
  readonly unbalances?: true;
}

const WINTERS = [
  [38, 55],
  [338, 346],
] as const;
const LIGHTS = ['e-light-1', 'e-light-2', 'e-light-3'] as const;
const HANDLERS = ['e-ahu-1', 'e-ahu-2'] as const;
const STEADY = ['e-light-1', 'e-light-2', 'e-light-3', 'e-it', 'e-corridor', 'e-kitchen'] as const;

/** The hardest to place first. */
const PLANS: readonly Plan[] = [
  { kind: 'main-drifts', check: 'main-sub-drift', branches: ['e-main'], lasts: [50, 60], unbalances: true },
  { kind: 'main-drifts', check: 'main-sub-drift', branches: ['w-main'], lasts: [50, 60], unbalances: true },
  {
    kind: 'heats-and-cools',
    check: 'heating-and-cooling',
    branches: ['c-office'],
    lasts: [10, 15],
    seasons: WINTERS,
  },
  {
    kind: 'heat-valve-stuck',
    check: 'valve-stuck',
    branches: ['h-shop', 'h-office'],
    lasts: [10, 15],
    seasons: WINTERS,
  },
  {
    kind: 'tapped',
    check: 'unmetered-load',
    branches: ['e-main', 'e-hvac'],
    lasts: [12, 18],
    unbalances: true,
  },
  {
    kind: 'wrong-multiplier',
    check: 'wrong-multiplier',
    branches: ['e-it', 'e-light-1', 'e-light-2', 'e-kitchen'],
    lasts: [12, 16],
    unbalances: true,
  },
  {
    kind: 'meter-stopped',
    check: 'meter-stopped',
    branches: ['w-office', 'w-kitchen', 'w-shop'],
    lasts: [10, 14],
    unbalances: true,
  },
  {
    kind: 'meter-stopped',
    check: 'meter-stopped',
    branches: ['e-it', 'e-lift-1', 'e-lift-2', 'e-light-3'],
    lasts: [10, 14],
    unbalances: true,
  },
  { kind: 'ct-stuck', check: 'ct-stuck', branches: STEADY, lasts: [10, 14], unbalances: true },
  {
    kind: 'ct-reversed',
    check: 'ct-reversed',
    branches: ['e-floors', 'e-it', 'e-fancoil', 'e-vent'],
    lasts: [10, 14],
    unbalances: true,
  },
  { kind: 'ct-reversed', check: 'ct-reversed', branches: ['e-shop'], lasts: [10, 14], unbalances: true },
  { kind: 'phase-lost', check: 'phase-lost', branches: STEADY, lasts: [10, 14], unbalances: true },
  { kind: 'phase-swapped', check: 'phase-swapped', branches: STEADY, lasts: [10, 14], unbalances: true },
  {
    kind: 'meter-exchanged',
    check: 'meter-exchanged',
    branches: ['e-kitchen', 'e-vent', 'w-kitchen', 'g-boiler'],
    lasts: [1, 1],
  },
  { kind: 'pv-sign-wrong', check: 'pv-sign-wrong', branches: ['e-pv'], lasts: [10, 14], unbalances: true },
  { kind: 'capacitors-failed', check: 'reactive-power', branches: ['e-main'], lasts: [10, 16] },
  { kind: 'motors-uncompensated', check: 'reactive-power', branches: ['e-shop'], lasts: [10, 16] },
  { kind: 'light-left-on', check: 'night-base-load', branches: LIGHTS, lasts: [12, 18] },
  { kind: 'handler-at-night', check: 'night-base-load', branches: HANDLERS, lasts: [12, 18] },
  { kind: 'light-at-weekends', check: 'weekend-base-load', branches: LIGHTS, lasts: [21, 26] },
  { kind: 'handler-at-weekends', check: 'weekend-base-load', branches: HANDLERS, lasts: [21, 26] },
  { kind: 'water-leak', check: 'water-never-zero', branches: ['w-office'], lasts: [10, 16] },
  {
    kind: 'water-leak',
    check: 'water-never-zero',
    branches: ['w-shop', 'w-dwelling', 'w-kitchen'],
    lasts: [10, 16],
  },
  {
    kind: 'gas-leak',
    check: 'gas-never-zero',
    branches: ['g-kitchen', 'g-boiler', 'g-dwelling'],
    lasts: [8, 12],
  },
  { kind: 'load-on-one-phase', check: 'phase-imbalance', branches: LIGHTS, lasts: [10, 16] },
  {
    kind: 'silent-for-hours',
    check: 'readings-missing',
    branches: ['e-ahu-1', 'g-main', 'w-shop', 'e-lift-2'],
    lasts: [1, 1],
  },
  {
    kind: 'silent-for-days',
    check: 'readings-missing',
    branches: ['w-dwelling', 'e-corridor', 'g-dwelling', 'e-tower'],
    lasts: [3, 6],
  },
  {
    kind: 'clock-off',
    check: 'clock-wrong',
    branches: ['e-shop', 'e-dwelling', 'w-shop', 'g-main'],
    lasts: [8, 14],
  },
  {
    kind: 'abnormal-day',
    check: 'abnormal-day',
    branches: ['e-shop', 'e-kitchen', 'g-kitchen', 'w-office'],
    lasts: [1, 1],
  },
  {
    kind: 'register-full',
    check: 'register-rollover',
    branches: ['e-light-2', 'e-it', 'w-main', 'g-kitchen'],
    lasts: [1, 1],
  },
];

/** Days before a fault in which its branch is well, and in which the sums around it are. */
const QUIET = 35;
const QUIET_SUMS = 24;
const FIRST = 38;
/** Days at the end of the year without a beginning: who looks for it needs some. */
const LAST = 12;

/** The branches whose sums a fault of this one disturbs. */
function sumsOf(branch: string): readonly string[] {
  const own = childrenOf(branch).length > 0 ? [branch] : [];
  const { parent } = meterOf(branch);
  return parent === undefined ? own : [...own, parent];
}

function clash(a: SeededFault, b: SeededFault, plans: ReadonlyMap<SeededFault, Plan>): boolean {
  const apart = Math.max(a.from, b.from) - Math.min(a.to, b.to);
  if (a.branch === b.branch) return apart < QUIET;
  if (plans.get(a)?.unbalances !== true && plans.get(b)?.unbalances !== true) return false;
  const shared = sumsOf(a.branch).some((sum) => sumsOf(b.branch).includes(sum));
  if (!shared) return false;
  const slow = [a, b].some(({ kind }) => SUM_KINDS.has(kind));
  return apart < (slow ? QUIET_SUMS : 4);
}
const SUM_KINDS: ReadonlySet<FaultKind> = new Set(['main-drifts', 'tapped', 'wrong-multiplier']);

/** Thirty faults of a year, in order of their beginning. Throws where no order fits, which no seed has shown. */
export function seedFaults(seed: number): readonly SeededFault[] {
  for (let attempt = 0; attempt < 400; attempt++) {
    const placed = place(seed, attempt);
    if (placed !== undefined) return placed.sort((a, b) => a.from - b.from);
  }
  throw new Error(`simulated building: the faults of seed ${seed} find no room in a year`);
}

function place(seed: number, attempt: number): SeededFault[] | undefined {
  const placed: SeededFault[] = [];
  const plans = new Map<SeededFault, Plan>();
  for (const [index, plan] of PLANS.entries()) {
    const fault = placeOne(plan, placed, plans, (n) => chance(seed, attempt, index, n));
    if (fault === undefined) return undefined;
    placed.push(fault);
  }
  return placed;
}

function placeOne(
  plan: Plan,
  placed: readonly SeededFault[],
  plans: Map<SeededFault, Plan>,
  draw: (n: number) => number,
): SeededFault | undefined {
  const { kind, check, branches, lasts } = plan;
  for (let n = 0; n < 60; n++) {
    const pick = (from: number, to: number, part: number) => from + Math.floor((to - from + 1) * part);
    const length = pick(lasts[0], lasts[1], draw(n * 5));
    const seasons = plan.seasons ?? [[FIRST, DAYS - LAST - length] as const];
    const season = seasons[Math.floor(draw(n * 5 + 1) * seasons.length)] ?? [FIRST, DAYS - LAST];
    const from = pick(season[0], season[1], draw(n * 5 + 2));
    const branch = branches[Math.floor(draw(n * 5 + 3) * branches.length)] ?? '';
    const fault: SeededFault = { kind, check, branch, from, to: from + length, size: draw(n * 5 + 4) };
    plans.set(fault, plan);
    if (placed.every((other) => !clash(fault, other, plans))) return fault;
    plans.delete(fault);
  }
  return undefined;
}
