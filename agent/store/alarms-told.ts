/** What was told of alarms, read back from lane alarm, newest first. */
import type { AlarmChange, AlarmTold } from '../core/alarm/alarm.ts';
import { marksOf } from '../core/mark.ts';
import type { LoggedEvent, LogSource } from '../core/record.ts';

/** Records read at once. */
const STRETCH = 200;
/** Records looked at for one answer: a lane of readings that hardly holds alarms must not be read to its beginning. */
const FURTHEST = 20_000;

export function alarmsTold(
  log: Pick<LogSource, 'heads' | 'tails' | 'read'>,
  limit: number,
): readonly AlarmTold[] {
  const { alarm: head } = log.heads();
  const tail = Math.max(log.tails().alarm, head - FURTHEST);
  const found: AlarmTold[] = [];
  for (let end = head; end >= tail && end > 0 && found.length < limit; end -= STRETCH) {
    found.push(...stretch(log, Math.max(tail, end - STRETCH + 1), end).reverse());
  }
  return found.slice(0, limit);
}

/** Of the numbers `from` to `to`, in order. */
function stretch(log: Pick<LogSource, 'read'>, from: number, to: number): AlarmTold[] {
  const found: AlarmTold[] = [];
  for (let next = from; next <= to; ) {
    const slice = log.read('alarm', next, STRETCH);
    if (slice === undefined) break;
    for (const record of slice.records) {
      if (record.seq <= to && record.kind === 'event' && record.event === 'alarm')
        found.push(...told(record));
    }
    next = slice.last + 1;
  }
  return found;
}

function told(event: LoggedEvent): readonly AlarmTold[] {
  const { seq, time, body } = event;
  return marksOf(event).flatMap((mark) =>
    mark.mark === 'alarm'
      ? [{ seq, time, change: (body.what ?? 'together') as AlarmChange, status: mark }]
      : [],
  );
}
