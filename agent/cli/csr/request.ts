/** A certificate request (PKCS #10, RFC 2986), signed by whoever holds the key. */
import { type KeyObject, verify } from 'node:crypto';
import { AgentError } from '../../core/errors.ts';
import type { Site } from '../../core/site.ts';

/** A key on P-256 whose private half may be elsewhere. */
export interface Signer {
  readonly publicKey: KeyObject;
  /** ECDSA with SHA-256 over `bytes`: r and s, one behind the other. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

const KIND = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** PEM: CN is the agent, O the site, a URI names both. Throws where the signature is not that of the key. */
export async function requestFor(signer: Signer, { id, agent }: Site): Promise<string> {
  // Loaded for this alone: it takes 21 MB.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = globalThis.crypto;
  const spki = signer.publicKey.export({ type: 'spki', format: 'der' });
  const publicKey = await subtle.importKey('spki', spki, KIND, true, ['verify']);
  // All that is asked of the private half is its kind.
  const privateKey = { type: 'private', algorithm: KIND, extractable: false, usages: ['sign'] } as CryptoKey;
  const sign = async (_: unknown, __: unknown, data: BufferSource): Promise<ArrayBuffer> => {
    const bytes = Uint8Array.from(data instanceof ArrayBuffer ? new Uint8Array(data) : bytesOf(data));
    const signature = await signer.sign(bytes);
    if (!verify('sha256', bytes, { key: signer.publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      throw new AgentError('internal', 'signing of the request failed: the signature is not that of the key');
    return Uint8Array.from(signature).buffer;
  };
  const provider = {
    ...crypto,
    subtle: { sign, exportKey: subtle.exportKey.bind(subtle), digest: subtle.digest.bind(subtle) },
  } as unknown as Crypto;
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: [{ CN: [agent.id] }, { O: [id] }],
      keys: { privateKey, publicKey },
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `urn:kerbside:${id}:${agent.id}` }]),
      ],
    },
    provider,
  );
  return `${request.toString('pem')}\n`;
}

function bytesOf(view: Exclude<BufferSource, ArrayBuffer>): Uint8Array {
  return ArrayBuffer.isView(view)
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : new Uint8Array(view);
}
