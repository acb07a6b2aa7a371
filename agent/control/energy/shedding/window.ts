/** Power of the last window, and what windows that end later come to if a load stays. Pure but for its memory. */

interface Piece {
  readonly from: number;
  /** kW until the next piece. */
  readonly kw: number;
  /** kW × ms up to its beginning. */
  readonly before: number;
}

export class PowerWindow {
  readonly #window: number;
  #pieces: Piece[] = [];

  /** `window`: ms */
  constructor(window: number) {
    this.#window = window;
  }

  /** From `time` on it is `kw`; times only rise. */
  take(time: number, kw: number): void {
    const last = this.#pieces.at(-1);
    this.#pieces.push({ from: time, kw, before: last === undefined ? 0 : total(last, time) });
    if (this.#pieces.length < MOST) return;
    const oldest = this.#pieces.findLastIndex(({ from }) => from <= time - 2 * this.#window);
    if (oldest > 0) this.#pieces = this.#pieces.slice(oldest);
  }

  /** Forgets everything: power was not known for a while. */
  clear(): void {
    this.#pieces = [];
  }

  get kw(): number | undefined {
    return this.#pieces.at(-1)?.kw;
  }

  /** kW × ms in `from` ≤ t < `to`; before the first piece it was what the first piece is. */
  energy(from: number, to: number): number {
    return to <= from ? 0 : this.#totalAt(to) - this.#totalAt(from);
  }

  #totalAt(time: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.from ?? Number.POSITIVE_INFINITY) <= time) low = middle;
      else high = middle;
    }
    const piece = this.#pieces[low];
    return piece === undefined ? 0 : total(piece, time);
  }

  /** Mean of the window that ends now, kW. */
  mean(now: number): number {
    return this.energy(now - this.#window, now) / this.#window;
  }

  /**
   * Highest mean of the windows that end within `ahead` ms, if it is `first` kW for `delay` ms and `then` kW after that.
   * Looks at every minute, and at both ends.
   */
  highest(now: number, ahead: number, first: number, delay = 0, then = first): number {
    let most = this.mean(now);
    for (let h = MINUTE; ; h += MINUTE) {
      const at = Math.min(h, ahead);
      const coming = first * Math.min(at, delay) + then * Math.max(0, at - delay);
      most = Math.max(most, (this.energy(now + at - this.#window, now) + coming) / this.#window);
      if (at >= ahead) return most;
    }
  }
}

const MINUTE = 60_000;
/** Pieces that are kept before old ones are thrown away. */
const MOST = 4000;

function total({ from, kw, before }: Piece, time: number): number {
  return before + kw * (time - from);
}
