/** All profiles there are: those that ship, and those of a site's own folders. */
import { fileURLToPath } from 'node:url';
import { DRIVERS, driverFor } from '../../../drivers/index.ts';
import { openCatalogue } from '../../config/device/catalogue.ts';
import { readSource } from '../../config/source.ts';
import type { Profile } from '../../core/profile.ts';

const SHIPPED = fileURLToPath(new URL('../../../drivers/profiles', import.meta.url));

/** `folders`: absolute paths of a site's own, which win. One that is wrong is left out: the check of the site names it. */
export async function allProfiles(folders: readonly string[] = []): Promise<readonly Profile[]> {
  const deps = { driver: driverFor, protocols: DRIVERS.map(({ protocol }) => protocol) };
  const catalogue = await openCatalogue(SHIPPED, folders, deps, readSource);
  const profiles: Profile[] = [];
  for (const name of catalogue.names) {
    // One after the other: the running agent has other things to do in between.
    const result = await catalogue.load(name);
    if (result?.ok === true) profiles.push(result.profile);
  }
  return profiles;
}
