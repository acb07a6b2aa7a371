/** Speed and headway on a stretch of road whose four corners and size are known. */
import type { LaneSpec, Spot } from '../core/camera.ts';
import type { PictureSize } from '../core/model.ts';
import type { Mono } from '../core/reading.ts';
import { foot } from './box.ts';
import { type Homography, homography } from './homography.ts';
import type { Track } from './tracker.ts';

/** Not seen on the lane for longer: it has left, ms. */
const GONE_AFTER = 1000;
/** A speed needs so many places, this far apart, m, and this long, ms. */
const LEAST = { places: 3, metres: 2, time: 250 };
/** Faster is a track that jumped, m/s. */
const FASTEST = 70;

interface Run {
  readonly places: { readonly time: Mono; readonly along: number }[];
  crossed: boolean;
}

export class LaneMeter {
  readonly spec: LaneSpec;
  readonly #road: Homography;
  readonly #runs = new Map<number, Run>();
  #speeds: number[] = [];
  #headways: number[] = [];
  #lastCrossing: Mono | undefined;

  constructor(spec: LaneSpec) {
    this.spec = spec;
    const { width, length } = spec;
    this.#road = homography(spec.points, [
      [0, 0],
      [width, 0],
      [width, length],
      [0, length],
    ]);
  }

  /** Takes the vehicles of a frame; gives how many have just crossed the middle of the stretch. */
  update(tracks: readonly Track[], frame: PictureSize, time: Mono): number {
    let crossed = 0;
    for (const { id, box } of tracks) {
      const place = this.#place(foot(box, frame));
      if (place === undefined) continue;
      const run = this.#runs.get(id) ?? { places: [], crossed: false };
      this.#runs.set(id, run);
      const before = run.places.at(-1);
      run.places.push({ time, along: place });
      const middle = this.spec.length / 2;
      if (run.crossed || before === undefined || before.along > middle === place > middle) continue;
      run.crossed = true;
      crossed += 1;
      const share = (middle - before.along) / (place - before.along);
      this.#crossing(before.time + share * (time - before.time));
    }
    for (const [id, run] of this.#runs) {
      if (time - (run.places.at(-1)?.time ?? time) <= GONE_AFTER) continue;
      this.#runs.delete(id);
      const speed = speedOf(run.places);
      if (run.crossed && speed !== undefined) this.#speeds.push(speed * 3.6);
    }
    return crossed;
  }

  /** Mean speed (km/h) of the vehicles that left, and mean time between two crossings (s), since the last call. */
  take(): { readonly speed: number | undefined; readonly headway: number | undefined } {
    const [speeds, headways] = [this.#speeds, this.#headways];
    this.#speeds = [];
    this.#headways = [];
    return { speed: mean(speeds), headway: mean(headways) };
  }

  /** What passed meanwhile is not known: the next headway begins anew. */
  interrupted(): void {
    this.#runs.clear();
    this.#lastCrossing = undefined;
  }

  #crossing(time: Mono): void {
    if (this.#lastCrossing !== undefined && time > this.#lastCrossing) {
      this.#headways.push((time - this.#lastCrossing) / 1000);
    }
    this.#lastCrossing = time;
  }

  /** Metres along the stretch; undefined beside it. */
  #place(spot: Spot): number | undefined {
    const [across, along] = this.#road(spot);
    const within = across >= 0 && across <= this.spec.width && along >= 0 && along <= this.spec.length;
    return within ? along : undefined;
  }
}

/** Slope of the places over time by least squares, m/s, without its sign. */
function speedOf(places: Run['places']): number | undefined {
  const first = places[0];
  const last = places.at(-1);
  if (first === undefined || last === undefined || places.length < LEAST.places) return undefined;
  if (Math.abs(last.along - first.along) < LEAST.metres || last.time - first.time < LEAST.time) {
    return undefined;
  }
  const meanTime = places.reduce((sum, { time }) => sum + time, 0) / places.length;
  const meanAlong = places.reduce((sum, { along }) => sum + along, 0) / places.length;
  let [up, down] = [0, 0];
  for (const { time, along } of places) {
    up += (time - meanTime) * (along - meanAlong);
    down += (time - meanTime) ** 2;
  }
  const speed = Math.abs((up / down) * 1000);
  return speed <= FASTEST ? speed : undefined;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
