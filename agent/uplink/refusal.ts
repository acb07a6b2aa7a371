/** Records that a receiver refused for good, and the gap records that say so in the log itself. */
import type { Lane } from '../core/point.ts';
import type { Mono } from '../core/reading.ts';
import type { AgentEvent, Range } from '../core/record.ts';

export interface Refusal {
  readonly seq: number;
  readonly reason: string;
}

/** Neighbouring numbers refused for the same reason. */
export interface RefusedRange {
  readonly range: Range;
  readonly reason: string;
}

/** `refusals`, ascending by number, as ranges. */
export function gapsOf(refusals: readonly Refusal[]): RefusedRange[] {
  const gaps: RefusedRange[] = [];
  for (const { seq, reason } of refusals) {
    const last = gaps.at(-1);
    if (last !== undefined && last.reason === reason && last.range[1] === seq - 1) {
      gaps[gaps.length - 1] = { range: [last.range[0], seq], reason };
    } else gaps.push({ range: [seq, seq], reason });
  }
  return gaps;
}

/** The gap record of one range; the log itself still holds the records. `epoch`: where it is an earlier one. */
export function refusalEvent(
  uplink: string,
  lane: Lane,
  { range, reason }: RefusedRange,
  time: Mono,
  epoch?: string,
): AgentEvent {
  const [from, to] = range;
  return {
    event: 'gap',
    severity: 'warning',
    time,
    body: {
      lane,
      ...(epoch === undefined ? {} : { epoch }),
      from,
      to,
      count: to - from + 1,
      reason: 'refused',
      keptAs: 'nothing',
      uplink,
      because: reason,
    },
  };
}
