/** Half of the line is dead: the units of one end, in the order given, are silent at every setting; the others are well. */
import { nameOf, namesOf } from '../names.ts';
import { type Expected, unknownUnit } from '../question.ts';
import type { Observed } from '../session.ts';
import type { Finding } from '../verdict.ts';

/** Silent devices in a row: one alone may simply be off. */
const LEAST = 2;

export function deadBehind(observed: Observed): Finding | undefined {
  const { given, expected, known, searched, interrupted } = observed;
  if (!known || !searched || interrupted) return undefined;
  const state = expected.map(({ unit }) => {
    const tally = given.units.get(unit);
    if (tally === undefined || tally.asked < 3) return 'unknown';
    if (tally.good === 0 && tally.garbled === 0) return 'silent';
    return tally.good >= 0.9 * tally.asked ? 'well' : 'ill';
  });
  const silent = expected.filter((_, i) => state[i] === 'silent');
  const well = expected.filter((_, i) => state[i] === 'well');
  if (silent.length < LEAST || well.length === 0 || silent.length + well.length < expected.length) {
    return undefined;
  }
  const first = state.indexOf('silent');
  const last = state.lastIndexOf('silent');
  const atEnd = last - first + 1 === silent.length && (first === 0 || last === state.length - 1);
  if (!atEnd) return undefined;
  const [near, far] = border(expected, first, last);
  return {
    cause: 'dead-behind',
    confidence: 'likely',
    says: `The line is dead beyond ${nameOf(near)}, or the devices there have no supply.`,
    evidence: [
      `${namesOf(well)} answered cleanly.`,
      `${namesOf(silent)} gave not a single byte, at this setting and at all others tried.`,
      'The silent ones stand together at one end of the list.',
    ],
    fix: `Check the cable between ${nameOf(near)} and ${nameOf(far)}: a loose or broken wire in a terminal, a plug, a surge protector; then the supply of the silent devices. If the list is not in the order of the wiring, look where the wiring parts.`,
  };
}

function border(expected: readonly Expected[], first: number, last: number): readonly [Expected, Expected] {
  const [near, far] = first === 0 ? [last + 1, last] : [first - 1, first];
  return [expected[near] ?? unknownUnit(0), expected[far] ?? unknownUnit(0)];
}
