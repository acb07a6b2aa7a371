/** Counts tracks that cross a line, each once. */
import type { LineSpec } from '../core/camera.ts';
import type { Track } from './tracker.ts';

/** Two points in parts of the frame, 0…1, x to the right, y down. */
export type CountingLine = Pick<LineSpec, 'from' | 'to'>;

/** A camera that looks across the street sees vehicles pass its middle. */
export const MIDDLE: CountingLine = { from: [0.5, 0], to: [0.5, 1] };

export interface Passage {
  readonly track: number;
  readonly class: string;
  /** `right`: from left of the line to right of it, seen from `from` towards `to`. */
  readonly direction: 'left' | 'right';
}

/** A track must have been seen this often: a single false hit passes nothing. */
const MIN_HITS = 2;
const REMEMBERED = 1000;

export class LineCounter {
  readonly #line: CountingLine;
  /** Side each track started on; 0 once it is counted. */
  readonly #sides = new Map<number, number>();

  constructor(line: CountingLine) {
    this.#line = line;
  }

  /** Takes the tracks of a frame; gives those that have just crossed. */
  update(
    tracks: readonly Track[],
    frame: { readonly width: number; readonly height: number },
  ): readonly Passage[] {
    const passed: Passage[] = [];
    for (const track of tracks) {
      const side = this.#side(track, frame);
      const start = this.#sides.get(track.id);
      if (start === undefined) this.#remember(track.id, side);
      else if (start !== 0 && side !== 0 && side !== start && track.hits >= MIN_HITS) {
        this.#sides.set(track.id, 0);
        passed.push({ track: track.id, class: track.class, direction: side > 0 ? 'left' : 'right' });
      }
    }
    return passed;
  }

  /** 1: left of the line, −1: right of it. A vehicle is where it touches the road: the middle of its lower edge. */
  #side({ box }: Track, { width, height }: { readonly width: number; readonly height: number }): number {
    const [x, y] = [(box[0] + box[2]) / 2 / width, box[3] / height];
    const { from, to } = this.#line;
    return -Math.sign((to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]));
  }

  #remember(track: number, side: number): void {
    if (side === 0) return;
    this.#sides.set(track, side);
    const oldest = this.#sides.keys().next().value;
    if (this.#sides.size > REMEMBERED && oldest !== undefined) this.#sides.delete(oldest);
  }
}
