/**
 * Events that a meter keeps: how often and how long, and when the last ten were. DL/T 645-2007 Table A.4. Records that hold
 * energies and voltages of the event besides are left out but for their times.
 */
import { type Format, number } from './format.ts';

const PHASES = ['A', 'B', 'C'] as const;
/** DI2 of events of each phase, and of the whole meter: count, then minutes. */
const OF_PHASES: Readonly<Record<number, string>> = {
  1: 'voltage loss',
  2: 'undervoltage',
  3: 'overvoltage',
  4: 'phase failure',
  11: 'current loss',
  12: 'overcurrent',
  13: 'current failure',
  14: 'power reversal',
  15: 'overload',
};
const OF_METER: Readonly<Record<number, string>> = {
  5: 'loss of all voltages',
  6: 'loss of auxiliary supply',
  7: 'voltage phase sequence',
  8: 'current phase sequence',
  9: 'voltage unbalance',
  10: 'current unbalance',
};
/** DI2 and DI1 of records that begin with two moments, the start and the end. */
const SPANS: Readonly<Record<string, string>> = {
  '06/00': 'loss of auxiliary supply',
  '11/00': 'power-down',
  '30/0D': 'cover-open',
  '30/0E': 'terminal cover-open',
};
/** The last ten are kept. */
const KEPT = 10;

/** What stands behind an identifier 03 DI2 DI1 DI0; undefined for what is not listed. */
export function eventFormat(di2: number, di1: number, di0: number): Format | undefined {
  if (di1 === 0 && di0 === 0) {
    const each = OF_PHASES[di2];
    if (each !== undefined) {
      const slots = PHASES.flatMap((phase) => [`${phase} count`, `${phase} minutes`]);
      return { name: each, layout: number(3, 0), slots };
    }
    const one = OF_METER[di2];
    return one === undefined ? undefined : { name: one, layout: number(3, 0), slots: ['count', 'minutes'] };
  }
  const key = [di2, di1].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('/');
  const span = SPANS[key];
  if (span === undefined || di0 < 1 || di0 > KEPT) return undefined;
  return {
    name: `${span} record ${di0}`,
    layout: { kind: 'instant', bytes: 6 },
    slots: ['start', 'end'],
    open: true,
  };
}
