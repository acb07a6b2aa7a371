/** What the page has: the newest board, since when, and whether its agent is heard. */
import type { Board } from '../../../core/board.ts';
import { type Face, faceOf } from '../face.ts';

export interface Held {
  readonly board: Board;
  /** `performance.now()` when it was made. */
  readonly at: number;
}

let held: Held | undefined;
/** When the agent was last heard, `performance.now()`. */
let heard = performance.now();

/** `age`: ms of street time since it was made. */
export function take(board: Board, age: number): void {
  heard = performance.now();
  held = { board, at: heard - age / board.rate };
}

export function hear(): void {
  heard = performance.now();
}

export function current(): Held | undefined {
  return held;
}

/** ms of street time since the board was made. */
export function elapsedOf({ board, at }: Held): number {
  return (performance.now() - at) * board.rate;
}

/** The face as it is now; undefined before the first board. */
export function faceNow():
  | { readonly face: Face; readonly held: Held; readonly elapsed: number }
  | undefined {
  if (held === undefined) return undefined;
  const elapsed = elapsedOf(held);
  return { face: faceOf(held.board, elapsed, performance.now() - heard), held, elapsed };
}
