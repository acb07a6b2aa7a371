/** Where the chains of a log begin. */
import { LANES } from '../../core/point.ts';
import type { Batches } from '../batches.ts';
import type { State } from '../state.ts';
import { beginning, text64 } from './digest.ts';

/** Begins the chains of a log: at its present ends, for what stands there already was never hashed. */
export function beginChains(state: State, batches: Batches, epoch: string): void {
  for (const lane of LANES) {
    const start = text64(beginning(epoch, lane));
    state.set(`chain/${lane}`, start);
    state.set(`anchor/${lane}`, [batches.head(lane) + 1, start]);
  }
}
