/**
 * Counts ends without a stop. Whoever supervises the agent starts it again at once; where three of them within ten minutes
 * of one boot name the same part, the next start does without that part, so that metering goes on. A power cut is another
 * boot and counts for nothing. Ten minutes later a new start tries again.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCrashMark } from '../core/crash-mark.ts';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/time/clock.ts';

const CRASHES = 3;
const WITHIN = 600_000;

interface Crash {
  /** When the start after it was made, ms of the monotonic clock. */
  readonly mono: number;
  readonly part: string | undefined;
}
interface Kept {
  readonly boot: string;
  readonly running: boolean;
  readonly crashes: readonly Crash[];
}

export interface Crashes extends Disposable {
  /** Where parts leave their mark. */
  readonly mark: string;
  /** Whether this start does without the part. */
  leftOut(part: string): boolean;
}

/** `state`: the state folder; `runtime`: a folder in memory where the machine has one (systemd's RUNTIME_DIRECTORY). */
export function countCrashes(state: string, runtime: string | undefined, clock: Clock, log: Log): Crashes {
  const file = join(state, 'crashes.json');
  const mark = join(runtime ?? state, 'crash-mark');
  const now = clock.mono();
  const before = read(file);
  const sameBoot = before?.boot === clock.boot;
  const crashes = sameBoot ? before.crashes.filter(({ mono }) => now - mono < WITHIN) : [];
  if (sameBoot && before.running) {
    const part = readCrashMark(mark);
    crashes.push({ mono: now, part });
    log.warn('agent.ended-unasked', { part: part ?? 'unknown', within_10_min: crashes.length });
  }
  const keep = (running: boolean) => write(state, file, { boot: clock.boot, running, crashes }, log);
  keep(true);
  return {
    mark,
    leftOut: (part) => crashes.filter((crash) => crash.part === part).length >= CRASHES,
    [Symbol.dispose]: () => keep(false),
  };
}

function read(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept> | null;
    if (typeof kept?.boot !== 'string' || !Array.isArray(kept.crashes)) return undefined;
    const crashes = (kept.crashes as Partial<Crash>[]).flatMap((crash) =>
      typeof crash?.mono === 'number'
        ? [{ mono: crash.mono, part: typeof crash.part === 'string' ? crash.part : undefined }]
        : [],
    );
    return { boot: kept.boot, running: kept.running === true, crashes };
  } catch {
    // First start, or torn by a power cut: then it was another boot anyway.
    return undefined;
  }
}

/** Not flushed: it tells of crashes of the process, which the page cache survives. */
function write(state: string, file: string, kept: Kept, log: Log): void {
  try {
    mkdirSync(state, { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    log.warn('agent.crashes-uncounted', { error: (cause as Error).message });
  }
}
