/** Which release a start runs: the launcher's one decision, without files and without time, so that tests can walk all of it. */
import { type BootState, FACTORY, freshState, withNews, withRefused } from './boot-state.ts';

/** A release that did not become good in so many starts is returned; power cuts count, for nobody can tell them apart. */
export const MOST_STARTS = 3;

export interface BootFacts {
  /** Version of the package. */
  readonly factory: string;
  /** Whether a release is whole on the disk. */
  whole(version: string): boolean;
  /** Unix epoch ms, for the history. */
  readonly now: number;
  /** Whether this start is that of the service, which counts; a command on the command line does not. */
  readonly counts: boolean;
}

export interface Decision {
  /** A version, or `factory`. */
  readonly start: string;
  /** Has to be durable before the start; where it cannot be written, `otherwise` starts. Absent: nothing changes. */
  readonly write?: BootState;
  readonly otherwise: string;
}

export function decide(state: BootState | undefined, facts: BootFacts): Decision {
  if (state === undefined) return plain(FACTORY);
  const { factory, now } = facts;
  if (state.current === FACTORY) return plain(FACTORY);
  if (state.base !== factory) {
    // Somebody installed a package since: that is the newer wish.
    const { trial: _, ...rest } = state;
    const news = {
      what: 'returned',
      kind: 'release',
      version: state.current,
      from: factory,
      reason: `the package ${factory} was installed after it, over ${state.base}`,
      at: now,
    };
    const fresh: BootState = { ...freshState(factory), floor: rest.floor, serials: rest.serials };
    const next = withNews({ ...fresh, refused: rest.refused, news: rest.news, history: rest.history }, news);
    return changed(next, facts);
  }
  if (!facts.whole(state.current)) {
    return changed(returned(state, 'it is not whole on the disk', now, facts), facts);
  }
  const { trial } = state;
  if (trial === undefined) return plain(state.current);
  if (!facts.counts) return plain(state.current);
  if (trial.starts >= MOST_STARTS) {
    const reason = `it was started ${trial.starts} times and was not found good`;
    return changed(returned(state, reason, now, facts), facts);
  }
  const write = { ...state, trial: { ...trial, starts: trial.starts + 1 } };
  // A start that cannot be counted could be the first of endless ones.
  return { start: state.current, write, otherwise: usable(state.previous, facts) };
}

/** `state` with its release taken back: what ran before runs again, and it is not tried again by itself. */
export function returned(
  state: BootState,
  reason: string,
  now: number,
  facts: Pick<BootFacts, 'whole'>,
): BootState {
  const { trial, ...rest } = state;
  const to = usable(state.previous, facts);
  const news = { what: 'returned', kind: 'release', version: state.current, from: to, reason, at: now };
  const back = { ...rest, current: to, previous: FACTORY };
  if (trial === undefined) return withNews(back, news);
  const { version, digest } = trial;
  return withNews(withRefused(back, { version, digest, reason }), news);
}

function usable(version: string, { whole }: Pick<BootFacts, 'whole'>): string {
  return version !== FACTORY && whole(version) ? version : FACTORY;
}

function plain(start: string): Decision {
  return { start, otherwise: start };
}

function changed(state: BootState, facts: BootFacts): Decision {
  const start = state.current;
  return facts.counts ? { start, write: state, otherwise: start } : plain(start);
}
