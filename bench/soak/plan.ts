/** Which faults come when, by seed, and when the street is left alone so that two moments can be compared. */
import type { ScenarioFault } from '../../hw-sim/scenario-faults.ts';
import { chance } from '../../hw-sim/world/random.ts';

const MINUTE = 60_000;

/** All in ms since the agent was up. */
export interface Windows {
  readonly end: number;
  /** Faults come within these. */
  readonly faults: readonly (readonly [from: number, to: number])[];
  /** Nothing is wrong here: the first ends with the warm-up, the last with the run. */
  readonly quiet: readonly [readonly [number, number], readonly [number, number]];
}

/** A third of the run warms up. Before each quiet window what was broken gets time to come back: back-off is 60 s at most. */
export function windowsOf(minutes: number): Windows {
  const end = minutes * MINUTE;
  const warm = end / 3;
  const quiet = end / 12;
  const recovery = Math.min(2 * MINUTE, Math.max(MINUTE, end / 15));
  const before = (at: number) => Math.max(0, at - quiet - recovery);
  const first = Math.min(MINUTE, end / 30);
  return {
    end,
    faults: [
      [first, Math.max(first, before(warm))],
      [warm, before(end)],
    ],
    quiet: [
      [warm - quiet, warm],
      [end - quiet, end],
    ],
  };
}

/** A fault of the street, or one of the things beside it. */
export type PlannedFault =
  | ScenarioFault
  | { readonly fault: 'archive-away' | 'camera-away'; readonly at: number; readonly for: number };

type Kind = (at: number, lasts: number, pick: (salt: number) => number) => PlannedFault;

const rs485 = 'rs485-1';
const units = [1, 2, 3, 4];
const unitOf = (pick: (salt: number) => number) => units[Math.floor(pick(7) * units.length)] ?? 1;

/** What may happen at one place; places have their faults beside each other. */
const PLACES: readonly (readonly Kind[])[] = [
  [
    (at, lasts, pick) => ({ at, for: lasts, line: rs485, fault: 'silence', unit: unitOf(pick) }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'silence', unit: undefined }),
    (at, lasts, pick) => ({
      at,
      for: lasts,
      line: rs485,
      fault: 'checksum-error',
      unit: undefined,
      share: 0.3,
      seed: Math.floor(pick(8) * 1e6),
    }),
    (at, lasts, pick) => ({ at, for: lasts, line: rs485, fault: 'exception', code: 6, unit: unitOf(pick) }),
    (at, lasts, pick) => ({
      at,
      for: lasts,
      line: rs485,
      fault: 'late-answer',
      delay: 400,
      unit: unitOf(pick),
      share: 0.5,
      seed: 1,
    }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'echo' }),
    (at, lasts, pick) => ({ at, for: lasts, line: rs485, fault: 'truncated', bytes: 2, unit: unitOf(pick) }),
    (at, lasts, pick) => ({ at, for: lasts, line: rs485, fault: 'dripping', gap: 5, unit: unitOf(pick) }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'noise', seed: 3 }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'babble', seed: 5 }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'swapped-wires' }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'open-ends', errors: 0.002, stray: 0.3, seed: 9 }),
    (at, lasts, pick) => ({ at, for: lasts, line: rs485, fault: 'not-a-number', unit: unitOf(pick) }),
    (at, lasts) => ({ at, for: lasts, line: rs485, fault: 'unplugged' }),
  ],
  [
    (at, lasts) => ({ at, for: lasts, line: 'uart-1', fault: 'silence', unit: undefined }),
    (at, lasts) => ({ at, for: lasts, line: 'uart-1', fault: 'noise', seed: 13 }),
    (at, lasts) => ({ at, for: lasts, line: 'uart-1', fault: 'unplugged' }),
  ],
  [
    (at, lasts) => ({ at, for: lasts, line: 'uart-2', fault: 'unplugged' }),
    (at, lasts) => ({ at, for: lasts, fault: 'door-open' }),
    (at, lasts) => ({ at, for: Math.min(lasts, 3000), fault: 'sos-pressed' }),
  ],
  [(at, lasts) => ({ at, for: lasts, fault: 'city-away' })],
  [(at, lasts) => ({ at, for: lasts, fault: 'archive-away' })],
  [(at, lasts) => ({ at, for: lasts, fault: 'camera-away' })],
];

/** Shortest and longest fault and pause between two at one place, ms. */
const LASTS = [5000, 45_000] as const;
const PAUSE = [10_000, 70_000] as const;

/** The same seed and length give the same plan. */
export function planOf(seed: number, { faults }: Windows): readonly PlannedFault[] {
  const planned: PlannedFault[] = [];
  for (const [place, kinds] of PLACES.entries()) {
    for (const [w, [from, to]] of faults.entries()) {
      let n = 0;
      const draw = (salt: number, [least, most]: readonly [number, number]) =>
        least + chance(seed, place, w, n, salt) * (most - least);
      for (let at = from + draw(1, [0, PAUSE[1]]); ; n++) {
        const lasts = Math.min(draw(2, LASTS), to - at);
        if (lasts < 2000) break;
        const turn = n;
        const pick = (salt: number) => chance(seed, place, w, turn, salt);
        const kind = kinds[Math.floor(pick(3) * kinds.length)];
        if (kind !== undefined) planned.push(kind(Math.round(at), Math.round(lasts), pick));
        at += lasts + draw(4, PAUSE);
      }
    }
  }
  return planned.sort((a, b) => a.at - b.at);
}
