/**
 * Tells from its meter whether a lamp does what it is told. Names of the findings are those of TALQ 2.7.1
 * (LampMonitorFunction and ElectricalMeterFunction events). A finding needs several measurements in a row, at a level
 * that has been steady for the lamp's run-up, so that no healthy lamp is accused.
 */
import { PowerModel } from './power-model.ts';

export const FINDINGS = [
  'lampFailure',
  'lampUnexpectedOn',
  'dimmingFailure',
  'cyclingFailure',
  'powerTooHigh',
  'powerTooLow',
  'supplyLoss',
] as const;
export type Finding = (typeof FINDINGS)[number];

export interface Measurement {
  /** W */
  readonly watts: number;
  /** V ahead of the lamp's switch; undefined: not measured. */
  readonly volts: number | undefined;
  /** % by the lamp's own read-back. */
  readonly level: number;
  /** mono ms */
  readonly time: number;
}

/** Measurements in a row before a finding is raised or cleared. */
const IN_A_ROW = 3;
/** Difference from the expected power that counts, by how well it is known. */
const TOLERANCE = { learned: 0.15, reckoned: 0.35 } as const;
/** Below this share of the expected power nothing shines. */
const DARK = 0.1;
/** Unasked changes between dark and lit within `CYCLE_TIME` that make a cycling lamp. */
const CYCLES = 3;
const CYCLE_TIME = 10 * 60_000;
/** Nothing is on the mains below this, V. */
const NO_SUPPLY = 50;

export class LampVerification {
  readonly #settle: number;
  readonly #rated: number;
  readonly #model: PowerModel;
  readonly #counts = new Map<Finding, number>();
  readonly #found = new Set<Finding>();
  #level: { readonly level: number; readonly since: number } | undefined;
  #shone: boolean | undefined;
  #flips: number[] = [];

  /** `rated` in W, `settle` in ms. */
  constructor({ rated, settle }: { readonly rated: number; readonly settle: number }) {
    this.#rated = rated;
    this.#settle = settle;
    this.#model = new PowerModel(rated);
  }

  get findings(): ReadonlySet<Finding> {
    return this.#found;
  }

  /** W expected at `level` %; for the account of savings. */
  expected(level: number): number {
    return this.#model.at(level).watts;
  }

  /** Takes a measurement; gives the findings raised and cleared by it. */
  take(measured: Measurement): { readonly raised: readonly Finding[]; readonly cleared: readonly Finding[] } {
    const { level, time } = measured;
    if (this.#level === undefined || Math.abs(this.#level.level - level) >= 1) {
      this.#level = { level, since: time };
      this.#shone = undefined;
    }
    if (time - this.#level.since < this.#settle) return { raised: [], cleared: [] };
    const now = this.#judge(measured);
    if (now.size === 0) this.#model.learn(level, measured.watts, time);
    return this.#count(now);
  }

  /** What this one measurement speaks for. */
  #judge({ watts, volts, level, time }: Measurement): ReadonlySet<Finding> {
    // Without supply nothing can be said of the lamp.
    if (volts !== undefined && volts < NO_SUPPLY) return new Set(['supplyLoss']);
    const floor = this.#rated * DARK * 0.5;
    if (level <= 0) return watts > floor ? new Set(['lampUnexpectedOn']) : new Set();
    const { watts: expected, learned } = this.#model.at(level);
    const found = new Set<Finding>();
    const shines = watts > Math.max(expected * DARK, Math.min(floor, expected * 0.5));
    if (this.#cycles(shines, time)) found.add('cyclingFailure');
    if (!shines) return found.add('lampFailure');
    const off = (watts - expected) / expected;
    const tolerance = learned ? TOLERANCE.learned : TOLERANCE.reckoned;
    if (Math.abs(off) <= tolerance) return found;
    const full = this.#model.at(100);
    const likeFull = Math.abs(watts - full.watts) <= full.watts * TOLERANCE.learned;
    if (level < 80 && likeFull) return found.add('dimmingFailure');
    // What is learned speaks; the straight line of an unknown lamp is no ground to accuse it of a few watts.
    if (learned || Math.abs(off) > 0.6) found.add(off > 0 ? 'powerTooHigh' : 'powerTooLow');
    return found;
  }

  /** Whether it goes on and off by itself: `shines` changes while nobody asked for it. */
  #cycles(shines: boolean, time: number): boolean {
    if (this.#shone !== undefined && this.#shone !== shines) this.#flips.push(time);
    this.#shone = shines;
    this.#flips = this.#flips.filter((flip) => time - flip < CYCLE_TIME);
    return this.#flips.length >= CYCLES;
  }

  #count(now: ReadonlySet<Finding>): { raised: Finding[]; cleared: Finding[] } {
    const raised: Finding[] = [];
    const cleared: Finding[] = [];
    for (const finding of FINDINGS) {
      // Counts up while it is seen and down while it is not; the cycle has its own memory and counts at once.
      const step = finding === 'cyclingFailure' ? IN_A_ROW : 1;
      const before = this.#counts.get(finding) ?? 0;
      const count = now.has(finding) ? Math.min(IN_A_ROW, before + step) : Math.max(0, before - 1);
      this.#counts.set(finding, count);
      if (count === IN_A_ROW && !this.#found.has(finding)) {
        this.#found.add(finding);
        raised.push(finding);
      } else if (count === 0 && this.#found.delete(finding)) cleared.push(finding);
    }
    return { raised, cleared };
  }
}
