/**
 * Who looks through which camera, for how long. A viewing belongs to one session, ends by itself, and its beginning is
 * audited; so is every turning off of the blur. Nothing of it is kept but that entry.
 */

import type { Mono } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';

/** A viewing ends after this and has to be begun anew, ms. */
export const VIEWING = 10 * 60_000;
/** One with faces as they are ends sooner, ms. */
export const UNBLURRED = 2 * 60_000;
/** The page asks several times a second; after this long without, the next question is a new viewing, ms. */
const PAUSE = 60_000;
const MOST = 256;

export interface Viewing {
  readonly faces: 'blurred' | 'shown';
  readonly until: Mono;
}

interface Kept extends Viewing {
  asked: Mono;
}

export class Viewings {
  readonly #clock: Clock;
  readonly #open = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The viewing of a session that asks for a frame. `begins`: it is a new one, to be audited. Undefined: it is over, and
   * `begin` has to be called.
   */
  ask(session: string, camera: string): { readonly viewing: Viewing; readonly begins: boolean } | undefined {
    const now = this.#clock.mono();
    const known = this.#open.get(key(session, camera));
    if (known === undefined || now - known.asked >= PAUSE) {
      return { viewing: this.begin(session, camera, 'blurred'), begins: true };
    }
    // A page that goes on asking does not begin anew by itself.
    known.asked = now;
    if (now >= known.until) return undefined;
    return { viewing: known, begins: false };
  }

  begin(session: string, camera: string, faces: Viewing['faces']): Viewing {
    const now = this.#clock.mono();
    const viewing = { faces, until: now + (faces === 'shown' ? UNBLURRED : VIEWING), asked: now };
    const name = key(session, camera);
    this.#open.delete(name);
    this.#open.set(name, viewing);
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > MOST && oldest !== undefined) this.#open.delete(oldest);
    return viewing;
  }
}

const key = (session: string, camera: string) => `${session} ${camera}`;
