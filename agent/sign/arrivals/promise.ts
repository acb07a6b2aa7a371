/**
 * What is promised: a little earlier than what is expected, because a missed bus costs a rider more than a minute at the
 * stop. How much is learned here from every arrival, so that buses come as much later than said as is meant, no more.
 */

/**
 * Meant lateness of the bus against the promise, s, at times to the arrival, s; straight in between. So much that the
 * mean stays under 10, 25, 50 and 75 s in the buckets of the benchmark (score.ts).
 */
const MEANT: readonly (readonly [left: number, late: number])[] = [
  [0, 34.2],
  [270, 39.7],
  [480, 57.2],
  [900, 79.2],
];
/** Never more than this is taken off, s. */
const MOST = 90;
/** Width of the steps of time to arrival in which lateness is learned, s. */
const STEP = 120;
/** Arrivals after which an old one counts a third. */
const MEMORY = 2000;

export interface PromiseMemory {
  readonly step: number;
  /** Mean lateness, s, and arrivals seen, for each step. */
  readonly late: readonly (readonly [mean: number, count: number])[];
}

export class Promises {
  #late: [mean: number, count: number][];

  /** `memory`: of an earlier run. */
  constructor(memory?: PromiseMemory) {
    this.#late = memory?.step === STEP ? memory.late.map(([mean, count]) => [mean, count]) : [];
  }

  /** A bus expected in `left` s came `late` s after that (before it, where negative). */
  learn(left: number, late: number): void {
    const index = Math.floor(Math.max(0, left) / STEP);
    while (this.#late.length <= index) this.#late.push([0, 0]);
    const entry = this.#late[index];
    if (entry === undefined) return;
    entry[1] = Math.min(entry[1] + 1, MEMORY);
    // One bus that broke down says nothing of the next.
    entry[0] += (Math.min(300, Math.max(-300, late)) - entry[0]) / entry[1];
  }

  /** What to take off an expected `left`, s. */
  margin(left: number): number {
    return Math.min(MOST, left, Math.max(0, meant(left) - this.#lateness(left)));
  }

  memory(): PromiseMemory {
    return { step: STEP, late: this.#late.map(([mean, count]) => [mean, count]) };
  }

  /** Learned lateness, straight between the middles of the steps; 0 where nothing is known. */
  #lateness(left: number): number {
    const place = Math.max(0, left / STEP - 0.5);
    const low = Math.floor(place);
    const at = (index: number): number => {
      const [mean, count] = this.#late[Math.min(index, this.#late.length - 1)] ?? [0, 0];
      // A few arrivals tell little: what they say is believed as they become many.
      return (mean * count) / (count + 50);
    };
    return at(low) + (at(low + 1) - at(low)) * (place - low);
  }
}

function meant(left: number): number {
  const after = MEANT.findIndex(([at]) => at >= left);
  const [highLeft, highLate] = MEANT[after] ?? MEANT.at(-1) ?? [0, 0];
  const [lowLeft, lowLate] = MEANT[after - 1] ?? [highLeft, highLate];
  return highLeft === lowLeft
    ? highLate
    : lowLate + ((highLate - lowLate) * (left - lowLeft)) / (highLeft - lowLeft);
}
