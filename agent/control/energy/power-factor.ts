/**
 * Power factor of a month and what it changes of the bill: 功率因数调整电费办法, 水电财字〔1983〕215号, with its three tables
 * (standards 0.90, 0.85, 0.80). Per hundredth of the factor; computed by the rules that the tables are made of. Pure.
 */
import type { PowerFactorStandard } from '../../core/energy/energy.ts';

/** Hundredths. */
interface Table {
  readonly standard: number;
  /** From here up nothing more is taken off. */
  readonly best: number;
  /** From the next hundredth above here a further 0.15 % is taken off instead of 0.1 %; the standard itself where all is 0.15 %. */
  readonly quicker: number;
  /** Below here a hundredth costs 1 % instead of 0.5 %, and further below 2 %. */
  readonly dear: number;
  readonly dearest: number;
}

const TABLES: Readonly<Record<PowerFactorStandard, Table>> = {
  '0.90': { standard: 90, best: 95, quicker: 90, dear: 70, dearest: 65 },
  '0.85': { standard: 85, best: 94, quicker: 90, dear: 65, dearest: 60 },
  '0.80': { standard: 80, best: 92, quicker: 90, dear: 60, dearest: 55 },
};

/**
 * Mean power factor of active and reactive energy, hundredths, halves up; null where neither ran. Reactive energy that was
 * fed back counts like the one that was taken (absolute values are added before).
 */
export function powerFactor(active: number, reactive: number): number | null {
  if (active <= 0 && reactive <= 0) return null;
  // What floating point takes off a half must not cost a hundredth.
  return Math.round((active / Math.hypot(active, reactive)) * 100 + 1e-9);
}

/** What is added to the bill, in hundredths of a percent (−75 is −0.75 %), for a factor in hundredths. */
export function adjustment(standard: PowerFactorStandard, factor: number): number {
  const { standard: even, best, quicker, dear, dearest } = TABLES[standard];
  if (factor >= even) {
    const reached = Math.min(factor, best);
    return -(10 * (Math.min(reached, quicker) - even) + 15 * Math.max(0, reached - quicker)) || 0;
  }
  const steps = (from: number, to: number) => Math.max(0, from - Math.max(factor, to));
  return 50 * steps(even, dear) + 100 * steps(dear, dearest) + 200 * steps(dearest, 0);
}
