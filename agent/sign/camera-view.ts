/**
 * The stop's camera on the screen: the newest frame from memory with every face made unrecognisable, at most one a second,
 * only where the site file switches it on and the site's privacy allows pictures at all. Nothing of it is kept.
 */
import type { Clock } from '../core/time/clock.ts';
import type { Preview } from '../core/view.ts';

export interface CameraViewOptions {
  readonly camera: string;
  /** As the agent shows its cameras; `blur` is never false here. */
  readonly preview: (camera: string, blur: true) => Promise<Preview | undefined>;
  readonly clock: Clock;
}

/** A picture is asked for at most this often, ms, whoever looks. */
const EVERY = 1_000;
/** An older frame is no live view, ms of wall time. */
const STALE = 15_000;

export class CameraView {
  readonly #options: CameraViewOptions;
  #asked = Number.NEGATIVE_INFINITY;
  #picture: Promise<Uint8Array | undefined> = Promise.resolve(undefined);

  constructor(options: CameraViewOptions) {
    this.#options = options;
  }

  /** JPEG; undefined while there is none that is new. Never rejects. */
  readonly picture = (): Promise<Uint8Array | undefined> => {
    const now = this.#options.clock.mono();
    if (now - this.#asked >= EVERY) {
      this.#asked = now;
      this.#picture = this.#take().catch(() => undefined);
    }
    return this.#picture;
  };

  async #take(): Promise<Uint8Array | undefined> {
    const { camera, preview, clock } = this.#options;
    const shot = await preview(camera, true);
    if (shot === undefined) return undefined;
    const { mono, wall, rate } = clock.mapping();
    const age = wall + (clock.mono() - mono) * rate - shot.time;
    return age > STALE * Math.max(1, rate) ? undefined : shot.jpeg;
  }
}
