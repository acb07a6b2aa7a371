/** A factory image that nobody has claimed: no fault, and said with what it waits for. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { claimFileOf, loadClaimFile } from '../../config/claim-file.ts';
import { formatProblem } from '../../config/problem.ts';
import type { Finding } from './finding.ts';

/** Undefined where there is a site file, or no claim.yaml beside its place. `shown`: how a path is shown. */
export async function unclaimed(
  siteFile: string,
  shown: (file: string) => string,
): Promise<Finding | undefined> {
  const file = claimFileOf(resolve(siteFile));
  if (existsSync(siteFile) || !existsSync(file)) return undefined;
  const about = 'site file';
  const read = await loadClaimFile(file, { name: 'unclaimed', env: process.env });
  if (!read.ok) {
    const [first] = read.problems;
    const says = `none, and the claim.yaml of the image is wrong: ${first === undefined ? '' : formatProblem(first, shown)}`;
    return { about, state: 'fault', says, fix: `mend ${shown(file)}` };
  }
  const keys = read.image.keys.map(({ id }) => id).join(', ');
  return {
    about,
    state: 'warning',
    says: `none: the unit is unclaimed and waits for a claim signed by ${keys}`,
    fix: 'take one on its page, or: kerbside claim take <code>',
  };
}
