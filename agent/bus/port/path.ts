/**
 * USB adapters come back under another number. Their links in /dev/serial/by-path (the socket they sit in) and by-id
 * (what they are) stay, so these are remembered when /dev/ttyUSB0 is opened and asked when it is gone.
 */
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/time/clock.ts';

/** After this long without the remembered adapter, whatever has the configured name is taken: it was replaced. */
const REPLACED_MS = 30_000;

export interface PortPath {
  /** The path to open now. */
  current(): Promise<string>;
  /** Called after a successful open of `path`: remembers what leads to it. */
  opened(path: string): Promise<void>;
}

/** `links`: directories of udev's links, the surest first. */
export function portPath(
  configured: string,
  clock: Clock,
  links: readonly string[] = ['/dev/serial/by-path', '/dev/serial/by-id'],
): PortPath {
  let aliases: readonly string[] = [];
  let missingSince: number | undefined;
  // A link of udev already follows its adapter; numbers of ttyS, ttyAMA and the like do not move.
  const moves = /\/tty(USB|ACM)\d+$/.test(configured);
  return {
    async current() {
      if (aliases.length === 0) return configured;
      for (const alias of aliases) {
        const target = await realpath(alias).catch(() => undefined);
        if (target !== undefined) {
          missingSince = undefined;
          return target;
        }
      }
      missingSince ??= clock.mono();
      // The configured name may now be another adapter's: better a missing port than the wrong meters.
      return clock.mono() - missingSince < REPLACED_MS ? (aliases[0] ?? configured) : configured;
    },
    async opened(path) {
      missingSince = undefined;
      if (!moves) return;
      const found: string[] = [];
      for (const directory of links) {
        for (const name of await readdir(directory).catch(() => [])) {
          const link = join(directory, name);
          if ((await realpath(link).catch(() => undefined)) === path) found.push(link);
        }
      }
      if (found.length > 0) aliases = found;
    },
  };
}
