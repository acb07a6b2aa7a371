/** What a fault does: to what flows, to what the meter makes of it, to what arrives. */
import { clamp, DAY, DAYS, HOUR, isOpen, QUARTERS, YEAR_START } from './calendar.ts';
import type { SeededFault } from './faults.ts';
import type { Series } from './loads.ts';
import { childrenOf, meterOf } from './plan.ts';

/** How a meter sees what flows through it. */
export interface Measuring {
  /** Of each quarter: counted by flowed. */
  readonly gain: Float64Array;
  /** 1: the register stands. */
  readonly stands: Uint8Array;
  /** 1: this reading does not arrive; one more than quarters. */
  readonly silent: Uint8Array;
  /** By day: seconds its clock is ahead. */
  readonly clock: Float64Array;
  /** Another meter hangs here from this quarter on. */
  readonly exchanges: number[];
  /** The register is full in this quarter. */
  full?: number;
  /** What phases show, in the hours from ≤ h < to. */
  readonly tampers: PhaseTamper[];
  /** Reactive by active power in the hours from ≤ h < to. */
  readonly reactive: { readonly from: number; readonly to: number; readonly tangent: number }[];
}

export interface PhaseTamper {
  readonly from: number;
  readonly to: number;
  readonly kind: 'stuck' | 'reversed' | 'lost' | 'swapped' | 'uneven';
  readonly phase: 0 | 1 | 2;
}

export interface Building {
  /** Flow through end users. */
  readonly loads: Map<string, Series>;
  /** What flows off between a branch and those behind it, beyond losses. */
  readonly tapped: Map<string, Series>;
  /** Flow of the heating water is held here, in the hours from ≤ h < to. */
  readonly held: { readonly branch: string; readonly from: number; readonly to: number }[];
  measuring(id: string): Measuring;
}

export function newMeasuring(gain: number): Measuring {
  const quarters = DAYS * QUARTERS;
  return {
    gain: new Float64Array(quarters).fill(gain),
    stands: new Uint8Array(quarters),
    silent: new Uint8Array(quarters + 1),
    clock: new Float64Array(DAYS),
    exchanges: [],
    tampers: [],
    reactive: [],
  };
}

export function applyFault(fault: SeededFault, building: Building): void {
  const { kind, branch, from, to, size } = fault;
  const own = building.loads.get(branch);
  const measuring = building.measuring(branch);
  const hours = { from: from * 24, to: to * 24 };
  const each = (change: (k: number, hour: number, day: number) => void): void => {
    for (let k = from * QUARTERS; k < to * QUARTERS; k++) {
      change(k, (k % QUARTERS) / 4, Math.floor(k / QUARTERS));
    }
  };
  const raise = (by: (hour: number, day: number, now: number) => number): void => {
    if (own === undefined) throw new Error(`simulated building: ${kind} needs an end user, not ${branch}`);
    each((k, hour, day) => {
      own[k] = (own[k] ?? 0) + Math.max(0, by(hour, day, own[k] ?? 0));
    });
  };
  /** Up to `level`. */
  const hold = (level: number, when: (hour: number, day: number) => boolean): void =>
    raise((hour, day, now) => (when(hour, day) ? level - now : 0));
  const tamper = (what: PhaseTamper['kind']): void => {
    const phase = (Math.floor(size * 3) % 3) as 0 | 1 | 2;
    measuring.tampers.push({ ...hours, kind: what, phase });
    const factor = energyFactor(branch, what, phase);
    each((k) => {
      measuring.gain[k] = (measuring.gain[k] ?? 0) * factor;
    });
  };
  switch (kind) {
    case 'light-left-on':
      hold(8 + 6 * size, (hour) => hour >= 18.5 || hour < 7.5);
      return;
    case 'handler-at-night':
      hold(6 + 2 * size, (hour) => hour >= 18 || hour < 7.5);
      return;
    case 'light-at-weekends':
      hold(9 + 6 * size, (hour, day) => !isOpen(day) && hour >= 8 && hour < 18);
      return;
    case 'handler-at-weekends':
      hold(7 + 2 * size, (hour, day) => !isOpen(day) && hour >= 7 && hour < 18.5);
      return;
    case 'water-leak':
      raise(() => 0.05 + 0.25 * size);
      return;
    case 'gas-leak':
      raise(() => 0.04 + 0.2 * size);
      return;
    case 'load-on-one-phase':
      measuring.tampers.push({ ...hours, kind: 'uneven', phase: (Math.floor(size * 3) % 3) as 0 | 1 | 2 });
      return;
    case 'capacitors-failed':
    case 'motors-uncompensated':
      measuring.reactive.push({ ...hours, tangent: 0.75 + 0.3 * size });
      return;
    case 'ct-stuck':
      tamper('stuck');
      return;
    case 'ct-reversed':
      tamper('reversed');
      return;
    case 'phase-lost':
      tamper('lost');
      return;
    case 'phase-swapped':
      tamper('swapped');
      return;
    case 'heats-and-cools': {
      const heat = building.loads.get('h-office');
      const chiller = building.loads.get('e-chiller');
      const wasted = 25 + 20 * size;
      raise((hour, day) => (isOpen(day) && hour >= 7 && hour < 18.5 ? wasted : 0));
      each((k, hour, day) => {
        if (heat === undefined || !isOpen(day) || hour < 7 || hour >= 18.5) return;
        heat[k] = (heat[k] ?? 0) + wasted;
        if (chiller !== undefined) chiller[k] = (chiller[k] ?? 0) + wasted / 4.2;
      });
      return;
    }
    case 'heat-valve-stuck': {
      building.held.push({ branch, ...hours });
      const open = branch === 'h-shop' ? 38 : 110;
      each((k) => {
        // The pressure of the district's network wanders a little.
        if (own !== undefined) own[k] = open * (1 + 0.03 * Math.sin(k / 40));
      });
      return;
    }
    case 'main-drifts': {
      const end = (size < 0.5 ? -1 : 1) * (0.06 + 0.02 * (size % 0.5));
      each((k) => {
        const part = (k - from * QUARTERS) / ((to - from) * QUARTERS);
        measuring.gain[k] = (measuring.gain[k] ?? 0) * (1 + end * part);
      });
      return;
    }
    case 'meter-stopped':
      each((k) => {
        measuring.stands[k] = 1;
      });
      return;
    case 'meter-exchanged': {
      // An hour and a quarter without a meter.
      const back = from * QUARTERS + 40 + Math.floor(size * 16);
      measuring.exchanges.push(back);
      for (let k = back - 4; k < back; k++) {
        measuring.silent[k] = 1;
        measuring.stands[k] = 1;
      }
      return;
    }
    case 'silent-for-hours':
      for (let k = 0; k < 28 + 20 * size; k++) measuring.silent[from * QUARTERS + 30 + k] = 1;
      return;
    case 'silent-for-days':
      for (let k = from * QUARTERS; k < to * QUARTERS; k++) measuring.silent[k] = 1;
      return;
    case 'clock-off':
      for (let day = from; day < to; day++)
        measuring.clock[day] = (size < 0.5 ? -1 : 1) * (600 + 3600 * size);
      return;
    case 'wrong-multiplier': {
      const factor = size < 0.5 ? 0.5 : 2;
      each((k) => {
        measuring.gain[k] = (measuring.gain[k] ?? 0) * factor;
      });
      return;
    }
    case 'tapped': {
      const series = new Float64Array(DAYS * QUARTERS);
      building.tapped.set(branch, series);
      each((k, hour) => {
        series[k] = hour >= 17 || hour < 1 ? 9 + 9 * size : 0;
      });
      return;
    }
    case 'pv-sign-wrong':
      each((k) => {
        measuring.gain[k] = -Math.abs(measuring.gain[k] ?? 1);
      });
      return;
    case 'abnormal-day':
      raise((hour, _day, now) => now * 0.6 + abnormal(branch, hour) * (0.7 + 0.6 * size));
      return;
    case 'register-full':
      measuring.full = from * QUARTERS + 30 + Math.floor(40 * size);
      return;
  }
}

/** Somebody held a fair: kW or m³/h more. */
function abnormal(branch: string, hour: number): number {
  const size = { 'e-shop': 18, 'e-kitchen': 12, 'g-kitchen': 2.5, 'w-office': 0.8 }[branch] ?? 1;
  return hour >= 8 && hour < 23 ? size : 0;
}

/** How much of a balanced load the meter still counts, 0…1. */
function energyFactor(branch: string, kind: PhaseTamper['kind'], phase: 0 | 1 | 2): number {
  const { phases = [1, 0, 0], powerFactor = 1 } = meterOf(branch);
  const share = phases[phase] ?? 0;
  if (kind === 'reversed') return clamp(1 - 2 * share);
  if (kind === 'stuck' || kind === 'lost') return clamp(1 - share);
  if (kind !== 'swapped') return 1;
  // The currents of the two other phases are exchanged: 120° too far ahead and behind.
  const angle = Math.acos(powerFactor);
  const third = (2 * Math.PI) / 3;
  const others = (1 - share) / 2;
  const seen = share * powerFactor + others * (Math.cos(angle + third) + Math.cos(angle - third));
  return clamp(seen / powerFactor);
}

/** Flow of every branch: end users, and sums with losses above them. Electricity of the sun is negative. */
export function sumUp(
  { loads, tapped }: Building,
  losses: Readonly<Record<string, number>>,
): Map<string, Series> {
  const flows = new Map<string, Series>();
  const flowOf = (id: string): Series => {
    const known = flows.get(id);
    if (known !== undefined) return known;
    const children = childrenOf(id);
    const flow = new Float64Array(DAYS * QUARTERS);
    const user = loads.get(id);
    if (children.length === 0) {
      const sign = meterOf(id).generates === true ? -1 : 1;
      for (let k = 0; k < flow.length; k++) flow[k] = sign * (user?.[k] ?? 0);
    } else {
      const loss = losses[id] ?? 0;
      for (const { id: child } of children) {
        const part = flowOf(child);
        // What is lost is lost in both directions.
        for (let k = 0; k < flow.length; k++)
          flow[k] = (flow[k] ?? 0) + (part[k] ?? 0) + loss * Math.abs(part[k] ?? 0);
      }
      const more = tapped.get(id);
      if (more !== undefined) for (let k = 0; k < flow.length; k++) flow[k] = (flow[k] ?? 0) + (more[k] ?? 0);
    }
    flows.set(id, flow);
    return flow;
  };
  for (const id of ['e-main', 'w-main', 'g-main', 'h-main', 'c-office', 'c-shop']) flowOf(id);
  return flows;
}

/** Moment of a quarter of the year, Unix epoch ms. */
export function timeOf(quarter: number): number {
  return YEAR_START + Math.floor(quarter / QUARTERS) * DAY + ((quarter % QUARTERS) * HOUR) / 4;
}
