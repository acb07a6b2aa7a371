/** What happened, read back from lane event, newest first: who did what, and what the agent changed by itself. */
import type { EventKind, LoggedEvent, LogSource } from '../core/record.ts';

/** Records read at once. */
const STRETCH = 500;
/** Records looked at for one answer: a lane full of something else must not be read to its beginning. */
const FURTHEST = 20_000;

/** Events of these kinds before the number `before` (exclusive; absent: from the newest on). */
export function eventsTold(
  log: Pick<LogSource, 'heads' | 'tails' | 'read'>,
  kinds: readonly EventKind[],
  limit: number,
  before?: number,
): readonly LoggedEvent[] {
  const head = Math.min(log.heads().event, (before ?? Number.POSITIVE_INFINITY) - 1);
  const tail = Math.max(log.tails().event, head - FURTHEST, 1);
  const found: LoggedEvent[] = [];
  for (let end = head; end >= tail && found.length < limit; end -= STRETCH) {
    found.push(...stretch(log, kinds, Math.max(tail, end - STRETCH + 1), end).reverse());
  }
  return found.slice(0, limit);
}

/** Of the numbers `from` to `to`, in order. */
function stretch(
  log: Pick<LogSource, 'read'>,
  kinds: readonly EventKind[],
  from: number,
  to: number,
): LoggedEvent[] {
  const found: LoggedEvent[] = [];
  for (let next = from; next <= to; ) {
    const slice = log.read('event', next, to - next + 1);
    if (slice === undefined) break;
    for (const record of slice.records) {
      if (record.kind === 'event' && record.seq <= to && kinds.includes(record.event)) found.push(record);
    }
    next = slice.last + 1;
  }
  return found;
}
