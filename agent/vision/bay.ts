/** Whether a parking bay is taken: a vehicle that stands in it, with hysteresis, so that one that passes before it is none. */
import type { BaySpec } from '../core/camera.ts';
import type { PictureSize } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import { inside, stance } from './box.ts';
import { Debounced } from './debounced.ts';
import { Pace } from './pace.ts';
import type { Track } from './tracker.ts';
import { slow } from './zone.ts';

/** A bay is taken after this long, and free after that long without a vehicle (something may hide it), ms. */
const AFTER = { on: 5000, off: 15_000 };
/** Frames without the vehicle shorter than this are misses of the network, ms. */
const BRIDGED = 2500;

export class Bay {
  readonly spec: BaySpec;
  readonly #state = new Debounced(AFTER);
  readonly #pace = new Pace();
  #seen: Mono | undefined;

  constructor(spec: BaySpec) {
    this.spec = spec;
  }

  /** Undefined until it is known. */
  get occupied(): boolean | undefined {
    return this.#state.value;
  }

  /** Takes the vehicles of a frame. True: taken or free has changed. */
  update(tracks: readonly Track[], frame: PictureSize, time: Mono): boolean {
    const here = tracks.filter(({ box }) => inside(stance(box, frame), this.spec.polygon));
    if (here.some(slow)) this.#seen = time;
    this.#pace.tick(time);
    const recently = this.#seen !== undefined && time - this.#seen <= this.#pace.atLeast(BRIDGED);
    return this.#state.update(recently, time);
  }

  interrupted(): void {
    // Cars stay where they are while the lens is dark: the state is kept, and only what was about to change begins anew.
    this.#seen = undefined;
  }
}
