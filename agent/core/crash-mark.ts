/**
 * Names the part whose native code is running, in a file that outlives the process: a segmentation fault leaves no other
 * word. Written with plain writes (the page cache survives a crash of the process), so it costs microseconds.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface CrashMark extends Disposable {
  /** Runs `work` under the name of the part; nested and concurrent runs are counted. */
  around<T>(work: () => Promise<T>): Promise<T>;
}

/** Longest name of a part, bytes. */
const LENGTH = 32;

/** The mark of one part. Where the file cannot be written, work goes on without a mark. */
export function openCrashMark(file: string, part: string): CrashMark {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'w', 0o600);
  } catch {
    handle = undefined;
  }
  let running = 0;
  const write = (text: string) => {
    if (handle === undefined) return;
    try {
      writeSync(handle, text.padEnd(LENGTH), 0);
    } catch {
      // A full disk is told by the log; a missing mark only makes a crash anonymous.
    }
  };
  return {
    async around(work) {
      if (running++ === 0) write(part);
      try {
        return await work();
      } finally {
        if (--running === 0) write('');
      }
    },
    [Symbol.dispose]() {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
    },
  };
}

/** The part that was running when the process before ended; undefined: none, or there is no mark. */
export function readCrashMark(file: string): string | undefined {
  try {
    const part = readFileSync(file, 'latin1').trim().slice(0, LENGTH);
    return /^[a-z-]+$/.test(part) ? part : undefined;
  } catch {
    return undefined;
  }
}
