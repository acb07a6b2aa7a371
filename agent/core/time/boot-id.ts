/** Which run of the machine this is. */
import { readFileSync } from 'node:fs';

/** The same from power-up to power-down, another after it. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux: the start of the machine, to the second, tells boots apart well enough for development.
    return `boot-${Math.round((Date.now() - Number(process.hrtime.bigint()) / 1e6) / 1000)}`;
  }
}
