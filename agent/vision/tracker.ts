/**
 * Follows detections from frame to frame: each track predicts where it will be at constant speed, detections go to the
 * nearest track, a track that is not seen dies soon. The class is voted over the life of the track.
 */
import type { Mono } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';

type Box = Detection['box'];

export interface Track {
  readonly id: number;
  readonly box: Box;
  /** Frames it was seen in. */
  readonly hits: number;
  /** Class with the most score so far. */
  readonly class: string;
  readonly seen: Mono;
}

interface MutableTrack {
  id: number;
  box: Box;
  hits: number;
  class: string;
  seen: Mono;
  /** Pixels per ms. */
  velocity: readonly [number, number];
  moved: Mono;
  readonly votes: Map<string, number>;
}

/** A track not seen for longer is gone, ms. */
const LIFE = 700;
const MIN_OVERLAP = 0.15;
/** Weight of the newest speed in the smoothed one. */
const SMOOTHING = 0.5;

export class Tracker {
  readonly #tracks = new Set<MutableTrack>();
  #next = 1;

  /** Takes the detections of a frame; gives the tracks seen in it. */
  update(detections: readonly Detection[], time: Mono): readonly Track[] {
    for (const track of this.#tracks) {
      if (time - track.seen > LIFE) this.#tracks.delete(track);
      else predict(track, time);
    }
    const free = new Set(detections);
    const seen: MutableTrack[] = [];
    const open = new Set(this.#tracks);
    for (const { track, detection } of this.#pairs(detections)) {
      if (!open.has(track) || !free.has(detection)) continue;
      open.delete(track);
      free.delete(detection);
      follow(track, detection, time);
      seen.push(track);
    }
    for (const detection of free) {
      const track: MutableTrack = {
        id: this.#next++,
        box: detection.box,
        hits: 1,
        class: detection.class,
        seen: time,
        velocity: [0, 0],
        moved: time,
        votes: new Map([[detection.class, detection.score]]),
      };
      this.#tracks.add(track);
      seen.push(track);
    }
    return seen;
  }

  /** Every track and detection that may belong together, best first. */
  #pairs(detections: readonly Detection[]) {
    const pairs: { track: MutableTrack; detection: Detection; fit: number }[] = [];
    for (const track of this.#tracks) {
      for (const detection of detections) {
        const overlap = intersectionOverUnion(track.box, detection.box);
        const apart = distance(track.box, detection.box) / size(track.box);
        if (overlap > MIN_OVERLAP || apart < 1) pairs.push({ track, detection, fit: overlap - apart });
      }
    }
    return pairs.sort((a, b) => b.fit - a.fit);
  }
}

function predict(track: MutableTrack, time: Mono): void {
  const [dx, dy] = track.velocity.map((speed) => speed * (time - track.moved));
  track.box = shifted(track.box, dx ?? 0, dy ?? 0);
  track.moved = time;
}

function follow(track: MutableTrack, detection: Detection, time: Mono): void {
  const since = time - track.seen;
  if (since > 0) {
    const [fromX, fromY] = centre(track.box);
    const [toX, toY] = centre(detection.box);
    // The box has been moved to where it was expected: what is missing corrects the speed.
    const [vx, vy] = track.velocity;
    const weight = track.hits === 1 ? 1 : SMOOTHING;
    track.velocity = [vx + (weight * (toX - fromX)) / since, vy + (weight * (toY - fromY)) / since];
  }
  track.box = detection.box;
  track.seen = time;
  track.moved = time;
  track.hits += 1;
  track.votes.set(detection.class, (track.votes.get(detection.class) ?? 0) + detection.score);
  track.class = [...track.votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
}

const centre = (box: Box): readonly [number, number] => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
const size = (box: Box) => Math.max(1, box[2] - box[0], box[3] - box[1]);
const shifted = (box: Box, dx: number, dy: number): Box => [
  box[0] + dx,
  box[1] + dy,
  box[2] + dx,
  box[3] + dy,
];

function distance(a: Box, b: Box): number {
  const [ax, ay] = centre(a);
  const [bx, by] = centre(b);
  return Math.hypot(ax - bx, ay - by);
}

function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}
