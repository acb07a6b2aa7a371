/** Readings from before the agent runs: same way into the log, same numbers, same rollups. The agent must not run. */

import type { Reading } from '../core/reading.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import type { StoreOptions } from './contract.ts';
import { openStore } from './store.ts';

/** Monotonic time of a true time; negative for what was before the boot. */
export function monoOf(mapping: ClockMapping, wall: number): number {
  return mapping.mono + (wall - mapping.wall) / mapping.rate;
}

/**
 * Appends readings to the log of `options.dir`, a commit for each piece (best a few thousand readings, in the order of
 * time), and closes it cleanly. Gives how many. The caller sets times with `monoOf` and marks quality and reason.
 * Rejects with `AgentError` where the log cannot be written.
 */
export async function importReadings(
  options: StoreOptions,
  pieces: Iterable<readonly Reading[]> | AsyncIterable<readonly Reading[]>,
): Promise<number> {
  await using store = await openStore(options);
  let count = 0;
  for await (const readings of pieces) {
    await store.append(readings, []);
    count += readings.length;
  }
  return count;
}
