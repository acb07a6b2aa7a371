/** Authorities and certificates of tests, on P-256. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const KIND = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
export const DAY = 86_400_000;
const { subtle } = globalThis.crypto;

export interface Authority {
  readonly cert: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

export function newKeys(): Promise<CryptoKeyPair> {
  return subtle.generateKey(KIND, true, ['sign', 'verify']);
}

export async function certificate(
  name: string,
  publicKey: x509.PublicKeyType,
  by: Authority | CryptoKeyPair,
  ca: boolean,
  from = Date.now() - DAY,
  until = Date.now() + DAY,
) {
  const [issuer, signingKey] = 'cert' in by ? [by.cert.subject, by.keys.privateKey] : [name, by.privateKey];
  return x509.X509CertificateGenerator.create({
    subject: name,
    issuer,
    publicKey,
    signingKey,
    signingAlgorithm: KIND,
    notBefore: new Date(from),
    notAfter: new Date(until),
    extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
  });
}

export async function authority(name: string, by?: Authority): Promise<Authority> {
  const keys = await newKeys();
  return { keys, cert: await certificate(name, keys.publicKey, by ?? keys, true) };
}

export const pem = (...certs: x509.X509Certificate[]) =>
  certs.map((one) => `${one.toString('pem')}\n`).join('');

/** The certificate that `by` gives for a request (PEM). */
export async function signedRequest(request: string, by: Authority): Promise<x509.X509Certificate> {
  const csr = new x509.Pkcs10CertificateRequest(request);
  if (!(await csr.verify())) throw new Error('the request is not signed by its own key');
  return certificate(csr.subject, csr.publicKey, by, false);
}
