/**
 * Watts of one lamp by level, learned from its meter. Begins as a straight line to the rated power; each tenth of the
 * scale then follows its own measurements, slowly, so that a fault is judged before it is learned.
 */

const TENTHS = 10;
/** How fast it follows once it knows a level, as the time in which two thirds of a difference are taken over, ms. */
const FOLLOW = 2 * 86_400_000;
/** Measurements that are averaged before a level counts as known. */
const KNOWN = 20;

export interface Expected {
  readonly watts: number;
  /** Whether it was measured, or only reckoned from the rated power and its neighbours. */
  readonly learned: boolean;
}

interface Cell {
  watts: number;
  count: number;
  time: number;
}

export class PowerModel {
  readonly #rated: number;
  readonly #cells: (Cell | undefined)[] = new Array(TENTHS + 1).fill(undefined);

  /** `rated`: W at full light. */
  constructor(rated: number) {
    this.#rated = rated;
  }

  /** Expected power at `level` %. */
  at(level: number): Expected {
    if (level <= 0) return { watts: 0, learned: true };
    const cell = this.#cells[tenth(level)];
    if (cell !== undefined && cell.count >= KNOWN) {
      // Within a tenth the curve is taken as straight through the origin of the cell's own middle.
      return { watts: cell.watts * (level / (tenth(level) * TENTHS || level)), learned: true };
    }
    return { watts: this.#rated * this.#scale() * (level / 100), learned: false };
  }

  /** Takes a measurement at a steady `level` that was found healthy. `time`: mono ms. */
  learn(level: number, watts: number, time: number): void {
    if (level <= 0) return;
    const index = tenth(level);
    const middle = (watts * (index * TENTHS || level)) / level;
    const cell = this.#cells[index];
    if (cell === undefined) {
      this.#cells[index] = { watts: middle, count: 1, time };
      return;
    }
    const share =
      cell.count < KNOWN ? 1 / (cell.count + 1) : 1 - Math.exp(-Math.max(0, time - cell.time) / FOLLOW);
    cell.watts += share * (middle - cell.watts);
    cell.count += 1;
    cell.time = time;
  }

  /** What the known levels say of the rated power. */
  #scale(): number {
    const known = this.#cells.flatMap((cell, index) =>
      cell === undefined || cell.count < KNOWN ? [] : [cell.watts / (this.#rated * (index / TENTHS))],
    );
    return known.length === 0 ? 1 : known.reduce((sum, one) => sum + one, 0) / known.length;
  }
}

function tenth(level: number): number {
  return Math.max(1, Math.round(level / TENTHS));
}
