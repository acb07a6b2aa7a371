/** A simulated year under the eyes of the diagnosis: which faults it found, and what it said besides. */
import { Diagnosis } from '../../agent/control/energy/diagnosis/diagnosis.ts';
import type { Finding } from '../../agent/core/energy/diagnosis.ts';
import { DAYS, dateOf } from '../../hw-sim/building/calendar.ts';
import type { SeededFault } from '../../hw-sim/building/faults.ts';
import type { BuildingInputs } from './simulated-building.ts';

/** Days after a fault within which it may still be told: an abnormal day shows once its like has come again. */
const GRACE = 8;

export interface Told {
  readonly day: number;
  readonly finding: Finding;
}

export interface YearOfFindings {
  readonly found: readonly { readonly fault: SeededFault; readonly day: number; readonly finding: Finding }[];
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
  /** Wrong ones by month, January first. */
  readonly wrongByMonth: readonly number[];
}

export function diagnoseYear(inputs: BuildingInputs, faults: readonly SeededFault[]): YearOfFindings {
  const diagnosis = new Diagnosis(inputs.branches);
  const told: Told[] = [];
  for (let day = 0; day < DAYS; day++) {
    for (const { what, finding } of diagnosis.day(inputs.day(day))) {
      if (what === 'opened') told.push({ day, finding });
    }
  }
  return score(told, faults);
}

function score(told: readonly Told[], faults: readonly SeededFault[]): YearOfFindings {
  const right = new Set<Told>();
  const found = [];
  const missed = [];
  for (const fault of faults) {
    const hit = told.find(
      (one) =>
        !right.has(one) &&
        one.finding.check === fault.check &&
        one.finding.branch === fault.branch &&
        one.day >= fault.from &&
        one.day <= fault.to + GRACE,
    );
    if (hit === undefined) {
      missed.push(
        `${fault.kind} at ${fault.branch} from ${dateOf(fault.from)}, size ${fault.size.toFixed(2)}`,
      );
    } else {
      right.add(hit);
      found.push({ fault, day: hit.day, finding: hit.finding });
    }
  }
  const others = told.filter((one) => !right.has(one));
  const wrongByMonth = new Array<number>(12).fill(0);
  for (const { day } of others) {
    const month = Number(dateOf(day).slice(5, 7)) - 1;
    wrongByMonth[month] = (wrongByMonth[month] ?? 0) + 1;
  }
  return {
    found,
    missed,
    wrong: others.map(({ day, finding }) => `${finding.check} at ${finding.branch} on ${dateOf(day)}`),
    wrongByMonth,
  };
}
