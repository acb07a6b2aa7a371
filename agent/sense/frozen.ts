/** A value that stands still. A real quantity moves in its last digit; one that does not is what some cache repeats. Pure. */

export interface Still {
  readonly value: number;
  /** Since when, ms. */
  readonly since: number;
  readonly told: boolean;
}

export interface Stillness {
  readonly state: Still;
  readonly frozen: boolean;
  /** The state has changed with this reading. */
  readonly turned: boolean;
}

/** `after`: ms. 0 stands for nothing going on (no wind, no load), however long. */
export function stillness(before: Still | undefined, value: number, t: number, after: number): Stillness {
  if (before === undefined || value !== before.value || value === 0)
    return { state: { value, since: t, told: false }, frozen: false, turned: before?.told === true };
  const frozen = t - before.since >= after;
  return { state: { ...before, told: frozen }, frozen, turned: frozen && !before.told };
}
