/**
 * Two devices with one address answer at once. The line is well otherwise; only this unit's answers are damaged, in
 * several bytes each and not shorter than they should be, and now and then one is whole or a second one follows.
 */
import { nameOf, of, share } from '../names.ts';
import type { Expected } from '../question.ts';
import type { Observed } from '../session.ts';
import { PULSES, type UnitTally } from '../tally.ts';
import type { Finding } from '../verdict.ts';

const LEAST = 4;
/** Bytes of an exception. */
const REFUSAL = 5;
/** Bytes of the longest short answer. */
const BRIEF = 13;

export function sharedAddress(
  observed: Observed,
): readonly { readonly unit: number; readonly finding: Finding }[] {
  const { expected, given } = observed;
  return expected.flatMap((who) => {
    const unit = given.units.get(who.unit);
    if (unit === undefined) return [];
    if (unit.late > 0) return [];
    // Answers to another master look like second ones; but it asks more than one unit.
    const alone = expected.every((one) => one === who || (given.units.get(one.unit)?.doubled ?? 0) === 0);
    if (unit.doubled >= 2 && alone && given.foreign.requests === 0)
      return [{ unit: who.unit, finding: finding(who, unit, 'certain') }];
    if (!wellOtherwise(observed, who.unit)) return [];
    const likely = collides(unit) || follows(unit);
    return likely ? [{ unit: who.unit, finding: finding(who, unit, 'likely') }] : [];
  });
}

/** Nothing but this unit is in trouble. */
function wellOtherwise({ given, expected }: Observed, unit: number): boolean {
  const others = expected.flatMap((one) => (one.unit === unit ? [] : (given.units.get(one.unit) ?? [])));
  const sick = others.filter(
    ({ good, silent, garbled, asked, fringed, doubled, twins, late }) =>
      garbled > 1 + 0.05 * asked ||
      fringed > 1 ||
      doubled + twins + late > 0 ||
      // Its answers may come late, into those of this one.
      (good > 0 && silent > 0),
  );
  return (
    sick.length === 0 &&
    given.control.stray === 0 &&
    given.control.asked >= 4 &&
    given.idle.bytes <= 1 &&
    given.foreign.requests + given.foreign.frames === 0
  );
}

/** Damage of several bytes, never silence, and a sign that two are talking. */
function collides(unit: UnitTally): boolean {
  const { asked, good, exceptions, silent, garbled, doubled, twins, fringes, damage } = unit;
  if (garbled < LEAST || share(garbled, asked) < 0.2 || share(silent, asked) > 0.05) return false;
  // A driver that lets go badly leaves pulses of its own.
  if (fringes.filter((bytes) => bytes.length > 1 && !bytes.some((byte) => !PULSES.has(byte))).length > 2)
    return false;
  // Who refuses whatever is asked has short answers.
  const refuses = good > 0 && exceptions === good;
  // Bit errors have other causes. In long answers there are several, so that only short ones tell.
  const brief = damage.filter(({ expected }) => refuses || expected <= BRIEF);
  const light = brief.filter(({ oneBit, oneByte, extra }) => oneByte || (oneBit && extra < 3)).length;
  if (brief.length < LEAST || share(light, brief.length) > 0.2) return false;
  const longer = damage.filter((one) => {
    const excess = one.length - (refuses ? REFUSAL : one.expected);
    return excess > (refuses ? 0 : 2);
  }).length;
  const beside = fringes.filter(spoken).length;
  return doubled + twins > 0 || longer + beside >= 2;
}

/** Whole answers with other pieces beside them each time; or with a whole second one after a pause. */
function follows({ silent, twins, fringes }: UnitTally): boolean {
  const pieces = fringes.filter(spoken);
  const lengths = new Set(pieces.map(({ length }) => length));
  const words = fringes.filter((bytes) => bytes.some((byte) => !PULSES.has(byte)));
  const various = new Set(words.map(String)).size;
  const many = (pieces.length >= 3 && lengths.size >= 3) || (words.length >= 5 && various >= 3);
  return silent === 0 && (twins >= 3 || many);
}

/** More than the pulses of a line that floats. */
function spoken(bytes: readonly number[]): boolean {
  return bytes.filter((byte) => !PULSES.has(byte)).length >= 2;
}

function finding(who: Expected, unit: UnitTally, confidence: Finding['confidence']): Finding {
  const { asked, garbled, good, doubled, twins, fringed } = unit;
  return {
    cause: 'shared-address',
    confidence,
    says: `Two devices have the address of ${nameOf(who)}.`,
    evidence: [
      ...(doubled > 0 ? [`${doubled} requests got two valid answers with different content.`] : []),
      ...(twins > 0 ? [`${twins} requests got two valid answers, one after the other.`] : []),
      ...(garbled > 0
        ? [`${of(garbled, asked)} answers came damaged in several bytes, ${good} were whole.`]
        : []),
      ...(fringed > doubled ? [`${fringed} whole answers had pieces of another one beside them.`] : []),
      'Other units, units that nobody has, and the line at rest show nothing of it.',
    ],
    fix: `Take the devices off the line one by one until unit ${who.unit} answers cleanly; give one of the two another address. New devices often come with the same one (1).`,
  };
}
