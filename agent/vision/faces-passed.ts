/** Counts faces that come: each is one more when it has been seen for long enough not to be a mistake. */
import type { Mono } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';
import { type Track, Tracker } from './tracker.ts';

/** Faces are looked for twice a second; one that turns away for longer comes anew, ms. */
const LIFE = { life: 1600, longLife: 3000 };
/** Looks that make it a face. */
const SURE_HITS = 3;

export class FacesPassed {
  readonly #tracker = new Tracker(LIFE);
  readonly #known = new Set<number>();

  /** Takes the faces of a look; gives their tracks and how many have just come. */
  update(
    faces: readonly Detection[],
    time: Mono,
  ): { readonly tracks: readonly Track[]; readonly came: number } {
    const tracks = this.#tracker.update(faces, time);
    const fresh = tracks.filter(({ id, hits }) => hits >= SURE_HITS && !this.#known.has(id));
    for (const { id } of fresh) {
      this.#known.add(id);
      const oldest = this.#known.values().next().value;
      if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    }
    return { tracks, came: fresh.length };
  }
}

const REMEMBERED = 500;
