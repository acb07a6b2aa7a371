/**
 * Decides which loads give way and which have their power back. Pure: state in, actions out.
 *
 * Shed is, in order of priority, as little as brings every window to below the limit: those that end within the next
 * minutes if the load stays, and all of them if everything that may be shed were shed after one more response time.
 * The second is what keeps the promise: it never waits until shedding would no longer suffice.
 */
import type {
  PeakLimitConfig,
  ShedAction,
  SheddableLoad,
  ShedReason,
} from '../../../core/energy/peak-limit.ts';
import type { PowerWindow } from './window.ts';

export interface LoadState {
  readonly shed: boolean;
  /** Since when it is as it is, Unix epoch ms. */
  readonly since: number;
}

export interface ShedState {
  readonly loads: ReadonlyMap<string, LoadState>;
  /** Unix epoch ms; −∞: never. */
  readonly lastRestored: number;
  /** When something was shed or restored last: until it has taken effect, the measured power is the one before. */
  readonly lastChange: number;
}

export interface ShedInputs {
  readonly now: number;
  readonly window: PowerWindow;
  /** Loads that somebody else has now, or that cannot be reached: nothing is asked of them. */
  readonly taken: ReadonlySet<string>;
}

/** Windows that end so soon are looked at with the load as it is, ms. */
const SOON = 5 * 60_000;
/** What comes back draws more at first than it saved. */
const REBOUND = 1.25;

export const NOTHING_SHED: ShedState = {
  loads: new Map(),
  lastRestored: Number.NEGATIVE_INFINITY,
  lastChange: Number.NEGATIVE_INFINITY,
};

export interface Evaluated {
  readonly state: ShedState;
  readonly actions: readonly ShedAction[];
}

export function evaluateShedding(config: PeakLimitConfig, state: ShedState, inputs: ShedInputs): Evaluated {
  const { now, window, taken } = inputs;
  const power = window.kw;
  const actions: ShedAction[] = [];
  const loads = new Map(state.loads);
  const change = (load: SheddableLoad, what: ShedAction['what'], why: ShedReason): void => {
    actions.push({ load: load.id, what, why, at: now });
    loads.set(load.id, { shed: what === 'shed', since: now });
  };
  const isShed = ({ id }: SheddableLoad): boolean => loads.get(id)?.shed === true;
  const age = ({ id }: SheddableLoad): number => now - (loads.get(id)?.since ?? Number.NEGATIVE_INFINITY);

  for (const load of config.loads) {
    if (isShed(load) && load.maxOff !== undefined && age(load) >= load.maxOff && !taken.has(load.id)) {
      change(load, 'restore', 'longest-time');
    }
  }
  // A power that was measured before the last change took effect says nothing about it.
  const settled = now - state.lastChange >= config.response;
  if (power !== undefined && settled && actions.length === 0) {
    const target = config.limit * (1 - config.margin);
    const free = [...config.loads]
      .sort((a, b) => a.priority - b.priority)
      .filter((load) => !isShed(load) && !taken.has(load.id) && age(load) >= load.minOn);
    for (const load of toShed(config, window, now, power, target, free)) change(load, 'shed', 'demand');
    if (actions.length === 0) {
      const back = toRestore(config, state, { now, window, taken }, power, target, isShed, age);
      if (back !== undefined) change(back, 'restore', 'room');
    }
  }
  if (actions.length === 0) return { state, actions };
  const restored = actions.some(({ what }) => what === 'restore');
  return {
    state: { loads, lastRestored: restored ? now : state.lastRestored, lastChange: now },
    actions,
  };
}

/** The fewest of `free`, in their order, that bring demand below `target`; all of them where none suffice. */
function toShed(
  config: PeakLimitConfig,
  window: PowerWindow,
  now: number,
  power: number,
  target: number,
  free: readonly SheddableLoad[],
): readonly SheddableLoad[] {
  const savings = free.reduce((sum, { kw }) => sum + kw, 0);
  let saved = 0;
  for (let count = 0; count <= free.length; count++) {
    const left = power - saved;
    const soon = window.highest(now, Math.min(SOON, config.window), left);
    const last = window.highest(now, config.window, left, 2 * config.response, power - savings);
    if (soon <= target && last <= target) return free.slice(0, count);
    saved += free[count]?.kw ?? 0;
  }
  return free;
}

/** The load that has its power back next, if there is room for it, for good as far as can be seen. */
function toRestore(
  config: PeakLimitConfig,
  state: ShedState,
  { now, window, taken }: ShedInputs,
  power: number,
  target: number,
  isShed: (load: SheddableLoad) => boolean,
  age: (load: SheddableLoad) => number,
): SheddableLoad | undefined {
  if (now - state.lastRestored < config.restoreEvery) return undefined;
  const next = [...config.loads]
    .sort((a, b) => b.priority - a.priority)
    .find((load) => isShed(load) && !taken.has(load.id) && age(load) >= load.minOff);
  if (next === undefined) return undefined;
  // It has to fit for the whole window, with what it draws at first: what is restored is not to be shed again at once.
  const then = power + next.kw * REBOUND;
  return window.highest(now, config.window, then) <= target && then <= target ? next : undefined;
}
