/**
 * A and B swapped: what biases the line at rest is a break to us. After every request, whoever it is for and at whatever
 * rate, the line falls to the wrong level and the receiver gives one zero byte; nobody ever answers.
 */
import { of, share } from '../names.ts';
import type { Observed } from '../session.ts';
import type { Finding } from '../verdict.ts';

export function swappedWires({ given, others }: Observed): Finding | undefined {
  const tallies = [given, ...others.map(({ tally }) => tally)];
  const sum = (of: (tally: (typeof tallies)[number]) => number): number =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  const asked = sum(({ asks }) => asks.total);
  const zeroes = sum((tally) => tally.zeroes);
  const good = sum(({ units }) => [...units.values()].reduce((total, unit) => total + unit.good, 0));
  const foreign = sum((tally) => tally.foreign.requests);
  const rates = others.filter(({ tally }) => tally.zeroes > 0).length;
  if (good > 0 || foreign > 0 || asked < 12 || given.control.asked < 2) return undefined;
  if (share(zeroes, asked) < 0.9 || share(given.control.stray, given.control.asked) < 0.9) return undefined;
  if (rates < 3 || rates < 0.9 * others.length || given.idle.bytes > 5) return undefined;
  return {
    cause: 'a-b-swapped',
    confidence: 'likely',
    says: 'A and B are swapped between this adapter and the line.',
    evidence: [
      `No valid answer came to any of ${asked} requests.`,
      `After ${of(zeroes, asked)} of them a zero byte came: as soon as the adapter lets go, the line rests at the level of a start bit.`,
      `It came after requests to units that nobody has too, and at ${rates} other settings, so no device sent it.`,
    ],
    fix: 'Exchange the two wires at this adapter. Some makers call the positive wire A, others B: the names on the terminals do not decide it. If it stays, look for a wire shorted to earth or to a supply.',
  };
}
