/** The peak limit as console and API see it: its state, and the plan over what history has of the power. */
import type { PeakLimit } from '../../control/energy/shedding/controller.ts';
import { dryRun, minutesOf } from '../../control/energy/shedding/dry-run.ts';
import type { PeakLimitConfig, PeakLimitView } from '../../core/energy/peak-limit.ts';
import type { Unit } from '../../core/unit.ts';
import type { AgentView } from '../../core/view.ts';

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
      const power = minutesOf(buckets, { from, to, unit });
      if (power.every(({ kw }) => kw === null)) return undefined;
      return dryRun(config, power);
    },
  };
}
