/** Whether things got worse since a change: the health of each part now against what it was before. Pure. */
import type { HealthState, PartHealth } from '../../core/view.ts';

/** Parts that a change of the site file can break. */
const WATCHED: ReadonlySet<string> = new Set([
  'line',
  'device',
  'uplink',
  'camera',
  'store',
  'vision',
  'sign',
  'content',
  'node-red',
]);
/** Of a healthy part nothing is worse; one that is off is not looked at. */
const RANK: Readonly<Record<HealthState, number>> = { ok: 2, degraded: 1, starting: 0, down: 0, off: 2 };

/** What is worse for so long is worse for good, ms; at most half of the watch. */
const PATIENCE = 60_000;

export function healthBefore(parts: readonly PartHealth[]): Readonly<Record<string, HealthState>> {
  const watched = parts.filter(({ part, state }) => isWatched(part) && RANK[state] > 0 && state !== 'off');
  return Object.fromEntries(watched.map(({ part, state }) => [part, state]));
}

export interface Verdict {
  /** Sentences, one for each part that is worse just now. */
  readonly worse: readonly string[];
  /** Worse for longer than patience allows: the change is to be returned. */
  readonly lasting?: string;
}

export class Decline {
  readonly #before: Readonly<Record<string, HealthState>>;
  readonly #patience: number;
  readonly #since = new Map<string, number>();

  /** `watch`: how long it is watched, ms. */
  constructor(before: Readonly<Record<string, HealthState>>, watch: number) {
    this.#before = before;
    this.#patience = Math.min(PATIENCE, watch / 2);
  }

  /** `now`: ms of the monotonic clock. `standstill`: why the agent as a whole does not work. */
  look(parts: readonly PartHealth[], now: number, standstill?: string): Verdict {
    const worse = new Map<string, string>();
    if (standstill !== undefined) worse.set('agent', standstill);
    for (const { part, state, message } of parts) {
      const before = this.#before[part];
      if (before === undefined || RANK[state] >= RANK[before]) continue;
      worse.set(part, `${part} was ${before} and is ${state}${message === undefined ? '' : `: ${message}`}`);
    }
    for (const part of [...this.#since.keys()]) if (!worse.has(part)) this.#since.delete(part);
    let lasting: string | undefined;
    for (const [part, words] of worse) {
      const since = this.#since.get(part) ?? now;
      this.#since.set(part, since);
      if (now - since >= this.#patience) lasting ??= words;
    }
    return { worse: [...worse.values()], ...(lasting === undefined ? {} : { lasting }) };
  }
}

function isWatched(part: string): boolean {
  return WATCHED.has(part.split(':')[0] ?? '');
}
