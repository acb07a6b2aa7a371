/** All checks; those whose word makes a meter doubtful come first. */
import type { Check } from './check.ts';
import { abnormalDay } from './checks/abnormal-day.ts';
import { mainSubDrift, unmeteredLoad } from './checks/balance-checks.ts';
import { clockWrong } from './checks/clock-wrong.ts';
import { heatingAndCooling } from './checks/heating-and-cooling.ts';
import { meterStopped } from './checks/meter-stopped.ts';
import { gasNeverZero, waterNeverZero } from './checks/never-zero.ts';
import { nightBaseLoad } from './checks/night-base-load.ts';
import { phaseImbalance } from './checks/phase-imbalance.ts';
import { pvSignWrong } from './checks/pv-sign-wrong.ts';
import { reactivePower } from './checks/reactive-power.ts';
import { readingsMissing } from './checks/readings-missing.ts';
import { meterExchanged, registerRollover } from './checks/register-events.ts';
import { valveStuck } from './checks/valve-stuck.ts';
import { weekendBaseLoad } from './checks/weekend-base-load.ts';
import { ctReversed, ctStuck, phaseLost, phaseSwapped } from './checks/wiring.ts';
import { wrongMultiplier } from './checks/wrong-multiplier.ts';

export const ALL_CHECKS: readonly Check[] = [
  readingsMissing,
  phaseLost,
  ctReversed,
  phaseSwapped,
  ctStuck,
  pvSignWrong,
  meterStopped,
  wrongMultiplier,
  meterExchanged,
  registerRollover,
  clockWrong,
  mainSubDrift,
  unmeteredLoad,
  nightBaseLoad,
  weekendBaseLoad,
  waterNeverZero,
  gasNeverZero,
  phaseImbalance,
  reactivePower,
  heatingAndCooling,
  valveStuck,
  abnormalDay,
];
