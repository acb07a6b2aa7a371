/** What of a camera's sums the log holds already; asked once when vision starts. */
import { existsSync } from 'node:fs';
import { openLogSource } from '../../store/reader.ts';

/** Records looked through, from the end. */
const LOOKED_AT = 20_000;
const PAGE = 2000;

/**
 * True time of the newest reading of `device` and any of `points`, Unix epoch ms; undefined where there is none lately.
 * Infinite where the log cannot be read: what may have been told already is not told again.
 */
export function newestLogged(
  logFile: string,
  device: string,
  points: ReadonlySet<string>,
): number | undefined {
  if (!existsSync(logFile)) return undefined;
  try {
    return newestIn(logFile, device, points);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function newestIn(logFile: string, device: string, points: ReadonlySet<string>): number | undefined {
  using log = openLogSource(logFile);
  const head = log.heads().telemetry;
  let newest: number | undefined;
  for (let from = Math.max(1, head - PAGE + 1); newest === undefined; from -= PAGE) {
    for (let at = Math.max(1, from); at <= head && at < from + PAGE; ) {
      const slice = log.read('telemetry', at, PAGE);
      if (slice === undefined) break;
      for (const record of slice.records) {
        if (record.kind !== 'reading' || record.device !== device || !points.has(record.point)) continue;
        newest = Math.max(newest ?? Number.NEGATIVE_INFINITY, record.time);
      }
      at = slice.last + 1;
    }
    if (from <= 1 || head - from > LOOKED_AT) break;
  }
  return newest;
}
