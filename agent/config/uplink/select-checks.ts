/** Rules of what leaves: periods and deadbands stand where they mean something, and buckets only where they can be told. */
import { bucketOf } from '../../core/time/period.ts';
import type { Path } from '../problem.ts';
import type { UplinkFile } from './schema.ts';

/** Takes a problem: where, what, and what to do. */
type Say = (path: Path, why: string, fix: string) => void;

export function checkSelect(index: number, item: UplinkFile, say: Say): void {
  for (const [i, { send, deadband, every }] of (item.select ?? []).entries()) {
    const at: Path = ['uplinks', index, 'select', i, 'every'];
    const periodic = send === 'every' || send === 'rollup';
    if (periodic && every === undefined)
      say(at, `missing: send: ${send} needs a period`, 'write every: 1min');
    else if (!periodic && every !== undefined) say(at, 'a period needs send: every', 'write send: every');
    else if (send === 'rollup' && bucketOf(every) === undefined)
      say(at, 'expected the length of a bucket: 1min, 15min, 1h or 1d', 'write every: 15min');
    if (send === 'rollup' && !carriesRollups(item))
      say(
        ['uplinks', index, 'select', i, 'send'],
        'rollups leave with mqtt (preset plain) and http (format json or columns) alone',
        'write send: every, or use one of those',
      );
    if (deadband === undefined || send === 'changes') continue;
    say(['uplinks', index, 'select', i, 'deadband'], 'a deadband needs send: changes', 'write send: changes');
  }
}

/** Buckets have no place in the protocols and presets that know readings alone. */
function carriesRollups({ mqtt, http }: UplinkFile): boolean {
  return mqtt === undefined
    ? http !== undefined && http.format !== 'influx'
    : (mqtt.preset ?? 'plain') === 'plain';
}
