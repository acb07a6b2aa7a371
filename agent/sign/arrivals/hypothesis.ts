/**
 * One supposition of what a vehicle drives: a way, and the run on it. Believed only once the vehicle has moved along it as
 * a bus of this line would; a bus that is sent to another trip, turns early or drives to its depot must not stand on a
 * sign as one that comes.
 */
import type { TransitPattern } from '../../core/sign/timetable.ts';
import type { Links } from './links.ts';
import type { Fix, Matched, Refusal } from './match.ts';
import type { Pattern } from './pattern.ts';
import type { Run } from './runs.ts';
import { type Passing, TrackedTrip } from './vehicle.ts';

/** Metres from the first stop within which a bus waits for its departure. */
export const TERMINAL = 250;

/** Metres along the way, and positions, that make a supposition believed. A feed that names the trip needs fewer. */
const NAMED = { forward: 60, fixes: 2 } as const;
const GUESSED = { forward: 300, fixes: 3 } as const;
/** Metres beside the way at which a guess is a bad one: the next street. */
const GUESS_OFF = 60;
/** Positions in a row that are not on the way until the vehicle has left it. */
const LOST = 2;
/** Metres back along the way, twice in a row, that say: it drives the other way. */
const BACK = 120;
/** Metres of the way behind the vehicle that are looked at for that. */
const BEHIND = 2000;

export interface Followed {
  readonly passed: readonly Passing[];
  readonly refused?: Refusal;
}

export class Hypothesis {
  readonly run: Run | undefined;
  readonly way: TransitPattern;
  readonly pattern: Pattern;
  /** Moment of second 0 of the pattern's times, Unix epoch s. */
  readonly start: number;
  /** The feed names the trip. */
  readonly named: boolean;
  readonly #vehicle: string;
  #trip: TrackedTrip;
  #restarted = false;
  #begun: Matched | undefined;
  #fixes = 0;
  #lost = 0;
  #back = 0;
  #believed = false;
  /** Mean distance beside the way, metres; the newest counts a third. */
  #off = 0;

  constructor(
    way: TransitPattern,
    pattern: Pattern,
    start: number,
    run: Run | undefined,
    named: boolean,
    vehicle: string,
  ) {
    this.#vehicle = vehicle;
    this.way = way;
    this.pattern = pattern;
    this.start = start;
    this.run = run;
    this.named = named;
    this.#trip = new TrackedTrip(pattern);
  }

  get place(): Matched | undefined {
    return this.#trip.last;
  }

  get off(): number {
    return this.#off;
  }

  /** It has moved along the way as a bus of this line does, and is still on it. */
  get believed(): boolean {
    return this.#believed && !this.astray;
  }

  /** Names it among all of the sign: by its run, or by the vehicle, its way and when it was supposed. */
  get key(): string {
    return this.run?.key ?? `v:${this.#vehicle}/${this.way.id}@${Math.round(this.start)}`;
  }

  /** A guess that has turned out wrong, or is over: it is made anew from where the vehicle is now. */
  get spent(): boolean {
    return !this.named && (this.lost || this.#restarted);
  }

  /** Its newest position is not on the way: a slip of GPS, or the first one beside it. Until it is clear nothing is said. */
  get astray(): boolean {
    return this.#lost > 0 || this.#back > 0;
  }

  /** It has left the way, or drives against it. */
  get lost(): boolean {
    return this.#lost >= LOST;
  }

  /** Metres along the way since it was first seen on it. */
  get forward(): number {
    return (this.place?.distance ?? 0) - (this.#begun?.distance ?? 0);
  }

  /** Whether it stands where trips begin and has not left. */
  get waits(): boolean {
    const first = this.pattern.stops[0]?.distance ?? 0;
    return this.place !== undefined && this.place.distance - first < TERMINAL;
  }

  take(fix: Fix, now: number, links: Links | undefined): Followed {
    const before = this.place;
    if (before !== undefined && this.#backwards(fix, before)) {
      this.#back += 1;
      if (this.#back >= LOST) this.#anew();
      return { passed: [], refused: 'off-route' };
    }
    const taken = this.#trip.take(fix, now, this.#believed ? links : undefined, TERMINAL);
    if (typeof taken === 'string') {
      if (taken === 'off-route' || taken === 'too-fast') this.#lost += 1;
      // What is too fast again and again was a wrong place before.
      if (taken === 'too-fast' && this.#lost > LOST) this.#anew();
      return { passed: [], refused: taken };
    }
    const came = this.lost;
    this.#lost = 0;
    this.#back = 0;
    const place = this.place;
    if (place === undefined) return { passed: [] };
    // Whoever left the way and comes back has to show again that it drives it.
    if (this.#begun === undefined || came) {
      this.#begun = place;
      this.#fixes = 0;
      this.#believed = false;
      this.#off = place.off;
    }
    this.#fixes += 1;
    this.#off += (place.off - this.#off) / 3;
    const { forward, fixes } = this.named ? NAMED : GUESSED;
    this.#believed ||=
      this.#fixes >= fixes && this.forward >= forward && (this.named || this.#off <= GUESS_OFF);
    return { passed: came ? [] : taken };
  }

  /** The way fits better behind the vehicle than where it must be if it drives on: it goes back. */
  #backwards(fix: Fix, before: Matched): boolean {
    if (fix.time <= before.time) return false;
    const ahead = this.pattern.project(fix, before.distance - 20, this.pattern.length);
    const behind = this.pattern.project(fix, Math.max(0, before.distance - BEHIND), before.distance);
    if (behind === undefined || before.distance - behind.distance < BACK) return false;
    return behind.off + 30 < (ahead?.off ?? Number.POSITIVE_INFINITY);
  }

  #anew(): void {
    this.#restarted = true;
    this.#trip = new TrackedTrip(this.pattern);
    this.#begun = undefined;
    this.#believed = false;
    this.#back = 0;
    this.#lost = 0;
  }
}
