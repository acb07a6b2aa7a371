/** Whether a certificate chain can be this unit's. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { samePublicKey } from '../../core/certificate.ts';
import { AgentError } from '../../core/errors.ts';

/** Why a chain cannot be this unit's; undefined where it can. `chain`: the leaf first; `key`: the public half of ours. */
export function misfit(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[] | undefined,
  key: KeyObject,
  now: number,
): { readonly reason: string; readonly fix: string } | undefined {
  const [leaf] = chain;
  if (leaf === undefined)
    return { reason: 'there is no certificate in the file', fix: 'Name the PEM file of the authority.' };
  if (!samePublicKey(leaf.publicKey, key))
    return {
      reason: 'it is for another key',
      fix: 'Have the request of this unit signed: kerbside csr make.',
    };
  for (const one of chain) {
    const who = one.subject.replaceAll('\n', ', ');
    if (one.validToDate.getTime() <= now)
      return {
        reason: `${who} ran out on ${one.validToDate.toISOString()}`,
        fix: 'Have it renewed; check the clock of this machine too.',
      };
    if (one.validFromDate.getTime() > now + 300_000)
      return {
        reason: `${who} begins on ${one.validFromDate.toISOString()}`,
        fix: 'Check the clock of this machine (kerbside doctor).',
      };
  }
  for (const [i, one] of chain.entries()) {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !signedBy(one, issuer))
      return {
        reason: `${one.subject.replaceAll('\n', ', ')} was not signed by what follows it`,
        fix: 'Put the certificates in order: the own one first.',
      };
  }
  const last = chain.at(-1);
  if (roots === undefined || last === undefined) return undefined;
  if (roots.some((root) => root.fingerprint256 === last.fingerprint256 || signedBy(last, root)))
    return undefined;
  return {
    reason: 'it does not come from the authority of --ca',
    fix: 'Add what lies between them to the file, or name the right authority.',
  };
}

function signedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
}

/** Certificates of a PEM file, 16 at most. Throws `not-found`. */
export function certificatesIn(file: string): X509Certificate[] {
  try {
    const blocks =
      readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    return blocks.slice(0, 16).map((pem) => new X509Certificate(pem));
  } catch (cause) {
    throw new AgentError('not-found', `reading of ${file} failed: ${(cause as Error).message}`, {
      cause,
      fix: 'Name a file with certificates in PEM.',
    });
  }
}
