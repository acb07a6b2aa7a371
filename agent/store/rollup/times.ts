/** True times of the readings of a batch. */
import type { ClockTable } from '../clock-table.ts';
import type { Columns } from '../columns.ts';

/** Unix epoch ms per reading; NaN where the boot's time is not known at all. `boot`: its number. */
export function timesOf(clock: ClockTable, boot: number, columns: Columns): Float64Array {
  const times = new Float64Array(columns.count);
  let mapping = clock.mappingAt(boot, columns.time[0] ?? 0);
  const single = clock.single(boot);
  for (let i = 0; i < columns.count; i++) {
    const mono = columns.time[i] ?? 0;
    if (!single) mapping = clock.mappingAt(boot, mono);
    times[i] =
      mapping === undefined || mapping.rank === 'none'
        ? Number.NaN
        : mapping.wall + (mono - mapping.mono) * mapping.rate;
  }
  return times;
}
