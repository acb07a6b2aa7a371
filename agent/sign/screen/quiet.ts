/** Whether a moment lies in the quiet hours of a sign. */
import type { DailySpan } from '../../core/sign/sign.ts';

/** `local`: ms of local time, as if it were UTC. A span may run over midnight. */
export function isQuiet(span: DailySpan | undefined, local: number): boolean {
  if (span === undefined) return false;
  const minute = Math.floor((local % 86_400_000) / 60_000);
  const { from, to } = span;
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}
