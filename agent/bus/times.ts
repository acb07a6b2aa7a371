/** How long things took lately: the last 64 of them, for percentiles that tell a slow device from one that is slow at times. */
const KEPT = 64;

export class Times {
  readonly #kept: number[] = [];
  #next = 0;

  /** ms */
  add(took: number): void {
    this.#kept[this.#next] = took;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** The time that a share of them stayed at or below (nearest rank), ms to two decimals; null before the first. */
  percentile(share: number): number | null {
    const { length } = this.#kept;
    if (length === 0) return null;
    const sorted = this.#kept.toSorted((a, b) => a - b);
    const value = sorted[Math.max(0, Math.ceil(share * length) - 1)] ?? 0;
    return Math.round(value * 100) / 100;
  }
}
