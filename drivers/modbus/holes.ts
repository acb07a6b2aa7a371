/** What a session has learned of registers a device does not have, and how it finds them. */
import type { Mapped } from './map.ts';
import { type Block, blockOf, cutKey, type Range } from './plan.ts';
import { exceptionOf } from './port.ts';

/** Further requests one execution may spend on finding a hole, so that it does not hold the line for long. */
const SEARCH_BUDGET = 12;

/** True for the exceptions that say "not these registers": 2 illegal data address, 3 illegal data value (too many). */
export function refusesRegisters(error: unknown): boolean {
  const exception = exceptionOf(error);
  return exception === 2 || exception === 3;
}

/** Reads one block and gives what was read; rejects as the line and the device say. */
export type ReadBlock<T> = (block: Block<Mapped>) => Promise<readonly T[]>;

export class Holes {
  readonly #ranges: Range[];
  readonly #cuts = new Set<string>();
  readonly #absent = new Set<string>();
  readonly #align: number;

  constructor(declared: readonly Range[], align: number) {
    this.#ranges = [...declared];
    this.#align = align;
  }

  /** No request touches them. */
  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  /** No request spans them. */
  get cuts(): ReadonlySet<string> {
    return this.#cuts;
  }

  /** Ids of points the device does not have. */
  get absent(): ReadonlySet<string> {
    return this.#absent;
  }

  /** A point whose register is not there. */
  drop(id: string): void {
    this.#absent.add(id);
  }

  /**
   * Reads the items of a refused block in ever smaller parts, parted at the widest gap, and notes what is refused.
   * Gives what could be read, one for each item; `missing` stands for the rest.
   */
  async search<T>(
    items: readonly Mapped[],
    read: ReadBlock<T>,
    missing: (item: Mapped) => T,
  ): Promise<readonly T[]> {
    let left = SEARCH_BUDGET;
    const split = async (refused: readonly Mapped[]): Promise<readonly T[]> => {
      const [first] = refused;
      if (first === undefined) return [];
      if (refused.length === 1) return [this.#lose(first, missing)];
      const known = this.#known();
      const at = widestGap(refused);
      const [before, after] = [refused.slice(0, at), refused.slice(at)];
      const results = [await part(before), await part(after)];
      const end = Math.max(...before.map((item) => item.end));
      const start = after[0]?.start ?? end;
      const whole = results.every((result) => result.whole);
      // A gap is not worth a second refusal; neighbours are parted only where nothing else explains the refusal.
      if (start > end || whole || this.#known() === known) this.#forbid(first.function, end, start);
      return results.flatMap((result) => result.read);
    };
    const part = async (items: readonly Mapped[]): Promise<{ whole: boolean; read: readonly T[] }> => {
      if (left === 0) return { whole: false, read: items.map(missing) };
      left--;
      try {
        return { whole: true, read: await read(blockOf(items, this.#align)) };
      } catch (error) {
        if (!refusesRegisters(error)) throw error;
        return { whole: false, read: await split(items) };
      }
    };
    return split(items);
  }

  #known(): number {
    return this.#absent.size + this.#ranges.length + this.#cuts.size;
  }

  #lose<T>(item: Mapped, missing: (item: Mapped) => T): T {
    this.#absent.add(item.point.id);
    this.#ranges.push({ function: item.function, start: item.start, end: item.end });
    return missing(item);
  }

  /** No request spans [end, start) any more; where there is no gap the two sides are read apart. */
  #forbid(code: number, end: number, start: number): void {
    if (start > end) this.#ranges.push({ function: code, start: end, end: start });
    else this.#cuts.add(cutKey(code, start));
  }
}

/** Where to part sorted items: before the one with the widest gap ahead of it, in the middle where there is none. */
function widestGap(items: readonly Mapped[]): number {
  let at = items.length >> 1;
  let widest = 0;
  let end = items[0]?.end ?? 0;
  for (const [i, item] of items.entries()) {
    if (item.start - end > widest) {
      widest = item.start - end;
      at = i;
    }
    end = Math.max(end, item.end);
  }
  return at;
}
