/** One street in a state folder: a second one would take the first one's ports and site file away. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { holdName } from './held-name.ts';

/** `state`: a folder that is there. Undefined where a street runs in it; disposing lets the next one come. */
export function soleStreet(state: string): Promise<Disposable | undefined> {
  const name = createHash('sha256').update(realpathSync(state)).digest('hex').slice(0, 32);
  return holdName(`street-${name}`);
}
