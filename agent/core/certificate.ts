/** Whether a certificate and a key belong together, for who checks a site file and for who listens with them. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** Why two PEM texts are no pair of certificate and key, as half a sentence; undefined where they are. */
export function pairTrouble(cert: string, key: string): string | undefined {
  try {
    // OpenSSL compares the public halves.
    createSecureContext({ cert, key });
    new X509Certificate(cert);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** When a certificate ends, Unix epoch ms. Throws where it is none. */
export function certificateEnd(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

export const PAIR_FIX =
  'Both are PEM, the key without a passphrase, the certificate made for this key, its chain behind it.';

/** Whether two public keys are one. `KeyObject.equals` throws where they are of different kinds. */
export function samePublicKey(one: KeyObject, other: KeyObject): boolean {
  return one.asymmetricKeyType === other.asymmetricKeyType && one.equals(other);
}
