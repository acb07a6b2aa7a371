/**
 * What chargers may draw so that lamp, chargers and tenants stay inside the feeder's rating. Pure: a function of what is
 * measured now. The lamp and the tenants come first, for what they draw is taken as it is; the chargers share the rest.
 */
import type { FeederCharger, FeederConfig, FeederPhase } from '../../core/pole.ts';

export interface ChargerState {
  /** A measured, in the order of its phases; undefined: not known. */
  readonly draw: readonly (number | undefined)[];
  /** Whether a vehicle charges, or wants to. */
  readonly active: boolean;
  /** A: of somebody who wants less than it could have. */
  readonly wish: number | undefined;
}

export interface FeederState {
  /** A of the whole feeder by phase; undefined: silent, or not to be believed. */
  readonly phases: readonly (number | undefined)[];
  readonly chargers: readonly ChargerState[];
}

export interface Share {
  /** A by charger; 0: it has to pause. */
  readonly limits: readonly number[];
  /** A left by phase after lamp and tenants; undefined: not known. */
  readonly free: readonly (number | undefined)[];
  readonly mode: 'measured' | 'fallback';
}

/** What each charger may draw now, before anything is slowed down. */
export function share(feeder: FeederConfig, state: FeederState): Share {
  const { rating, reserve, chargers } = feeder;
  const measured = state.phases.every((amps) => amps !== undefined);
  const free = state.phases.map((amps, i) => {
    if (amps === undefined) return undefined;
    // What a charger is not seen to draw is counted with the rest: too little is the right side to err on.
    const own = chargers.reduce((sum, charger, n) => sum + drawn(charger, state.chargers[n], i + 1), 0);
    return rating - reserve - Math.max(0, amps - own);
  });
  const known = measured
    ? free.map((amps) => amps ?? 0)
    : state.phases.map(() => rating - reserve - feeder.others);
  const caps = chargers.map((charger, n) => {
    const { wish, active = false } = state.chargers[n] ?? {};
    // Without a meter nobody gets more than what a charger needs; one that waits begins there.
    const most = measured && active ? charger.max : charger.min;
    return Math.min(most, wish ?? most);
  });
  return { limits: divide(chargers, caps, known), free, mode: measured ? 'measured' : 'fallback' };
}

function drawn({ phases }: FeederCharger, state: ChargerState | undefined, phase: number): number {
  const at = phases.indexOf(phase as FeederPhase);
  return at < 0 ? 0 : Math.max(0, state?.draw[at] ?? 0);
}

/**
 * Equal shares, filled up to each one's cap; where a share would be too small to charge with, the last of the list pauses
 * and the others share again.
 */
function divide(
  chargers: readonly FeederCharger[],
  caps: readonly number[],
  free: readonly number[],
): readonly number[] {
  const limits = chargers.map(() => 0);
  let taking = chargers.map((_, n) => n).filter((n) => (caps[n] ?? 0) >= (chargers[n]?.min ?? 0));
  while (taking.length > 0) {
    const shares = fill(chargers, caps, free, taking);
    const short = taking.findLast((n) => (shares.get(n) ?? 0) < (chargers[n]?.min ?? 0) - 1e-9);
    if (short === undefined) {
      for (const n of taking) limits[n] = Math.floor((shares.get(n) ?? 0) * 10) / 10;
      break;
    }
    taking = taking.filter((n) => n !== short);
  }
  return limits;
}

/** Water-filling: the smallest of cap and equal share first, then the rest of what is left. */
function fill(
  chargers: readonly FeederCharger[],
  caps: readonly number[],
  free: readonly number[],
  taking: readonly number[],
): ReadonlyMap<number, number> {
  const shares = new Map<number, number>();
  const left = [...free];
  let open = [...taking];
  while (open.length > 0) {
    const equal = (n: number) =>
      Math.min(
        ...(chargers[n]?.phases ?? []).map((phase) => {
          const on = open.filter((other) => chargers[other]?.phases.includes(phase)).length;
          return (left[phase - 1] ?? 0) / on;
        }),
      );
    const amounts = open.map((n) => ({ n, amps: Math.max(0, Math.min(caps[n] ?? 0, equal(n))) }));
    const [least] = amounts.toSorted((a, b) => a.amps - b.amps);
    if (least === undefined) break;
    shares.set(least.n, least.amps);
    for (const phase of chargers[least.n]?.phases ?? []) {
      left[phase - 1] = (left[phase - 1] ?? 0) - least.amps;
    }
    open = open.filter((n) => n !== least.n);
  }
  return shares;
}
