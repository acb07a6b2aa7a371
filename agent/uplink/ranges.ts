/** Arithmetic of inclusive ranges of numbers: ascending, apart (never touching), so that each set has one form. */
import type { Range } from '../core/record.ts';

/** How many numbers `ranges` hold. */
export function total(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** `ranges` with `range` in it; neighbours become one. */
export function add(ranges: readonly Range[], range: Range): Range[] {
  const [from, to] = range;
  if (from > to) return [...ranges];
  const before = ranges.filter((r) => r[1] < from - 1);
  const after = ranges.filter((r) => r[0] > to + 1);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const first = touched[0];
  const last = touched.at(-1);
  const joined: Range = [Math.min(from, first?.[0] ?? from), Math.max(to, last?.[1] ?? to)];
  return [...before, joined, ...after];
}

/** The parts of `ranges` inside `within`. */
export function clip(ranges: readonly Range[], within: Range): Range[] {
  const clipped: Range[] = [];
  for (const [from, to] of ranges) {
    const part: Range = [Math.max(from, within[0]), Math.min(to, within[1])];
    if (part[0] <= part[1]) clipped.push(part);
  }
  return clipped;
}

/** The parts of `within` that are in none of `ranges`. */
export function holes(ranges: readonly Range[], within: Range): Range[] {
  const found: Range[] = [];
  let next = within[0];
  for (const [from, to] of clip(ranges, within)) {
    if (from > next) found.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= within[1]) found.push([next, within[1]]);
  return found;
}
