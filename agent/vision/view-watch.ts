/**
 * Whether the camera still looks where it looked: the edges of what stands (houses, kerbs, marks on the road) are
 * compared with those learned. What moves through the picture changes some of its parts, a tilted camera all of them,
 * and over a covered lens there are none. Kept are some hundred brightness steps in memory, no picture.
 */
import type { Mono } from '../core/reading.ts';
import type { Picture } from './picture.ts';

/** Brightness is averaged over blocks: 32×18 a frame, compared in tiles of 8×6 blocks. */
const [COLUMNS, ROWS] = [32, 18];
const TILE = { columns: 8, rows: 6 };
/** Learned from this often, ms; compared is every frame, for a zero must not slip out before the look that forbids it. */
const PERIOD = 1000;
/** Looks that make the first reference. */
const LEARNED = 8;
/** Correlation of the middle tile below which it is another view; between the two nothing is learned. */
const MOVED = 0.3;
const SAME = 0.5;
/** Part of each look that goes into the reference: it follows sun and seasons within minutes, and no tilt. */
const RATE = 1 / 60;
/** Steps of brightness between blocks (levels of 255, root mean square) that any street has, also at night with gain. */
const FLAT = 1.2;
/** Such steps in a tile of the reference that are enough to compare. */
const TEXTURE = 1.5;

export type ViewFault = 'covered' | 'moved';

export class ViewWatch {
  #reference: Float32Array | undefined;
  #looks = 0;
  #due: Mono = Number.NEGATIVE_INFINITY;

  /** Takes a frame that is not dark. Gives what is wrong with the view. */
  look(picture: Picture, time: Mono): ViewFault | undefined {
    const steps = stepsOf(picture);
    if (rms(steps) < FLAT) return 'covered';
    const learns = time >= this.#due;
    if (learns) this.#due = time + PERIOD;
    const reference = this.#reference;
    if (reference === undefined) {
      this.#reference = steps;
      this.#looks = 1;
      return undefined;
    }
    const likeness = compareTiles(reference, steps);
    if (learns) this.#learn(reference, steps, likeness);
    return this.#looks >= LEARNED && likeness < MOVED ? 'moved' : undefined;
  }

  #learn(reference: Float32Array, steps: Float32Array, likeness: number): void {
    if (this.#looks >= LEARNED) {
      if (likeness >= SAME) this.#reference = blend(reference, steps, RATE);
      return;
    }
    // A first look at a lorry before the lens is replaced by what is there afterwards.
    this.#looks = likeness < MOVED ? 1 : this.#looks + 1;
    this.#reference = this.#looks === 1 ? steps : blend(reference, steps, 1 / this.#looks);
  }
}

/** Differences of neighbouring blocks, to the right and down, one after the other. */
function stepsOf({ rgb, letterbox: { scaled, input } }: Picture): Float32Array {
  const means = new Float32Array(COLUMNS * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const [top, bottom] = bounds(row, ROWS, scaled.height);
    for (let column = 0; column < COLUMNS; column++) {
      const [left, right] = bounds(column, COLUMNS, scaled.width);
      let sum = 0;
      let count = 0;
      // Green alone, every second pixel: enough for a mean.
      for (let y = top; y < bottom; y += 2) {
        for (let x = left; x < right; x += 2) {
          sum += rgb[(y * input.width + x) * 3 + 1] ?? 0;
          count += 1;
        }
      }
      means[row * COLUMNS + column] = sum / Math.max(1, count);
    }
  }
  const steps = new Float32Array(COLUMNS * ROWS * 2);
  for (let row = 0; row + 1 < ROWS; row++) {
    for (let column = 0; column + 1 < COLUMNS; column++) {
      const at = row * COLUMNS + column;
      const here = means[at] ?? 0;
      steps[at * 2] = (means[at + 1] ?? 0) - here;
      steps[at * 2 + 1] = (means[at + COLUMNS] ?? 0) - here;
    }
  }
  return steps;
}

function bounds(index: number, count: number, length: number): readonly [number, number] {
  return [Math.floor((index * length) / count), Math.floor(((index + 1) * length) / count)];
}

/** Middle one of the tiles' correlations, −1…1; 1 where no tile has anything to compare. */
function compareTiles(a: Float32Array, b: Float32Array): number {
  const found: number[] = [];
  for (let top = 0; top < ROWS; top += TILE.rows) {
    for (let left = 0; left < COLUMNS; left += TILE.columns) {
      let [aa, bb, ab, count] = [0, 0, 0, 0];
      for (let row = top; row < top + TILE.rows; row++) {
        for (let at = (row * COLUMNS + left) * 2; at < (row * COLUMNS + left + TILE.columns) * 2; at++) {
          const [x, y] = [a[at] ?? 0, b[at] ?? 0];
          aa += x * x;
          bb += y * y;
          ab += x * y;
          count += 1;
        }
      }
      if (Math.sqrt(aa / count) < TEXTURE) continue;
      found.push(bb === 0 ? 0 : ab / Math.sqrt(aa * bb));
    }
  }
  return found.length === 0 ? 1 : (found.sort((x, y) => x - y)[found.length >> 1] ?? 1);
}

function blend(a: Float32Array, b: Float32Array, share: number): Float32Array {
  return a.map((value, at) => value + share * ((b[at] ?? 0) - value));
}

function rms(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
