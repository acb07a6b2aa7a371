import type { Habits } from './habits.ts';

/**
 * How long the pieces between stops take now, against the timetable: learned from every bus that drives them, shared by
 * all lines that do. The timetable is the prior, or what is usual
 * here at this hour; the last buses tell of today's traffic, the newer the more.
 */

/** Ratio of driven to scheduled time of one bus on one link. */
interface Passage {
  readonly ratio: number;
  /** s */
  readonly time: number;
  /** How much of the link it was seen on, 0…1. */
  readonly share: number;
}

/** For the state file: the last passages of each link. */
export type LinkMemory = Readonly<
  Record<string, readonly (readonly [ratio: number, time: number, share: number])[]>
>;

export interface LinkSettings {
  /** Buses that are remembered a link. */
  readonly buses: number;
  /** Age at which a passage counts a third, s. */
  readonly fade: number;
  /** What the timetable counts against buses just passed. */
  readonly prior: number;
  readonly least: number;
  readonly most: number;
}

export const LINKS: LinkSettings = { buses: 20, fade: 4800, prior: 0.5, least: 0.5, most: 2 };

export class Links {
  readonly #settings: LinkSettings;
  readonly #habits: Habits | undefined;
  readonly #passages = new Map<string, Passage[]>();

  /** `habits`: what is usual; absent: the timetable. `memory`: of an earlier run. */
  constructor(settings: LinkSettings = LINKS, habits?: Habits, memory: LinkMemory = {}) {
    this.#settings = settings;
    this.#habits = habits;
    for (const [link, list] of Object.entries(memory)) {
      this.#passages.set(
        link,
        list.map(([ratio, time, share]) => ({ ratio, time, share })),
      );
    }
  }

  memory(): LinkMemory {
    return Object.fromEntries(
      [...this.#passages].map(([link, list]) => [
        link,
        list.map(
          ({ ratio, time, share }) =>
            [Math.round(ratio * 1000) / 1000, Math.round(time), Math.round(share * 100) / 100] as const,
        ),
      ]),
    );
  }

  /** A bus took `driven` s for a piece of the link that the timetable gives `scheduled` s; `share` of the link. */
  learn(link: string, driven: number, scheduled: number, share: number, time: number): void {
    if (scheduled <= 0 || driven <= 0 || share <= 0) return;
    const { buses, least, most } = this.#settings;
    const ratio = Math.min(most, Math.max(least, driven / scheduled));
    const list = this.#passages.get(link) ?? [];
    list.push({ ratio, time, share });
    this.#habits?.link(link, ratio, share, time);
    if (list.length > buses) list.shift();
    this.#passages.set(link, list);
  }

  /** Expected ratio of the link at `now`, s. */
  ratio(link: string, now: number): number {
    const { fade, prior } = this.#settings;
    let weight = prior;
    let sum = prior * (this.#habits?.ratio(link, now) ?? 1);
    for (const { ratio, time, share } of this.#passages.get(link) ?? []) {
      const w = share * Math.exp(-Math.max(0, now - time) / fade);
      weight += w;
      sum += w * ratio;
    }
    return sum / weight;
  }
}

export function linkKey(from: string, to: string): string {
  return `${from}>${to}`;
}
