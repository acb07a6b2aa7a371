/** Sets of numbers as inclusive ranges, ascending and apart. The receiver's own: it shares nothing with the sender. */
export type Span = readonly [from: number, to: number];

export class Numbers {
  #spans: Span[] = [];

  constructor(spans: Iterable<Span> = []) {
    for (const [from, to] of spans) this.add(from, to);
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  get size(): number {
    return this.#spans.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  get last(): number {
    return this.#spans.at(-1)?.[1] ?? 0;
  }

  add(from: number, to: number): void {
    if (from > to) return;
    let start = this.#search(from - 1);
    const first = this.#spans[start];
    let low = from;
    let high = to;
    if (first !== undefined && first[0] <= to + 1) low = Math.min(low, first[0]);
    let end = start;
    for (let span = this.#spans[end]; span !== undefined && span[0] <= to + 1; span = this.#spans[++end]) {
      high = Math.max(high, span[1]);
    }
    if (end === start && first === undefined) start = this.#spans.length;
    this.#spans.splice(start, end - start, [low, high]);
  }

  has(number: number): boolean {
    const span = this.#spans[this.#search(number)];
    return span !== undefined && span[0] <= number;
  }

  /** Those of [from, to] that are not here. */
  missing(from: number, to: number): Numbers {
    const found = new Numbers();
    let next = from;
    for (let i = this.#search(from); i < this.#spans.length; i++) {
      const span = this.#spans[i];
      if (span === undefined || span[0] > to) break;
      found.add(next, Math.min(to, span[0] - 1));
      next = Math.max(next, span[1] + 1);
    }
    found.add(next, to);
    return found;
  }

  /** These without `other`. */
  without(other: Numbers): Numbers {
    return new Numbers(this.#spans.flatMap(([from, to]) => other.missing(from, to).spans));
  }

  /** Index of the first span that ends at or after `number`. */
  #search(number: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.[1] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
