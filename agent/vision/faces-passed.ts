/**
 * Faces over time: a hand that looks like a face now and then is none, and each that comes is counted once, when it has
 * been seen for long enough not to be a mistake.
 */
import type { Mono } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';
import { type Track, Tracker } from './tracker.ts';

/** Faces are looked for twice a second; one that turns away for longer comes anew, ms. */
const LIFE = { life: 1600, longLife: 3000 };
/** Looks that make it a face; before, it has the benefit of the doubt in what is in sight, and is not counted as come. */
const SURE_LOOKS = 3;
const REMEMBERED = 500;

/** What a track has shown since it was born. */
interface Evidence {
  score: number;
  looks: number;
  come: boolean;
}

export interface FacesSeen {
  readonly tracks: readonly Track[];
  /** Faces in this look, without those that their own past speaks against. */
  readonly count: number;
  /** Faces that have just come. */
  readonly came: number;
}

export class FacesPassed {
  readonly #tracker = new Tracker(LIFE);
  readonly #evidence = new Map<number, Evidence>();

  /**
   * Takes the faces of a look. A track whose score, averaged over all looks since its first (a look without it counts
   * as nothing), is below `threshold` is no face.
   */
  update(faces: readonly Detection[], time: Mono, threshold = 0): FacesSeen {
    for (const one of this.#evidence.values()) one.looks += 1;
    const seen = this.#tracker.update(faces, time);
    let came = 0;
    const tracks = seen.filter((track) => {
      const one = this.#of(track.id);
      one.score += track.score;
      const sure = one.score / one.looks >= threshold;
      if (one.looks < SURE_LOOKS) return true;
      if (sure && !one.come && track.hits >= SURE_LOOKS) {
        one.come = true;
        came += 1;
      }
      return sure;
    });
    return { tracks, count: tracks.length, came };
  }

  #of(track: number): Evidence {
    const known = this.#evidence.get(track);
    if (known !== undefined) return known;
    const made = { score: 0, looks: 1, come: false };
    this.#evidence.set(track, made);
    const oldest = this.#evidence.keys().next().value;
    if (this.#evidence.size > REMEMBERED && oldest !== undefined) this.#evidence.delete(oldest);
    return made;
  }
}
