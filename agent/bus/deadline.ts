/**
 * Which poll is next: earliest deadline first, periods counted from a fixed start so that they never drift. Pure.
 * A poll is due at base + n × period and has until the next due time. One that is late runs once and skips the
 * periods it missed: nothing is made up for in a burst.
 */
import type { Poll } from '../core/driver.ts';
import type { Mono } from '../core/reading.ts';

export interface Due {
  readonly device: string;
  poll: Poll;
  /** When it should have run, or shall. */
  due: Mono;
  /** Not run since the start: its first turn sets its phase. */
  fresh: boolean;
}

/** Fractions that spread any number of phases evenly: n × golden ratio. */
const GOLDEN = 0.618_033_988_749_895;

export class Deadlines {
  #entries: Due[] = [];
  #phases: number;

  /** `phase`: 0 ≤ phase < 1, where the first poll falls in its period; lines that start together differ in it. */
  constructor(phase = 0) {
    this.#phases = phase / GOLDEN;
  }

  /** Takes over a device's plan: known polls keep their time, new ones are due at once. */
  sync(device: string, polls: readonly Poll[], now: Mono): void {
    const known = new Map(this.#entries.filter((e) => e.device === device).map((e) => [e.poll.id, e]));
    if (known.size === polls.length && polls.every((poll) => known.get(poll.id)?.poll === poll)) return;
    const others = this.#entries.filter((entry) => entry.device !== device);
    const own = polls.map((poll): Due => {
      const entry = known.get(poll.id);
      if (entry === undefined || entry.poll.period !== poll.period)
        return { device, poll, due: now, fresh: true };
      entry.poll = poll;
      return entry;
    });
    this.#entries = [...others, ...own];
  }

  /** Makes everything due at once: start, port or device back. */
  restart(now: Mono, device?: string): void {
    for (const entry of this.#entries) {
      if (device === undefined || entry.device === device) {
        entry.due = now;
        entry.fresh = true;
      }
    }
  }

  /** Due polls, the earliest deadline first. */
  ready(now: Mono): readonly Due[] {
    return this.#entries
      .filter((entry) => entry.due <= now)
      .sort((a, b) => a.due + a.poll.period - (b.due + b.poll.period) || a.due - b.due);
  }

  /** When the next poll of those that `wanted` takes is due; undefined without polls. */
  next(wanted: (entry: Due) => boolean = () => true): Mono | undefined {
    let next: Mono | undefined;
    for (const entry of this.#entries) {
      if ((next === undefined || entry.due < next) && wanted(entry)) next = entry.due;
    }
    return next;
  }

  /** Its turn has come: gives the periods that were missed and sets the next due time. */
  begin(entry: Due, now: Mono): number {
    const { period } = entry.poll;
    if (entry.fresh) {
      // Half to one and a half periods from now: the polls of a line spread, and none waits long for its second turn.
      this.#phases += 1;
      entry.fresh = false;
      entry.due = now + period * (0.5 + ((this.#phases * GOLDEN) % 1));
      return 0;
    }
    const before = Math.max(0, Math.floor((now - entry.due) / period));
    // A quotient that was rounded down to the turn before would make it due at once again.
    const missed = entry.due + (before + 1) * period > now ? before : before + 1;
    entry.due += (missed + 1) * period;
    return missed;
  }

  get size(): number {
    return this.#entries.length;
  }
}
