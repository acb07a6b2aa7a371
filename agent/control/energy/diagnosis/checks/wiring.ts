/** What the phases of a day say of the wiring of their meter: a voltage that is not there, currents that point backwards. */
import type { BranchDay, CheckName } from '../../../../core/energy/diagnosis.ts';
import { type Check, type Look, MONTH, rounded, type Verdict } from '../check.ts';
import { median } from '../robust.ts';
import { type PhaseFigures, phaseFigures } from './phase-figures.ts';

const DAYS = 2;
/** A current below this share of the others is none. */
const NOTHING = 0.02;
/** Currents below this are not judged, A. */
const LEAST_AMPS = 0.5;

type Suspicion = { readonly what: CheckName; readonly phase: number; readonly evidence: Verdict['evidence'] };

/** What is wrong with the wiring on a day by what its phases showed, or undefined where nothing is. */
function suspect(figures: readonly PhaseFigures[]): Suspicion | undefined {
  const highest = Math.max(...figures.map(({ volts }) => volts));
  const lost = figures.findIndex(({ volts }) => volts < 0.7 * highest);
  if (highest > 100 && lost >= 0) {
    return { what: 'phase-lost', phase: lost, evidence: { volts: rounded(figures[lost]?.volts ?? 0) } };
  }
  const amps = figures.map((one) => one.amps);
  const most = Math.max(...amps);
  if (most < LEAST_AMPS) return undefined;
  for (const [phase, own] of figures.entries()) {
    const others = figures.filter((_, i) => i !== phase);
    const load = Math.min(...others.map((one) => one.amps));
    const restless = Math.min(...others.map((one) => one.ampsVariation));
    if (load < LEAST_AMPS) continue;
    const nothing = own.amps < NOTHING * load;
    if (nothing || (own.ampsVariation < 0.001 && restless > 0.01)) {
      return {
        what: 'ct-stuck',
        phase,
        evidence: {
          amps: rounded(own.amps),
          others_a: rounded(load),
          shows: nothing ? 'nothing' : 'always the same',
        },
      };
    }
  }
  return turned(figures);
}

/** One current backwards has the power factor of the others, negative; two currents exchanged have another one each. */
function turned(figures: readonly PhaseFigures[]): Suspicion | undefined {
  const factors = figures.map((one) => one.powerFactor);
  const sane = factors.filter((factor) => factor > 0.3);
  const odd = factors.flatMap((factor, phase) => (factor < 0.25 ? [{ factor, phase }] : []));
  const [first] = odd;
  if (first === undefined || sane.length === 0) return undefined;
  const right = median(sane);
  const evidence = { power_factors: factors.map((factor) => rounded(factor, 2)).join(' ') };
  if (odd.every(({ factor }) => factor < 0 && Math.abs(factor + right) < 0.15)) {
    return { what: 'ct-reversed', phase: first.phase, evidence };
  }
  return odd.length === 2 && right > 0.6
    ? { what: 'phase-swapped', phase: first.phase, evidence }
    : undefined;
}

function suspicion(day: BranchDay): Suspicion | undefined {
  const figures = phaseFigures(day.phases);
  return figures && suspect(figures);
}

/** What the meter would have counted is known from the days before. */
function uncounted(look: Look): number | null {
  const { today } = look;
  const like = look.usual(28, DAYS, ({ open }) => open === today.open).flatMap(({ total }) => total ?? []);
  return like.length < 3 || today.total === null ? null : Math.abs(median(like) - today.total) * MONTH;
}

function wiringCheck(name: CheckName): Check {
  return {
    name,
    severity: 'warning',
    doubts: true,
    closesAfter: 2,
    judge(look) {
      const { today, branch } = look;
      if (branch.generates || phaseFigures(today.phases) === undefined) return undefined;
      const now = look.last(DAYS);
      if (Math.max(...(phaseFigures(today.phases) ?? []).map(({ amps }) => amps)) < LEAST_AMPS)
        return undefined;
      const found = suspicion(today);
      if (found?.what !== name || now.length < DAYS) return 'fine';
      if (!now.every((day) => suspicion(day)?.what === name)) return undefined;
      // A phase nothing was ever connected to is no broken transformer.
      const before = look.usual(14, DAYS).map(suspicion);
      if (before.length >= 5 && before.filter((one) => one?.what === name).length * 2 > before.length)
        return 'fine';
      return {
        since: now[0]?.date ?? today.date,
        stake: uncounted(look),
        evidence: { phase: `L${found.phase + 1}`, ...found.evidence },
      };
    },
  };
}

export const phaseLost = wiringCheck('phase-lost');
export const ctReversed = wiringCheck('ct-reversed');
export const phaseSwapped = wiringCheck('phase-swapped');
export const ctStuck = wiringCheck('ct-stuck');
