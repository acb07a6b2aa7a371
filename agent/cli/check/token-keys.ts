/** Keys of uplinks that lie in tokens: whether module, token, key and certificate go together on this machine. */
import { type Look, lookAtKey } from '../../compose/token-look.ts';
import type { Site } from '../../core/site.ts';

export interface TokenKeyLook extends Look {
  /** Where it stands in the site file. */
  readonly path: string;
}

export async function tokenKeys({ uplinks }: Site): Promise<readonly TokenKeyLook[]> {
  const found: TokenKeyLook[] = [];
  // One after the other: a card reader serves one at a time.
  for (const [index, uplink] of uplinks.entries()) {
    if (!('tokenKey' in uplink) || uplink.tokenKey === undefined) continue;
    const look = await lookAtKey(uplink.tokenKey, uplink.cert);
    found.push({ path: `uplinks[${index}].${uplink.kind}.key`, ...look });
  }
  return found;
}
