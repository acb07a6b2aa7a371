/** Which processes Linux has below another one. */
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of those that `parent` started itself, as they are now (proc_pid_status(5)). */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) === parent;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}
