/**
 * Signed documents as they travel: DSSE v1.0.2 (https://github.com/secure-systems-lab/dsse) with Ed25519 (RFC 8032).
 * What is signed are bytes, so that no canonical form of JSON has to be agreed on and nothing is parsed before it is known
 * to be the city's.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { ContentEnvelope, ContentKey, ContentRefusal } from './content/content.ts';

/** What is shown in public. */
export const PAYLOAD_TYPE = 'application/vnd.kerbside.content+json';
/** What an agent runs: releases, models, configuration. A signature of one type is none of the other. */
export const UPDATE_TYPE = 'application/vnd.kerbside.update+json';
/** What makes a factory image a named unit. */
export const CLAIM_TYPE = 'application/vnd.kerbside.claim+json';
export type PayloadType = ContentEnvelope['payloadType'];
/** Largest envelope, bytes; a document is texts and hashes. */
export const LARGEST_ENVELOPE = 1024 * 1024;
const MOST_SIGNATURES = 8;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** DER of an Ed25519 public key ahead of its 32 bytes, RFC 8410 §4. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export type Opened =
  | { readonly ok: true; readonly payload: Uint8Array; readonly key: string }
  | { readonly ok: false; readonly code: ContentRefusal; readonly reason: string };

/** `DSSEv1 <length> <type> <length> <payload>`: pre-authentication encoding, DSSE protocol §"Signature Definition". */
export function preAuthentication(payload: Uint8Array, type: string = PAYLOAD_TYPE): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `, 'utf8'),
    payload,
  ]);
}

/** Opens an envelope of a type: gives its payload where one of `keys` has signed it. Takes any bytes, never throws. */
export function openEnvelope(
  bytes: Uint8Array,
  keys: readonly ContentKey[],
  type: PayloadType = PAYLOAD_TYPE,
): Opened {
  if (bytes.length > LARGEST_ENVELOPE) {
    return refused('too-large', `${bytes.length} bytes, at most ${LARGEST_ENVELOPE} are looked at`);
  }
  const envelope = readEnvelope(bytes, type);
  if (typeof envelope === 'string') return refused('malformed', envelope);
  const payload = fromBase64(envelope.payload);
  if (payload === undefined) return refused('malformed', 'payload is no base64');
  if (envelope.signatures.length === 0) return refused('unsigned', 'it has no signature');
  const signed = preAuthentication(payload, type);
  let known = false;
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.find(({ id }) => id === keyid);
    if (key === undefined) continue;
    known = true;
    const signature = fromBase64(sig);
    if (signature?.length !== SIGNATURE_BYTES) continue;
    if (verify(null, signed, publicKeyOf(key), signature)) return { ok: true, payload, key: key.id };
  }
  const names = envelope.signatures.map(({ keyid }) => keyid).join(', ');
  return known
    ? refused('bad-signature', `the signature of ${names} does not fit its bytes`)
    : refused('unknown-key', `signed by ${names}, which the site file does not name`);
}

/** Signs `payload`; `key` is PKCS #8 PEM. Throws where it is no Ed25519 key. */
export function sealEnvelope(
  payload: Uint8Array,
  keyid: string,
  key: string,
  type: PayloadType = PAYLOAD_TYPE,
): ContentEnvelope {
  const secret = createPrivateKey(key);
  if (secret.asymmetricKeyType !== 'ed25519') throw new TypeError('expected an Ed25519 key');
  return {
    payloadType: type,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid, sig: sign(null, preAuthentication(payload, type), secret).toString('base64') }],
  };
}

/** Adds a signature of another key, for the time in which one key follows another. */
export function cosign(envelope: ContentEnvelope, keyid: string, key: string): ContentEnvelope {
  const payload = Buffer.from(envelope.payload, 'base64');
  const [added] = sealEnvelope(payload, keyid, key, envelope.payloadType).signatures;
  const others = envelope.signatures.filter((one) => one.keyid !== keyid);
  return { ...envelope, signatures: added === undefined ? others : [...others, added] };
}

/** A new pair: the private half as PKCS #8 PEM, the public one as the site file has it. */
export function newContentKey(id: string): { readonly secret: string; readonly key: ContentKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key: { id, public: rawPublic(publicKey) },
  };
}

/** The public half of a PKCS #8 PEM, as the site file has it. */
export function publicHalf(id: string, secret: string): ContentKey {
  return { id, public: rawPublic(createPublicKey(createPrivateKey(secret))) };
}

function rawPublic(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI.length).toString('base64');
}

function publicKeyOf(key: ContentKey): KeyObject {
  const raw = Buffer.from(key.public, 'base64');
  if (raw.length !== KEY_BYTES) throw new TypeError(`content key ${key.id}: expected 32 bytes`);
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

/** The envelope, or what is wrong with it. */
function readEnvelope(bytes: Uint8Array, type: PayloadType): ContentEnvelope | string {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'it is no JSON';
  }
  if (typeof raw !== 'object' || raw === null) return 'it is no envelope';
  const { payloadType, payload, signatures } = raw as Partial<Record<keyof ContentEnvelope, unknown>>;
  if (payloadType !== type) return `payloadType: expected ${type}`;
  if (typeof payload !== 'string') return 'payload: expected base64';
  if (!Array.isArray(signatures) || signatures.length > MOST_SIGNATURES) {
    return `signatures: expected a list of at most ${MOST_SIGNATURES}`;
  }
  const read: { keyid: string; sig: string }[] = [];
  for (const one of signatures as readonly unknown[]) {
    const { keyid, sig } = (one ?? {}) as { readonly keyid?: unknown; readonly sig?: unknown };
    if (typeof keyid !== 'string' || typeof sig !== 'string') return 'signatures: expected keyid and sig';
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(keyid) || sig.length > 128)
      return 'signatures: keyid or sig is too long';
    read.push({ keyid, sig });
  }
  return { payloadType: type, payload, signatures: read };
}

/** Bytes of strict base64; undefined for anything else. */
function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Spare bits of the last character are none: one document has one spelling (RFC 4648 §3.5).
  return bytes.toString('base64') === text ? bytes : undefined;
}

function refused(code: ContentRefusal, reason: string): Opened {
  return { ok: false, code, reason };
}
