/**
 * Sees that positions of a feed lie beside the lines always by the same way, and which datum would put them onto it. A bus
 * off its route, a bad fix or a wrong shape lies anywhere; a wrong datum moves every vehicle of every line alike.
 */
import { DATUMS, type Datum, type FeedEvent, type Wgs84 } from '../../core/sign/transit.ts';
import { toWgs84 } from './datum.ts';
import type { Lines } from './lines.ts';

/** Positions judged together, and vehicles they have to be of. */
const WINDOW = 40;
const LEAST_VEHICLES = 2;
/** Metres beside the line up to which a position lies on it, and beyond which it does not. */
const ON = 60;
const OFF = 150;
/** Of the window, the share that has to say so. */
const MOST = 0.8;
/** Metres along which positions of one vehicle are one: a bus that waits says nothing new. */
const APART = 100;

interface Sample {
  readonly vehicle: string;
  /** Metres beside the line in each datum. */
  readonly beside: Readonly<Record<Datum, number>>;
}

export class DatumWatch {
  readonly #feed: string;
  readonly #declared: Datum;
  readonly #lines: Lines;
  readonly #last = new Map<string, Wgs84>();
  #samples: Sample[] = [];
  #told: Datum | undefined;

  constructor(feed: string, declared: Datum, lines: Lines) {
    this.#feed = feed;
    this.#declared = declared;
    this.#lines = lines;
  }

  /** A position as it came, of a vehicle on `line`. Gives an event where the judgement changes. */
  see(vehicle: string, raw: Wgs84, line: string): FeedEvent | undefined {
    const before = this.#last.get(vehicle);
    const { x, y } = this.#lines.plane(raw);
    if (before !== undefined) {
      const there = this.#lines.plane(before);
      if (Math.hypot(there.x - x, there.y - y) < APART) return undefined;
    }
    if (this.#last.size > 5000) this.#last.clear();
    this.#last.set(vehicle, raw);
    const beside: Partial<Record<Datum, number>> = {};
    for (const datum of DATUMS) {
      const metres = this.#lines.beside(toWgs84(raw, datum), line);
      if (metres === undefined) return undefined;
      beside[datum] = metres;
    }
    // Beside the line whatever the datum: a bus elsewhere, or behind where the way is known.
    if (DATUMS.every((datum) => (beside[datum] ?? 0) > ON)) return undefined;
    this.#samples.push({ vehicle, beside: beside as Readonly<Record<Datum, number>> });
    if (this.#samples.length < WINDOW) return undefined;
    const event = this.#judge();
    this.#samples = this.#samples.slice(WINDOW / 2);
    return event;
  }

  #judge(): FeedEvent | undefined {
    const samples = this.#samples;
    const vehicles = new Set(samples.map(({ vehicle }) => vehicle)).size;
    const share = (of: (sample: Sample) => boolean) => samples.filter(of).length / samples.length;
    const facts = {
      type: 'datum' as const,
      feed: this.#feed,
      declared: this.#declared,
      offset: Math.round(
        samples.reduce((sum, { beside }) => sum + beside[this.#declared], 0) / samples.length,
      ),
      positions: samples.length,
      vehicles,
    };
    if (share(({ beside }) => beside[this.#declared] <= ON) >= MOST) {
      if (this.#told === undefined) return undefined;
      this.#told = undefined;
      return facts;
    }
    if (vehicles < LEAST_VEHICLES || this.#told !== undefined) return undefined;
    // A line that runs in the direction of the shift shows nothing of it: most of the positions do, not all.
    if (share(({ beside }) => beside[this.#declared] > OFF) < 0.4) return undefined;
    const likely = DATUMS.filter((datum) => datum !== this.#declared).find(
      (datum) => share(({ beside }) => beside[datum] <= ON) >= MOST,
    );
    if (likely === undefined) return undefined;
    this.#told = likely;
    return { ...facts, likely };
  }
}
