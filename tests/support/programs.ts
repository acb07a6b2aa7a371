/**
 * Programs that only some machines have. Where one is missing, tests that need it are skipped by name
 * (`describe.skipIf(path === undefined)`); with KERBSIDE_CI=full nothing may be missing, and the file fails.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const USUAL = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Path of the program, or undefined where this machine has none. Throws where KERBSIDE_CI=full asks for all. */
export function program(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...USUAL];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return missing(`program ${name} is missing`, `PATH ${process.env.PATH}`);
}

/** `path` where it is there; for what comes in files instead of programs. */
export function present(path: string): string | undefined {
  return existsSync(path) ? path : missing(`${path} is missing`, 'a package of Debian brings it');
}

/** 0 where this is root: some of what a package does needs it. */
export function root(): number | undefined {
  return process.getuid?.() === 0
    ? 0
    : missing('this is not root', 'a Debian root is made and entered as root');
}

function missing(what: string, facts: string): undefined {
  if (process.env.KERBSIDE_CI === 'full') {
    throw new Error(`${what}: KERBSIDE_CI=full wants every test to run (${facts})`);
  }
  return undefined;
}
