/**
 * Follows detections from frame to frame, as ByteTrack does (Zhang et al., 2022): each track predicts where it will be
 * at constant speed; sure detections go to the nearest track first, unsure ones then carry on tracks that are left, and
 * begin none. A track that is not seen dies soon. The class is voted over the life of the track.
 */
import type { Mono } from '../core/reading.ts';
import type { Detection } from '../core/view.ts';
import { type Box, boxSize, centre, distance, overlap, shifted } from './box.ts';
import { Pace } from './pace.ts';

export interface Track {
  readonly id: number;
  readonly box: Box;
  /** Frames it was seen in. */
  readonly hits: number;
  /** Class with the most score so far. */
  readonly class: string;
  /** Of the newest detection. */
  readonly score: number;
  readonly born: Mono;
  readonly seen: Mono;
  /** Pixels of the frame per ms. */
  readonly velocity: readonly [number, number];
}

interface MutableTrack {
  id: number;
  box: Box;
  hits: number;
  class: string;
  score: number;
  born: Mono;
  seen: Mono;
  velocity: readonly [number, number];
  moved: Mono;
  readonly votes: Map<string, number>;
}

export interface TrackerOptions {
  /** A young track not seen for longer is gone (later where frames are rarer), ms. Default 700. */
  readonly life?: number;
  /** The same for one seen in many frames, which something may have hidden, ms. Default `life`. */
  readonly longLife?: number;
}

const MIN_OVERLAP = 0.15;
/** Of an unsure detection with where the track is expected. */
const UNSURE_OVERLAP = 0.3;
/** Weight of the newest speed in the smoothed one. */
const SMOOTHING = 0.5;
/** Frames after which a track is an old one. */
const OLD_HITS = 4;
/** More detections in a frame are no street; the best are taken. */
const MAX_DETECTIONS = 300;

export class Tracker {
  readonly #tracks = new Set<MutableTrack>();
  readonly #pace = new Pace();
  readonly #life: number;
  readonly #longLife: number;
  #next = 1;

  constructor({ life = 700, longLife = life }: TrackerOptions = {}) {
    this.#life = life;
    this.#longLife = longLife;
  }

  /** Takes the detections of a frame, `sure` ones from that score on; gives the tracks seen in it. */
  update(detections: readonly Detection[], time: Mono, sureFrom = 0): readonly Track[] {
    this.#pace.tick(time);
    for (const track of this.#tracks) {
      const life = track.hits >= OLD_HITS ? this.#longLife : this.#life;
      if (time - track.seen > this.#pace.atLeast(life)) this.#tracks.delete(track);
      else predict(track, time);
    }
    const taken = best(detections);
    const sure = taken.filter(({ score }) => score >= sureFrom);
    const unsure = taken.filter(({ score }) => score < sureFrom);
    const open = new Set(this.#tracks);
    const seen: MutableTrack[] = [];
    const free = this.#match(sure, open, time, seen, (track, detection) => {
      const shared = overlap(track.box, detection.box);
      const apart = distance(track.box, detection.box) / boxSize(track.box);
      return shared > MIN_OVERLAP || apart < 1 ? shared - apart : undefined;
    });
    this.#match(unsure, open, time, seen, (track, detection) => {
      const shared = overlap(track.box, detection.box);
      return track.hits > 1 && shared > UNSURE_OVERLAP ? shared : undefined;
    });
    for (const detection of free) {
      const track: MutableTrack = {
        id: this.#next++,
        box: detection.box,
        hits: 1,
        class: detection.class,
        score: detection.score,
        born: time,
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

  /** Gives each open track its best detection, best pairs first; gives back the detections that are left. */
  #match(
    detections: readonly Detection[],
    open: Set<MutableTrack>,
    time: Mono,
    seen: MutableTrack[],
    fitOf: (track: MutableTrack, detection: Detection) => number | undefined,
  ): ReadonlySet<Detection> {
    const pairs: { track: MutableTrack; detection: Detection; fit: number }[] = [];
    for (const track of open) {
      for (const detection of detections) {
        const fit = fitOf(track, detection);
        if (fit !== undefined) pairs.push({ track, detection, fit });
      }
    }
    const free = new Set(detections);
    for (const { track, detection } of pairs.sort((a, b) => b.fit - a.fit)) {
      if (!open.has(track) || !free.has(detection)) continue;
      open.delete(track);
      free.delete(detection);
      follow(track, detection, time);
      seen.push(track);
    }
    return free;
  }
}

function best(detections: readonly Detection[]): readonly Detection[] {
  if (detections.length <= MAX_DETECTIONS) return detections;
  return [...detections].sort((a, b) => b.score - a.score).slice(0, MAX_DETECTIONS);
}

function predict(track: MutableTrack, time: Mono): void {
  const [vx, vy] = track.velocity;
  const since = time - track.moved;
  track.box = shifted(track.box, vx * since, vy * since);
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
  track.score = detection.score;
  track.seen = time;
  track.moved = time;
  track.hits += 1;
  track.votes.set(detection.class, (track.votes.get(detection.class) ?? 0) + detection.score);
  track.class = [...track.votes].reduce((most, vote) => (vote[1] > most[1] ? vote : most))[0];
}
