/** What stands in a part of the ground: how many, for how long, standing in a queue, too many; or a bus at its stop. */
import type { ZoneSpec } from '../core/camera.ts';
import type { PictureSize } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import { boxSize, foot, inside } from './box.ts';
import { Debounced } from './debounced.ts';
import { median } from './median.ts';
import { Pace } from './pace.ts';
import type { Track } from './tracker.ts';

/** A count is the median of so many frames. */
const SETTLED_FRAMES = 5;
/** A track that was not seen inside for longer has left, ms. */
const GONE_AFTER = 2000;
/** Slower than this part of its own size per second stands. */
const STANDING = 0.25;
/** In a queue is who stands for this long, ms. */
const QUEUED_AFTER = 2000;
/** Crowding is told after this long, and its end after that long, ms. */
const CROWDED = { on: 3000, off: 10_000 };
/** It ends below this part of the capacity, so that one person coming and going does not ring. */
const CLEARED_BELOW = 0.9;
/** A bus that only passes the stop is no bus at the stop, ms. */
const BUS = { on: 2000, off: 2000 };
/** Stays shorter than this are a track that flickered, ms. */
const SHORTEST_STAY = 500;

interface Stay {
  readonly entered: Mono;
  seen: Mono;
  /** Since when it stands; undefined while it moves. */
  standing: Mono | undefined;
}

export interface ZoneState {
  /** Undefined before five frames. */
  readonly occupancy: number | undefined;
  readonly queue: number | undefined;
  /** Mean of the stays that ended since the last `takeDwell`, s. */
  readonly crowded: boolean | undefined;
  readonly bus: boolean | undefined;
}

export class ZoneCounter {
  readonly spec: ZoneSpec;
  readonly #stays = new Map<number, Stay>();
  readonly #pace = new Pace();
  readonly #crowded = new Debounced(CROWDED);
  readonly #bus = new Debounced(BUS);
  #counts: readonly number[] = [];
  #queues: readonly number[] = [];
  #dwells: number[] = [];

  constructor(spec: ZoneSpec) {
    this.spec = spec;
  }

  /** Takes the tracks of a frame that are of the zone's kind. True: crowding or the bus has changed. */
  update(tracks: readonly Track[], frame: PictureSize, time: Mono): boolean {
    const here = tracks.filter(({ box }) => inside(foot(box, frame), this.spec.polygon));
    for (const track of here) this.#note(track, time);
    this.#pace.tick(time);
    for (const [id, stay] of this.#stays) {
      if (time - stay.seen <= this.#pace.atLeast(GONE_AFTER)) continue;
      this.#stays.delete(id);
      if (stay.seen - stay.entered >= SHORTEST_STAY) this.#dwells.push(stay.seen - stay.entered);
    }
    const queued = here.filter(({ id }) => {
      const standing = this.#stays.get(id)?.standing;
      return standing !== undefined && time - standing >= QUEUED_AFTER;
    });
    this.#counts = [...this.#counts, here.length].slice(-SETTLED_FRAMES);
    this.#queues = [...this.#queues, queued.length].slice(-SETTLED_FRAMES);
    const capacity = this.spec.capacity ?? Number.POSITIVE_INFINITY;
    const count = median(this.#counts);
    const over = count > (this.#crowded.value === true ? CLEARED_BELOW * capacity : capacity);
    if (this.spec.counts === 'bus') {
      const there = this.#bus.value === true ? here.length > 0 : here.some(slow);
      return this.#bus.update(there, time);
    }
    return this.spec.capacity !== undefined && this.#crowded.update(over, time);
  }

  #note(track: Track, time: Mono): void {
    const stay = this.#stays.get(track.id);
    const standing = slow(track);
    if (stay === undefined) {
      this.#stays.set(track.id, { entered: time, seen: time, standing: standing ? time : undefined });
      return;
    }
    stay.seen = time;
    if (!standing) stay.standing = undefined;
    else stay.standing ??= time;
  }

  get state(): ZoneState {
    const settled = this.#counts.length === SETTLED_FRAMES;
    return {
      occupancy: settled ? median(this.#counts) : undefined,
      queue: settled ? median(this.#queues) : undefined,
      crowded: this.#crowded.value,
      bus: this.#bus.value,
    };
  }

  /** Mean of the stays that ended since the last call, s; undefined where none did. */
  takeDwell(): number | undefined {
    const dwells = this.#dwells;
    this.#dwells = [];
    if (dwells.length === 0) return undefined;
    return dwells.reduce((sum, dwell) => sum + dwell, 0) / dwells.length / 1000;
  }

  /** Nothing was seen for a while: what was inside is not known any more. */
  interrupted(): void {
    this.#stays.clear();
    this.#counts = [];
    this.#queues = [];
    this.#crowded.forget();
    this.#bus.forget();
  }
}

/** A track seen once has no speed yet. */
export function slow({ velocity: [vx, vy], box, hits }: Track): boolean {
  return hits > 1 && Math.hypot(vx, vy) * 1000 < STANDING * boxSize(box);
}
