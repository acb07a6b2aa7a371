/** The figures of a day, as they are sent upstream: accuracy by horizon, coverage, jitter, ghosts, freeze time. */
import { Score, type ScoreSums } from './score.ts';

/** For the state file, so that a restart loses nothing of the day. */
export interface Figures {
  readonly scores: Readonly<Record<string, ScoreSums>>;
  readonly arrivals: number;
  readonly forecast: number;
  readonly updates: number;
  readonly ups: number;
  readonly zeros: number;
  readonly ghosts: number;
  /** s */
  readonly frozen: number;
}

export const NO_FIGURES: Figures = {
  scores: {},
  arrivals: 0,
  forecast: 0,
  updates: 0,
  ups: 0,
  zeros: 0,
  ghosts: 0,
  frozen: 0,
};

export class Tallies {
  #scores: Map<string, Score>;
  #sums: Omit<Figures, 'scores'>;

  constructor({ scores, ...sums }: Figures = NO_FIGURES) {
    this.#scores = new Map(Object.entries(scores).map(([name, kept]) => [name, new Score(kept)]));
    this.#sums = sums;
  }

  /** What was said at `at` of an arrival, which came at `actual`; s. */
  score(name: string, at: number, predicted: number, actual: number): void {
    const score = this.#scores.get(name) ?? new Score();
    this.#scores.set(name, score);
    score.add(at, predicted, actual);
  }

  /** `counted`: it is in the sum already, for it was missed. */
  arrival(forecast: boolean, counted = false): void {
    this.#add({ arrivals: counted ? 0 : 1, forecast: forecast ? 1 : 0 });
  }

  update(up: boolean): void {
    this.#add({ updates: 1, ups: up ? 1 : 0 });
  }

  zero(ghost: boolean): void {
    this.#add({ zeros: 1, ghosts: ghost ? 1 : 0 });
  }

  freeze(seconds: number): void {
    this.#add({ frozen: seconds });
  }

  of(name: string): Score {
    return this.#scores.get(name) ?? new Score();
  }

  get names(): readonly string[] {
    return [...this.#scores.keys()];
  }

  /** A new day. */
  clear(): void {
    const { scores: _, ...sums } = NO_FIGURES;
    this.#scores = new Map();
    this.#sums = sums;
  }

  figures(): Figures {
    return {
      ...this.#sums,
      scores: Object.fromEntries([...this.#scores].map(([name, score]) => [name, score.sums()])),
    };
  }

  #add(more: Partial<Omit<Figures, 'scores'>>): void {
    const sums: Record<string, number> = { ...this.#sums };
    for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value;
    this.#sums = sums as unknown as Omit<Figures, 'scores'>;
  }
}

/** % of `part` in `whole`; null where there is none to judge. */
export function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}
