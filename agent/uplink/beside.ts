/** What leaves on an uplink beside the records of the log: buckets, where a rule asks for them. */

import type { Lane } from '../core/point.ts';
import type { Cursor } from '../core/record.ts';
import type { UplinkConfig } from '../core/site.ts';
import { LocalDays } from '../core/time/local-days.ts';
import { bucketOf } from '../core/time/period.ts';
import type { UplinkContext } from '../core/uplink.ts';
import { EpochWork } from './epoch.ts';
import type { Naming } from './naming.ts';
import { RollupSource, rollupLane } from './rollup.ts';
import { Selection } from './selection.ts';

export interface BesideParts {
  readonly classOf: (device: string) => string | undefined;
  readonly naming: Naming | undefined;
  /** Whether the data budget is used up, so that no bucket leaves. */
  usedUp(): boolean;
  /** Lets a cursor ride in the next commit. */
  settle(key: string, lane: Lane, cursor: Cursor): void;
}

/** `context`: under our own names. */
export function besideOf(
  { id, select = [] }: UplinkConfig,
  { agent, log, periods, records, earlier, timezone, descriptions }: UplinkContext,
  { classOf, naming, usedUp, settle }: BesideParts,
): { beside?: EpochWork } {
  const wanted = select.flatMap(({ send, every }) => (send === 'rollup' ? (bucketOf(every) ?? []) : []));
  if (wanted.length === 0 || periods === undefined || records === undefined) return {};
  const source = new RollupSource(new Set(wanted), {
    periods,
    records,
    selection: new Selection(select, classOf),
    days: new LocalDays(timezone ?? 'UTC'),
    ...(naming === undefined ? {} : { naming }),
    earlier: () => earlier?.() ?? [],
    descriptions,
    usedUp,
  });
  const beside = new EpochWork({
    agent,
    uplink: `${id}:rollup`,
    source,
    states: [],
    selection: source,
    name: rollupLane,
    // Numbers of buckets are no numbers of the log: a gap record of them would be told to everybody else.
    refused: (lane, refusals) =>
      log.warn('uplink.bucket-refused', {
        lane: rollupLane(lane),
        records: refusals.length,
        why: refusals[0]?.reason,
      }),
    settle,
  });
  return { beside };
}
