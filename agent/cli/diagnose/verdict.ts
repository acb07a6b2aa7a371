/**
 * What the counts mean. Every rule asks for signs that its cause has and the others have not; where they are missing,
 * the verdict is that nothing is certain, with what was seen. A wrong name costs a technician a day.
 */
import { deadBehind } from './causes/dead-behind.ts';
import { openEnds } from './causes/open-ends.ts';
import { adapterEcho, secondMaster } from './causes/other-words.ts';
import { sharedAddress } from './causes/shared-address.ts';
import { swappedWires } from './causes/swapped-wires.ts';
import { wrongSettings } from './causes/wrong-settings.ts';
import { remarks } from './remarks.ts';
import type { Observed } from './session.ts';
import { oddities } from './tally.ts';

export const CAUSES = [
  'a-b-swapped',
  'wrong-settings',
  'second-master',
  'shared-address',
  'no-termination-or-bias',
  'dead-behind',
  'adapter-echo',
] as const;
export type Cause = (typeof CAUSES)[number];

export interface Finding {
  readonly cause: Cause;
  readonly confidence: 'certain' | 'likely';
  /** One sentence. */
  readonly says: string;
  /** What was seen, a sentence each. */
  readonly evidence: readonly string[];
  readonly fix: string;
}

export interface Verdict {
  /** The first finding's cause; `healthy`; or `nothing-certain`. */
  readonly verdict: Cause | 'healthy' | 'nothing-certain';
  /** Gravest first. */
  readonly findings: readonly Finding[];
  /** What was seen besides, and what it may mean. */
  readonly remarks: readonly string[];
}

/** Pure. */
export function verdict(observed: Observed): Verdict {
  const shared = sharedAddress(observed);
  const found = [
    secondMaster(observed),
    wrongSettings(observed),
    swappedWires(observed),
    ...shared.map(({ finding }) => finding),
    openEnds(observed, new Set(shared.map(({ unit }) => unit))),
    deadBehind(observed),
    adapterEcho(observed),
  ].filter((finding) => finding !== undefined);
  const findings = withoutConsequences(found);
  const seen = remarks(observed, findings);
  const [first] = findings;
  if (first !== undefined) return { verdict: first.cause, findings, remarks: seen };
  return { verdict: healthy(observed) ? 'healthy' : 'nothing-certain', findings, remarks: seen };
}

/** Words of a second master collide with ours and leave bytes everywhere: then those signs say nothing. */
function withoutConsequences(found: readonly Finding[]): readonly Finding[] {
  const causes = new Set(found.map(({ cause }) => cause));
  const explained = new Set<Cause>();
  if (causes.has('second-master')) {
    for (const cause of ['shared-address', 'no-termination-or-bias', 'dead-behind', 'a-b-swapped'] as const)
      explained.add(cause);
  }
  if (causes.has('wrong-settings')) explained.add('dead-behind').add('a-b-swapped');
  return found.filter(({ cause }) => !explained.has(cause));
}

/** Requests without an answer on a line that is called healthy: a busy device may miss one of fourteen. */
const LOST = 0.08;
/** Anything else that is odd: next to nothing. */
const ODD = 0.01;

function healthy({ given, expected, known, interrupted }: Observed): boolean {
  const units = expected.flatMap(({ unit }) => given.units.get(unit) ?? []);
  const there = known ? units : units.filter(({ good, garbled }) => good + garbled > 0);
  if (interrupted || there.length === 0 || (known && units.length < expected.length)) return false;
  const answered = there.every(
    ({ asked, good, silent, garbled }) => good > 2 && garbled === 0 && silent <= Math.max(1, asked * LOST),
  );
  const { requests, frames } = given.foreign;
  return answered && requests === 0 && frames <= 1 && oddities(given) <= ODD * given.asks.total;
}
