/**
 * One at a time: a file beside the site file says that somebody makes a claim of it, on the shell or on the page. It is
 * left over where that process was killed, so it counts only while the process lives, in this boot, and for a while.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { bootId } from '../core/time/boot-id.ts';

/** Longest that putting a claim in its place takes, ms; slow cards take seconds. */
const LONGEST = 120_000;

/** Disposing lets the next one come; undefined where somebody is at it. Throws where the folder cannot be written. */
export function soleClaim(siteFile: string): Disposable | undefined {
  const file = `${siteFile}.claiming`;
  const mine = `${bootId()} ${process.pid}`;
  for (const last of [false, true]) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o644 });
      return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
      if (last || isAlive(file)) return undefined;
      rmSync(file, { force: true });
    }
  }
  return undefined;
}

function isAlive(file: string): boolean {
  try {
    const [during = '', pid = ''] = readFileSync(file, 'utf8').split(' ');
    if (during !== bootId() || Date.now() - statSync(file).mtimeMs > LONGEST) return false;
    process.kill(Number(pid), 0);
    return true;
  } catch (thrown) {
    // One of another user lives, too.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
