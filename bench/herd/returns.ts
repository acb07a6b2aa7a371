/** How a herd of agents came back: what of it is kept and drawn. Times in seconds since the links were there again. */
import type { LinkChange } from '../../hw-sim/fleet/city.ts';
import type { Return } from '../../hw-sim/fleet/messages.ts';

export interface HerdSample {
  /** Since the measurement began, ms. */
  readonly t: number;
  readonly connected: number;
  readonly backlog: number;
  readonly received: number;
  /** CPU, in cores. */
  readonly broker: number;
  readonly fleet: number;
  readonly verify: number;
  readonly load: number;
}

export interface Spread {
  readonly first: number;
  readonly half: number;
  readonly p95: number;
  readonly last: number;
}

export interface Returns {
  readonly connected: Spread;
  readonly live: Spread;
  readonly replayed: Spread;
  /** Most agents that came within one second. */
  readonly most_connects_per_s: number;
}

export function returnsOf(returns: readonly Return[], restoredAt: number): Returns {
  const seconds = (of: (one: Return) => number | undefined) =>
    returns
      .flatMap((one) => of(one) ?? [])
      .map((at) => (at - restoredAt) / 1000)
      .sort((a, b) => a - b);
  const connected = seconds((one) => one.connected);
  const perSecond = new Map<number, number>();
  for (const at of connected) perSecond.set(Math.floor(at), (perSecond.get(Math.floor(at)) ?? 0) + 1);
  return {
    connected: spreadOf(connected),
    live: spreadOf(seconds(({ live }) => live)),
    replayed: spreadOf(seconds(({ replayed }) => replayed)),
    most_connects_per_s: Math.max(0, ...perSecond.values()),
  };
}

/** Of ascending values. */
export function spreadOf(sorted: readonly number[]): Spread {
  const at = (share: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    return value === undefined ? Number.NaN : Math.round(value * 10) / 10;
  };
  return { first: at(0.0001), half: at(0.5), p95: at(0.95), last: at(1) };
}

export interface Curves {
  /** Seconds since the links came back, negative before. */
  readonly cut: number;
  readonly connected: readonly (readonly [s: number, agents: number])[];
  readonly backlog: readonly (readonly [s: number, records: number])[];
  readonly broker: readonly (readonly [s: number, cores: number])[];
}

export function curvesOf(
  samples: readonly HerdSample[],
  links: readonly LinkChange[],
  { began, cutAt, restoredAt, agents }: { began: number; cutAt: number; restoredAt: number; agents: number },
): Curves {
  const second = (at: number) => Math.round((at - restoredAt) / 100) / 10;
  let up = agents;
  const connected: [number, number][] = [[second(cutAt) - 60, agents]];
  for (const { at, up: now } of links.filter((one) => one.at >= cutAt).toSorted((a, b) => a.at - b.at)) {
    up += now ? 1 : -1;
    const s = second(at);
    if (connected.at(-1)?.[0] === s) connected.pop();
    connected.push([s, up]);
  }
  connected.push([second((samples.at(-1)?.t ?? 0) + began), up]);
  return {
    cut: second(cutAt),
    connected,
    backlog: samples.map(({ t, backlog }) => [second(t + began), backlog]),
    broker: samples.map(({ t, broker }) => [second(t + began), broker]),
  };
}
