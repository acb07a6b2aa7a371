/**
 * No termination or bias: reflections turn over single bits, so long answers suffer more than short ones; the line that
 * nobody holds gives bytes of its own where a driver switches. It strikes every device.
 */

import type { Damage } from '../damage.ts';
import { of, share } from '../names.ts';
import type { Observed } from '../session.ts';
import { type LineTally, PULSES, type UnitTally } from '../tally.ts';
import type { Finding } from '../verdict.ts';

interface Sums {
  readonly there: readonly UnitTally[];
  readonly asked: number;
  readonly good: number;
  readonly silent: number;
  readonly garbled: number;
  readonly fringed: number;
  readonly damage: readonly Damage[];
  readonly oneBit: number;
}

/** `apart`: units in another trouble, whose answers say nothing of the line. */
export function openEnds({ given, expected }: Observed, apart: ReadonlySet<number>): Finding | undefined {
  const there = expected.flatMap(({ unit }) => {
    const tally = given.units.get(unit);
    return tally !== undefined && tally.good + tally.garbled > 0 && !apart.has(unit) ? [tally] : [];
  });
  const add = (of: (unit: UnitTally) => number): number => there.reduce((sum, unit) => sum + of(unit), 0);
  const damage = there.flatMap((unit) => unit.damage);
  const sums: Sums = {
    there,
    asked: add(({ asked }) => asked),
    good: add(({ good }) => good),
    silent: add(({ silent }) => silent),
    garbled: add(({ garbled }) => garbled),
    fringed: add(({ fringed }) => fringed),
    damage,
    oneBit: damage.filter(({ oneBit }) => oneBit).length,
  };
  if (sums.good < 3 || share(sums.good, sums.asked) < 0.1 || given.foreign.requests > 0) return undefined;
  // Whole frames out of nothing are no noise, and what they hit is no reflection.
  if (given.foreign.frames > 2) return undefined;
  if (babbles(given)) return undefined;
  const errors = bitErrors(sums, given.control.stray === 0);
  const strays = strayBytes(sums, given.control);
  if (!errors && !strays) return undefined;
  const long = [add(({ long }) => long.garbled), add(({ long }) => long.asked)] as const;
  const short = [add(({ short }) => short.garbled), add(({ short }) => short.asked)] as const;
  const grows = long[1] > 3 && share(...long) > share(...short);
  return {
    cause: 'no-termination-or-bias',
    confidence: 'likely',
    says: 'The line has no termination or no bias, or it picks up interference.',
    evidence: [
      ...(errors
        ? [
            `${of(sums.garbled, sums.asked)} answers came damaged; in ${of(sums.oneBit, damage.length)} a single bit was turned over.`,
          ]
        : []),
      ...(grows ? [`Of long answers ${of(...long)} were damaged, of short ones ${of(...short)}.`] : []),
      ...(strays
        ? [
            `${of(sums.fringed, sums.good)} whole answers had stray bytes beside them; after ${of(given.control.stray, given.control.asked)} requests to units that nobody has, bytes came out of nothing.`,
          ]
        : []),
      ...(there.length > 1 ? [`It strikes all ${there.length} units that answer.`] : []),
    ],
    fix: 'Put 120 Ω between A and B at both ends of the cable and nowhere else, bias at one place (560 to 680 Ω from the positive wire to the supply and from the negative one to ground), and connect the common wire. Keep stubs short and the cable away from power lines.',
  };
}

/** Somebody talks: what comes while nobody is asked is no pulses. */
function babbles({ idle }: LineTally): boolean {
  const pulses = idle.heard.filter((byte) => PULSES.has(byte)).length;
  return idle.bytes > 2 && share(pulses, idle.heard.length) < 0.7;
}

/** Damage of single bits, spread over the units as chance spreads it. */
function bitErrors({ there, garbled, asked, silent, damage, oneBit }: Sums, quiet: boolean): boolean {
  if (garbled < 5 || oneBit < 3 || share(garbled, asked) < 0.05) return false;
  if (share(oneBit, damage.length) < 0.25) return false;
  // One device alone in trouble is that device's trouble.
  const struck = there.filter((unit) => unit.garbled > 0).length;
  // A single one may collide with another of its address; but that one never misses a request.
  if (there.length === 1) return silent > 0 || !quiet;
  return struck >= 2 && struck >= there.length / 2;
}

/** Bytes beside whole answers of several units, and where nobody answers at all. */
function strayBytes({ there, good, fringed }: Sums, control: { asked: number; stray: number }): boolean {
  const struck = there.filter((unit) => unit.fringed > 0).length;
  const everywhere = there.length === 1 ? control.stray > 0 : struck >= 2 && struck >= there.length / 2;
  return everywhere && fringed + control.stray >= 5 && share(fringed, good) >= 0.1;
}
