/**
 * How well each source foretold the arrivals that this stop saw: its error and the share within the band of the benchmark,
 * by how far ahead it was said. What several sources say of one bus is weighed by it.
 */
import { BUCKETS } from './score.ts';

/** Arrivals after which an old one counts a third. */
const MEMORY = 400;
/** What is supposed of a source nobody knows, and how many arrivals that counts. */
const PRIOR = 20;
/** An error above this is a breakdown, and says nothing of the next bus, s. */
const MOST = 600;
/** Errors kept of each horizon for what 10 and 90 % of buses do. */
const KEPT = 60;
/** Name under which the errors of all sources together are kept; no feed can be called so. */
export const FUSED = '=';
/** Arrivals until a share is told. */
export const ENOUGH = 20;

interface Tally {
  count: number;
  bias: number;
  square: number;
  share: number;
  /** Newest last. */
  errors: number[];
}

/** For the state file: by source and horizon. */
export type SkillMemory = Readonly<Record<string, readonly SkillTally[]>>;
export type SkillTally = readonly [
  count: number,
  bias: number,
  square: number,
  share: number,
  errors: readonly number[],
];

export interface Skill {
  /** Mean square error, s². */
  readonly square: number;
  /** Mean of real minus said, s, drawn to 0 while few arrivals were seen. */
  readonly bias: number;
  /** % within the band; absent while too few arrivals were seen. */
  readonly share?: number;
}

export class Skills {
  readonly #tallies = new Map<string, Tally[]>();

  constructor(memory: SkillMemory = {}) {
    for (const [source, list] of Object.entries(memory)) {
      this.#tallies.set(
        source,
        BUCKETS.map((_, i) => {
          const [count = 0, bias = 0, square = 0, share = 0, errors = []] = list[i] ?? [];
          return { count, bias, square, share, errors: [...errors] };
        }),
      );
    }
  }

  /** `source` had said that the bus comes in `left` s; it came `error` s after that. */
  add(source: string, left: number, error: number): void {
    const tally = this.#tally(source)[bucketOf(left)];
    if (tally === undefined) return;
    const held = Math.min(MOST, Math.max(-MOST, error));
    const [early, late] = BUCKETS[bucketOf(left)]?.band ?? [0, 0];
    tally.count = Math.min(tally.count + 1, MEMORY);
    const part = 1 / tally.count;
    tally.bias += (held - tally.bias) * part;
    tally.square += (held * held - tally.square) * part;
    tally.share += ((error >= early && error <= late ? 100 : 0) - tally.share) * part;
    tally.errors.push(Math.round(held));
    if (tally.errors.length > KEPT) tally.errors.shift();
  }

  of(source: string, left: number): Skill {
    const tally = this.#tallies.get(source)?.[bucketOf(left)];
    // Supposed: half a minute, and a tenth of the time to come.
    const supposed = (30 + 0.1 * Math.max(0, left)) ** 2;
    if (tally === undefined) return { square: supposed, bias: 0 };
    const { count, bias, square, share } = tally;
    return {
      square: (square * count + supposed * PRIOR) / (count + PRIOR),
      bias: (bias * count) / (count + PRIOR),
      ...(count < ENOUGH ? {} : { share }),
    };
  }

  /** Errors below which 10 and 90 % lie, s; undefined while too few arrivals were seen. */
  spread(source: string, left: number): readonly [early: number, late: number] | undefined {
    const errors = this.#tallies.get(source)?.[bucketOf(left)]?.errors ?? [];
    if (errors.length < ENOUGH) return undefined;
    const sorted = errors.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
    return [at(0.1), at(0.9)];
  }

  memory(): SkillMemory {
    return Object.fromEntries(
      [...this.#tallies].map(([source, list]) => [
        source,
        list.map(
          ({ count, bias, square, share, errors }) =>
            [count, round(bias), round(square), round(share), errors] as const,
        ),
      ]),
    );
  }

  #tally(source: string): Tally[] {
    const known = this.#tallies.get(source);
    if (known !== undefined) return known;
    const fresh = BUCKETS.map(() => ({ count: 0, bias: 0, square: 0, share: 0, errors: [] }));
    this.#tallies.set(source, fresh);
    return fresh;
  }
}

/** Horizon of a prediction; the last one holds what is further away. */
function bucketOf(left: number): number {
  const index = BUCKETS.findIndex(({ to }) => left < to);
  return index < 0 ? BUCKETS.length - 1 : index;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
