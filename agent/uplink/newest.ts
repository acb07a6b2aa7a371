/** The newest logged readings, for uplinks that have to say at once how things stand. */
import { AgentError } from '../core/errors.ts';
import type { Lane } from '../core/point.ts';
import type { LoggedReading, LogSource } from '../core/record.ts';

/** How far back each lane is looked through, numbers. */
const BACK = 2000;
/** Lanes with readings of points that go on. */
const LOOKED: readonly Lane[] = ['alarm', 'meter', 'telemetry'];

/** The newest reading of each point, as far as it stands in the last numbers of its lane. */
export function newestReadings(source: LogSource): LoggedReading[] {
  const newest = new Map<string, LoggedReading>();
  const heads = source.heads();
  const tails = source.tails();
  for (const lane of LOOKED) {
    for (let next = Math.max(1, tails[lane], heads[lane] - BACK + 1); next <= heads[lane]; ) {
      const slice = readable(source, lane, next);
      for (const record of slice?.records ?? []) {
        if (record.kind !== 'reading') continue;
        const key = `${record.device}/${record.point}`;
        if ((newest.get(key)?.time ?? Number.NEGATIVE_INFINITY) <= record.time) newest.set(key, record);
      }
      next = (slice?.last ?? heads[lane]) + 1;
    }
  }
  return [...newest.values()];
}

/** What cannot be read says nothing of how things stand; the pump will say that it cannot. */
function readable(source: LogSource, lane: Lane, from: number) {
  try {
    return source.read(lane, from, BACK);
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return undefined;
  }
}
