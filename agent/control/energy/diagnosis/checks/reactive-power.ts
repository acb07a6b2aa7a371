/** Power factor of a billed branch below what its tariff asks (力调电费 starts at 0.90): capacitors that have failed. */
import type { BranchDay } from '../../../../core/energy/diagnosis.ts';
import { type Check, MONTH, rounded } from '../check.ts';
import { median } from '../robust.ts';

const DAYS = 3;
/** 水电财字〔1983〕215号: standard of most customers. */
const STANDARD = 0.9;
const FEEDER_LOSS = 0.02;

/** Active and reactive energy of a day, kWh and kvarh, in the hours in which power is drawn. */
function energies({ phases, hours }: BranchDay): readonly [number, number] {
  let active = 0;
  let reactive = 0;
  for (const [h, kvar] of (phases?.reactive ?? []).entries()) {
    const kilowatts = hours[h] ?? Number.NaN;
    if (!(kilowatts > 0) || !Number.isFinite(kvar)) continue;
    active += kilowatts;
    reactive += Math.abs(kvar);
  }
  return [active, reactive];
}

function powerFactor(day: BranchDay): number {
  const [active, reactive] = energies(day);
  return active === 0 ? Number.NaN : active / Math.hypot(active, reactive);
}

export const reactivePower: Check = {
  name: 'reactive-power',
  severity: 'warning',
  doubts: false,
  explainedBy: 'sum',
  closesAfter: 2,
  judge(look) {
    const { branch, today } = look;
    if (!branch.billed || branch.generates || !Number.isFinite(powerFactor(today))) return undefined;
    const now = look.last(DAYS);
    const before = look.usual(28, DAYS).map(powerFactor).filter(Number.isFinite);
    const usual = before.length < 10 ? 1 : median(before);
    if (now.length < DAYS) return undefined;
    if (!now.every((day) => !(powerFactor(day) >= Math.min(STANDARD, usual - 0.03)))) return 'fine';
    const factor = median(now.map(powerFactor));
    const [active, reactive] = energies(today);
    const more = 1 / factor ** 2 - 1 / STANDARD ** 2;
    return {
      since: now[0]?.date ?? today.date,
      // The current that is only reactive heats the same cables.
      stake: Math.max(0, FEEDER_LOSS * more * active * MONTH),
      evidence: {
        power_factor: rounded(factor),
        usual: rounded(usual),
        standard: STANDARD,
        to_compensate_kvar: rounded((reactive - active * Math.tan(Math.acos(STANDARD))) / 24),
      },
    };
  },
};
