/**
 * Programs that only some machines have. Where one is missing, tests that need it are skipped by name
 * (`describe.skipIf(path === undefined)`); with KERBSIDE_CI=full nothing may be missing, and the file fails.
 */
import { accessSync, constants } from 'node:fs';
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
  if (process.env.KERBSIDE_CI === 'full') {
    throw new Error(
      `program ${name} is missing: KERBSIDE_CI=full wants every test to run (PATH ${process.env.PATH})`,
    );
  }
  return undefined;
}
