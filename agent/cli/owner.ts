/** Rights of a command that writes what the service has to read. */
import { statSync } from 'node:fs';

/** As root: goes on as whoever the folder belongs to, in this process and for good. Does nothing where that is root, or there is no folder. */
export function goOnAsOwner(folder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid = 0, gid = 0 } = statSync(folder, { throwIfNoEntry: false }) ?? {};
  if (uid === 0) return;
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
