/** Builds the Debian packages once for a test file, and unpacks them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bundle } from '../../deploy/package/bundle.ts';

export const execute = promisify(execFile);

export interface Built {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly bundle: Bundle;
}

/** Packages of these architectures, in `out`. */
export async function buildPackages(
  out: string,
  architectures: readonly string[],
): Promise<readonly Built[]> {
  const script = fileURLToPath(new URL('../../deploy/package/build.ts', import.meta.url));
  const args = [script, '--json', '--out', out, '--arch', ...architectures];
  const { stdout } = await execute(process.execPath, args, { cwd: join(import.meta.dirname, '../..') });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Built);
}

export async function unpack({ file }: Built, to: string): Promise<void> {
  await execute('dpkg-deb', ['-x', file, to]);
}
