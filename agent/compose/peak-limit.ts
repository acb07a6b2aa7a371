/** The peak limit as console and API see it: its state, and the plan over what history has of the power. */
import type { PeakLimit } from '../control/energy/shedding/controller.ts';
import { dryRun, type MeasuredPower } from '../control/energy/shedding/dry-run.ts';
import type { PeakLimitConfig, PeakLimitView } from '../core/peak-limit.ts';
import { convert, type Unit } from '../core/unit.ts';
import type { AgentView } from '../core/view.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface PeakLimitParts {
  now(): number;
  readonly history: AgentView['history'];
  /** Unit of the power. */
  readonly unit: Unit;
}

export function peakLimitView(
  controller: PeakLimit,
  config: PeakLimitConfig,
  { now, history, unit }: PeakLimitParts,
): PeakLimitView {
  return {
    state: () => controller.state,
    async dryRun(hours, signal) {
      const to = Math.floor(now() / MINUTE) * MINUTE;
      const from = to - hours * HOUR;
      const { device, point } = config.power;
      const buckets = await history(device, point, from, to, MINUTE, signal);
      const known = new Map(buckets.map(({ time, mean }) => [time, mean]));
      if (![...known.values()].some((mean) => mean !== null)) return undefined;
      const power: MeasuredPower[] = [];
      for (let time = from; time < to; time += MINUTE) {
        const mean = known.get(time) ?? null;
        power.push({ time, kw: mean === null ? null : convert(mean, unit, 'kW') });
      }
      return dryRun(config, power);
    },
  };
}
