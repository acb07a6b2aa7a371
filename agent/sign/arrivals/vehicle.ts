/** One vehicle on one trip: its places in order, the stops it passed, and what its driving teaches of the links. */
import { type Links, linkKey } from './links.ts';
import { type Fix, type Matched, match, type Refusal } from './match.ts';
import type { Pattern, PatternStop } from './pattern.ts';

/** A passage between two places further apart in time is not known well enough to learn from, s. */
const LONGEST_GAP = 300;

export interface Passing {
  readonly stop: PatternStop;
  readonly index: number;
  /** s, straight between the places before and after. */
  readonly time: number;
  /** s between those two places: how sure the time is. */
  readonly gap: number;
}

export class TrackedTrip {
  readonly pattern: Pattern;
  #last: Matched | undefined;

  constructor(pattern: Pattern) {
    this.pattern = pattern;
  }

  get last(): Matched | undefined {
    return this.#last;
  }

  /** Takes a position; gives the stops passed since the one before, or why it is not believed. */
  take(fix: Fix, now: number, links: Links | undefined, terminal: number): readonly Passing[] | Refusal {
    const before = this.#last;
    const place = match(this.pattern, fix, before, now);
    if (typeof place === 'string') return place;
    this.#last = place;
    if (before === undefined) return [];
    const gap = place.time - before.time;
    const moved = place.distance - before.distance;
    if (links !== undefined && gap <= LONGEST_GAP && moved > 0 && before.distance > terminal) {
      this.#learn(before, place, links);
    }
    return this.pattern.stops.flatMap((stop, index) => {
      if (stop.distance <= before.distance || stop.distance > place.distance) return [];
      const time = before.time + (gap * (stop.distance - before.distance)) / moved;
      return [{ stop, index, time, gap }];
    });
  }

  /** What it took between two places is shared out over the links between them as the timetable does. */
  #learn(before: Matched, place: Matched, links: Links): void {
    const { pattern } = this;
    const scheduled = pattern.timeAt(place.distance) - pattern.timeAt(before.distance);
    if (scheduled <= 0) return;
    const ratio = (place.time - before.time) / scheduled;
    for (let i = 1; i < pattern.stops.length; i++) {
      const a = pattern.stops[i - 1];
      const b = pattern.stops[i];
      if (a === undefined || b === undefined || b.distance <= before.distance || a.distance >= place.distance)
        continue;
      const length = b.distance - a.distance;
      const covered = Math.min(b.distance, place.distance) - Math.max(a.distance, before.distance);
      if (length <= 0 || covered <= 0) continue;
      const piece = ((b.time - a.time) * covered) / length;
      links.learn(linkKey(a.id, b.id), piece * ratio, piece, covered / length, place.time);
    }
  }
}
