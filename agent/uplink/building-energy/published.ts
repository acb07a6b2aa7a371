/**
 * Keys and secrets that stand in public source code and articles. Whoever uses them encrypts for everybody: only
 * `kerbside decode` takes them, to read captures; a site file that resolves to one is refused.
 */
import { keyBytes } from './cipher.ts';

/** As a technician may meet them written. */
export const PUBLISHED_KEYS: readonly Uint8Array[] = [
  // 01 02 … 10: NetDAU samples.
  Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  // Article on a platform of the Wuhan and Chongqing type.
  Buffer.from('aes.modeaes.mode'),
  new Uint8Array(16),
  Buffer.from('0123456789abcdef'),
  Buffer.from('1234567890123456'),
];
export const PUBLISHED_SECRETS: readonly string[] = ['IJKLMNOPQRSTUVWX'];

/** Why `text` must not be a key or a secret here; undefined where nothing is known against it. */
export function published(text: string): string | undefined {
  const bytes = keyBytes(text);
  const key = bytes !== undefined && PUBLISHED_KEYS.some((one) => Buffer.from(one).equals(bytes));
  if (!key && !PUBLISHED_SECRETS.includes(text)) return undefined;
  return 'is a test key that stands in public source code';
}
