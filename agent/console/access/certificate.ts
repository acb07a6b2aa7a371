/**
 * The certificate of the doors that speak TLS: files that the site names, read again when they are renewed, or one that
 * the agent makes for itself. Nobody vouches for the latter, so a technician compares fingerprints: those of the key stay
 * the same when the certificate is renewed.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { PAIR_FIX, pairTrouble } from '../../core/certificate.ts';
import { replaceFile } from '../../core/durable-file.ts';
import { AgentError } from '../../core/errors.ts';

export interface Certificate {
  /** PEM; the chain behind it where there is one. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface CertificateFacts {
  /** SHA-256 over the certificate, `AB:CD:…`, as browsers show it. */
  readonly fingerprint: string;
  /** SHA-256 over the public key (SubjectPublicKeyInfo), `AB:CD:…`; stays when a made certificate is renewed. */
  readonly keyFingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  /** Unix epoch, ms. */
  readonly from: number;
  readonly until: number;
  /** Names and addresses it is for. */
  readonly names: readonly string[];
}

const DAY = 86_400_000;
/** A made one: ten years, renewed in the last month. Whoever trusts it does so by its fingerprint, not by its age. */
const LIFE = 3650 * DAY;
export const RENEW_BEFORE = 30 * DAY;
/** A gateway without a battery clock may believe that it is 1970: a made certificate begins no later than this. */
const FLOOR = Date.UTC(2026, 0, 1);

/** Reads and checks a pair of PEM files. Rejects with `config-invalid`: missing, not PEM, or of two different keys. */
export async function readCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const read = async (file: string) => {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw new AgentError('config-invalid', `reading ${file} failed: ${sayCause(cause)}`, {
        cause,
        fix: 'Name a PEM file that the agent may read.',
      });
    }
  };
  const pair = { cert: await read(certFile), key: await read(keyFile) };
  const trouble = pairTrouble(pair.cert, pair.key);
  if (trouble === undefined) return pair;
  throw new AgentError('config-invalid', `certificate ${certFile} with key ${keyFile} refused: ${trouble}`, {
    fix: PAIR_FIX,
  });
}

export function factsOf(cert: string): CertificateFacts {
  const read = new X509Certificate(cert);
  const key = read.publicKey.export({ type: 'spki', format: 'der' });
  return {
    fingerprint: read.fingerprint256,
    keyFingerprint: colons(createHash('sha256').update(key).digest('hex')),
    subject: read.subject.replaceAll('\n', ', '),
    issuer: read.issuer.replaceAll('\n', ', '),
    from: Date.parse(read.validFrom),
    until: Date.parse(read.validTo),
    names: (read.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
  };
}

/**
 * The certificate the agent made for itself, in `<state>/console/tls.crt` and `tls.key` (0600); made where there is none,
 * and made anew on the same key where it ends within a month or has not all of `names` (host names and addresses).
 * `now`: Unix epoch ms.
 */
export async function ownCertificate(
  stateDir: string,
  names: readonly string[],
  now: number,
): Promise<Certificate & { readonly made: boolean }> {
  const [certFile, keyFile] = ownFiles(stateDir);
  const kept = await readCertificate(certFile, keyFile).catch(() => undefined);
  if (kept !== undefined) {
    const facts = factsOf(kept.cert);
    if (facts.until - now > RENEW_BEFORE && names.every((name) => facts.names.includes(name))) {
      return { ...kept, made: false };
    }
  }
  const made = await make(names, Math.max(now, FLOOR), kept?.key);
  await replaceFile(keyFile, made.key);
  await replaceFile(certFile, made.cert);
  return { ...made, made: true };
}

export function ownFiles(stateDir: string): readonly [cert: string, key: string] {
  return [join(stateDir, 'console', 'tls.crt'), join(stateDir, 'console', 'tls.key')];
}

/** Self-signed on P-256, for servers only. */
async function make(names: readonly string[], now: number, oldKey: string | undefined): Promise<Certificate> {
  // Loaded for this alone: it takes 21 MB, and a certificate is made once in ten years.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = globalThis.crypto;
  const kind = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys =
    oldKey === undefined ? await subtle.generateKey(kind, true, ['sign', 'verify']) : await keysOf(oldKey);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [names[0] ?? 'kerbside'] }],
    notBefore: new Date(FLOOR),
    notAfter: new Date(now + LIFE),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
    ],
  });
  const der = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey));
  const key =
    oldKey ??
    `-----BEGIN PRIVATE KEY-----\n${der
      .toString('base64')
      .replace(/(.{64})/g, '$1\n')
      .trim()}\n-----END PRIVATE KEY-----\n`;
  return { cert: `${cert.toString('pem')}\n`, key };
}

async function keysOf(pem: string): Promise<CryptoKeyPair> {
  const { subtle } = globalThis.crypto;
  const kind = { name: 'ECDSA', namedCurve: 'P-256' };
  const { createPrivateKey, createPublicKey } = await import('node:crypto');
  const own = createPrivateKey(pem);
  const spki = createPublicKey(own).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await subtle.importKey('pkcs8', own.export({ type: 'pkcs8', format: 'der' }), kind, true, [
      'sign',
    ]),
    publicKey: await subtle.importKey('spki', spki, kind, true, ['verify']),
  };
}

function colons(hex: string): string {
  return hex.toUpperCase().replace(/(..)(?=.)/g, '$1:');
}

function sayCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
