/** What the kernel says this thread has had written to disks (Linux). */
import { readFileSync } from 'node:fs';

/** Bytes since the thread began, −1 where there is no such account. */
export function writtenBytes(): number {
  try {
    const account = readFileSync('/proc/thread-self/io', 'latin1').match(/^write_bytes: (\d+)$/m)?.[1];
    return account === undefined ? -1 : Number(account);
  } catch {
    return -1;
  }
}
