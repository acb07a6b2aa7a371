/** What the plan would have done with a stretch of measured power: shown before it is armed. Pure. */
import type { PeakLimitConfig, ShedAction, ShedPlan } from '../../../core/energy/peak-limit.ts';
import { convert, type Unit } from '../../../core/unit.ts';
import { evaluateShedding, NOTHING_SHED, type ShedState } from './evaluate.ts';
import { PowerWindow } from './window.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface MeasuredPower {
  /** Start of the minute, Unix epoch ms, ascending. */
  readonly time: number;
  /** Mean of the minute, kW; null: not known. */
  readonly kw: number | null;
}

/** Each minute of a stretch of time, from what history has of them in the unit of the point. */
export function minutesOf(
  buckets: readonly { readonly time: number; readonly mean: number | null }[],
  { from, to, unit }: { readonly from: number; readonly to: number; readonly unit: Unit },
): readonly MeasuredPower[] {
  const known = new Map(buckets.map(({ time, mean }) => [time, mean]));
  return Array.from({ length: Math.max(0, Math.floor((to - from) / MINUTE)) }, (_, i) => {
    const time = from + i * MINUTE;
    const mean = known.get(time) ?? null;
    return { time, kw: mean === null ? null : convert(mean, unit, 'kW') };
  });
}

/** Loads are taken for drawing what they save while they are on; nothing is taken below zero. */
export function dryRun(config: PeakLimitConfig, power: readonly MeasuredPower[]): ShedPlan {
  const measured = new PowerWindow(config.window);
  const planned = new PowerWindow(config.window);
  const kw = new Map(config.loads.map((load) => [load.id, load.kw]));
  const loads: Record<string, { minutes: number; kwh: number }> = {};
  const actions: ShedAction[] = [];
  const curve: { time: number; measured: number | null; planned: number | null }[] = [];
  const highest: { measured: number | null; planned: number | null } = { measured: null, planned: null };
  const above = { measured: 0, planned: 0 };
  let state: ShedState = NOTHING_SHED;
  let known = Number.NaN;
  for (const { time, kw: was } of power) {
    if (was === null) {
      measured.clear();
      planned.clear();
      known = Number.NaN;
      curve.push({ time, measured: null, planned: null });
      continue;
    }
    if (Number.isNaN(known)) known = time;
    const off = [...state.loads].flatMap(([id, one]) => (one.shed ? [id] : []));
    const saved = Math.min(
      Math.max(0, was),
      off.reduce((sum, id) => sum + (kw.get(id) ?? 0), 0),
    );
    for (const id of off) {
      const one = loads[id] ?? { minutes: 0, kwh: 0 };
      loads[id] = { minutes: one.minutes + 1, kwh: one.kwh + ((kw.get(id) ?? 0) * MINUTE) / HOUR };
    }
    measured.take(time, was);
    planned.take(time, was - saved);
    const end = time + MINUTE;
    // A window counts once all of it is known.
    if (end - known >= config.window) {
      for (const [name, window] of [
        ['measured', measured],
        ['planned', planned],
      ] as const) {
        const mean = window.mean(end);
        highest[name] = Math.max(highest[name] ?? mean, mean);
        if (mean > config.limit) above[name] += 1;
      }
    }
    curve.push({ time, measured: was, planned: was - saved });
    const next = evaluateShedding(config, state, { now: end, window: planned, taken: new Set() });
    state = next.state;
    actions.push(...next.actions);
  }
  return {
    from: power[0]?.time ?? 0,
    to: (power.at(-1)?.time ?? 0) + MINUTE,
    limit: config.limit,
    measured: highest.measured,
    planned: highest.planned,
    measuredAbove: above.measured,
    plannedAbove: above.planned,
    actions,
    loads,
    curve,
  };
}
