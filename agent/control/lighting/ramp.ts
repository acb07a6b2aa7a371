/** How a lamp goes from one level to the next: up at once, down so slowly that nobody sees a step in the dark. */

/** Shortest way down from full light to none, ms (notes of EN 13201 practice: 10 s and more). */
const DOWN = 10_000;

/** Pause between the steps of a ramp, ms. */
export const STEP = 1000;

/** Next level on the way from `shown` to `wanted`, one step on. `atOnce`: safety, and what people asked for. */
export function ramp(shown: number, wanted: number, atOnce: boolean): number {
  return atOnce || wanted >= shown ? wanted : Math.max(wanted, shown - (STEP / DOWN) * 100);
}
