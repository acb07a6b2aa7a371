/**
 * The outside of a backup file: one line of JSON that says what it is, then the content in frames, then a SHA-256 of
 * all that. Where it holds secrets the frames are sealed with AES-256-GCM, numbered and with a mark on the last one
 * (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015), so that nothing can be cut off,
 * swapped or put in. The key comes of a passphrase (scrypt, RFC 7914) or of an X25519 key (RFC 7748, HKDF of RFC 5869).
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scryptSync,
} from 'node:crypto';
import { AgentError } from '../core/errors.ts';

/** Plain bytes of a frame. */
const FRAME = 65_536;
const TAG = 16;
/** Bytes of the first line. */
const LONGEST_HEADER = 16_384;
/** Work of scrypt: 64 MB and about a second on a gateway. */
const SCRYPT = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
const LAST = 0x8000_0000;
const DIGEST = 32;

/** Who can open it. `none`: it holds nothing that has to be kept secret. */
export type Sealing =
  | { readonly kind: 'none' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** Public key, PEM. */
  | { readonly kind: 'recipient'; readonly publicKey: string };

export interface Opening {
  readonly passphrase?: string | undefined;
  /** Private X25519 key, PEM. */
  readonly privateKey?: string | undefined;
}

/** What may be known of a backup without opening it. */
export interface Outside {
  readonly kerbside: 'backup';
  readonly v: 1;
  readonly agent: string;
  readonly site: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly version: string;
  readonly seal:
    | { readonly kind: 'none' }
    | { readonly kind: 'passphrase'; readonly salt: string; readonly proof: string }
    | {
        readonly kind: 'recipient';
        readonly recipient: string;
        readonly ephemeral: string;
        readonly proof: string;
      };
}

export type Facts = Pick<Outside, 'agent' | 'site' | 'created' | 'version'>;
type Bytes = AsyncIterable<Uint8Array>;

/** The whole file as bytes. Throws `AgentError` `config-invalid` for a key that is none. */
export async function* seal(content: Bytes, facts: Facts, sealing: Sealing): AsyncGenerator<Uint8Array> {
  const { seal: how, key } = keyFor(sealing);
  const header = Buffer.from(
    `${JSON.stringify({ kerbside: 'backup', v: 1, ...facts, seal: how } satisfies Outside)}\n`,
  );
  const hash = createHash('sha256');
  const out = (bytes: Uint8Array) => {
    hash.update(bytes);
    return bytes;
  };
  yield out(header);
  const about = createHash('sha256').update(header).digest();
  let waiting = Buffer.alloc(0);
  let number = 0;
  const frame = (bytes: Uint8Array, last: boolean) => {
    const body = key === undefined ? bytes : close(key, about, number, last, bytes);
    number += 1;
    const length = Buffer.alloc(4);
    length.writeUInt32BE((body.length | (last ? LAST : 0)) >>> 0);
    return out(Buffer.concat([length, body]));
  };
  for await (const bytes of content) {
    waiting = Buffer.concat([waiting, bytes]);
    // The last frame is known to be the last only when there is nothing behind it.
    for (; waiting.length > FRAME; waiting = waiting.subarray(FRAME))
      yield frame(waiting.subarray(0, FRAME), false);
  }
  yield frame(waiting, true);
  yield hash.digest();
}

/** What stands in the first line, and the content behind it. */
export interface Unsealed {
  readonly outside: Outside;
  readonly content: AsyncGenerator<Uint8Array>;
}

/**
 * Opens a file. Rejects with `frame-invalid` where it is no backup or a damaged one, `unsupported` for one of a newer
 * version, `auth-failed` for a wrong or a missing key. The content throws the same where the damage lies further on,
 * and ends only when everything, the digest too, was right.
 */
export async function unseal(file: Bytes, opening: Opening): Promise<Unsealed> {
  const reader = new Reader(file);
  const header = await reader.line(LONGEST_HEADER);
  const outside = outsideOf(header);
  const known = keys.get(opening);
  const key = known?.seal === JSON.stringify(outside.seal) ? known.key : keyOf(outside.seal, opening);
  // A file is read more than once, and stretching a passphrase is meant to take long.
  if (key !== undefined) keys.set(opening, { seal: JSON.stringify(outside.seal), key });
  const about = createHash('sha256').update(header).digest();
  return { outside, content: frames(reader, key, about) };
}

const keys = new WeakMap<Opening, { readonly seal: string; readonly key: Buffer }>();

async function* frames(reader: Reader, key: Buffer | undefined, about: Buffer): AsyncGenerator<Uint8Array> {
  for (let number = 0, last = false; !last; number++) {
    const word = (await reader.take(4)).readUInt32BE();
    last = (word & LAST) !== 0;
    const length = word & ~LAST;
    const overhead = key === undefined ? 0 : TAG;
    if (length > FRAME + overhead || length < overhead) throw damaged(`a frame of ${length} bytes`);
    const body = await reader.take(length);
    yield key === undefined ? body : open(key, about, number, last, body);
  }
  const digest = reader.digest();
  if (!digest.equals(await reader.take(DIGEST))) throw damaged('its checksum is wrong');
  await reader.end();
}

/** Nonce: number of the frame, and whether it is the last. */
function nonce(number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(number, 7);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

function close(key: Buffer, about: Buffer, number: number, last: boolean, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(number, last)).setAAD(about);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, about: Buffer, number: number, last: boolean, body: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(number, last)).setAAD(about);
  decipher.setAuthTag(body.subarray(body.length - TAG));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG)), decipher.final()]);
  } catch (cause) {
    throw damaged(`frame ${number + 1} was changed`, cause);
  }
}

function keyFor(sealing: Sealing): { seal: Outside['seal']; key: Buffer | undefined } {
  if (sealing.kind === 'none') return { seal: { kind: 'none' }, key: undefined };
  if (sealing.kind === 'passphrase') {
    const salt = randomBytes(16);
    const key = stretched(sealing.passphrase, salt);
    return { seal: { kind: 'passphrase', salt: salt.toString('base64url'), proof: proofOf(key) }, key };
  }
  const recipient = x25519(() => createPublicKey(sealing.publicKey), 'public');
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const [to, ephemeral] = [text(recipient), text(publicKey)];
  const key = agreed(privateKey, recipient, ephemeral, to);
  return { seal: { kind: 'recipient', recipient: to, ephemeral, proof: proofOf(key) }, key };
}

function keyOf(how: Outside['seal'], { passphrase, privateKey }: Opening): Buffer | undefined {
  if (how.kind === 'none') return undefined;
  if (how.kind === 'passphrase') {
    if (passphrase === undefined)
      throw noKey('it is sealed with a passphrase', 'Give the passphrase with --passphrase-file.');
    const key = stretched(passphrase, Buffer.from(how.salt, 'base64url'));
    if (proofOf(key) !== how.proof)
      throw noKey('this is not its passphrase', 'Give the one it was made with.');
    return key;
  }
  if (privateKey === undefined)
    throw noKey('it is sealed for the owner of a key', 'Give the private key with --key.');
  const mine = x25519(() => createPrivateKey(privateKey), 'private');
  const to = text(createPublicKey(mine));
  if (to !== how.recipient)
    throw noKey('it is sealed for another key', `Its public key is ${how.recipient}.`);
  const ephemeral = x25519(() => publicFrom(how.ephemeral), 'public');
  const key = agreed(mine, ephemeral, how.ephemeral, to);
  if (proofOf(key) !== how.proof) throw damaged('its first line was changed');
  return key;
}

function stretched(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase.normalize('NFC'), salt, 32, SCRYPT);
}

function agreed(mine: KeyObject, theirs: KeyObject, ephemeral: string, recipient: string): Buffer {
  const shared = diffieHellman({ privateKey: mine, publicKey: theirs });
  return Buffer.from(hkdfSync('sha256', shared, `${ephemeral}${recipient}`, 'kerbside backup v1', 32));
}

/** Tells a wrong key from a damaged file. */
function proofOf(key: Buffer): string {
  return createHmac('sha256', key).update('kerbside backup key').digest('base64url').slice(0, 16);
}

function text(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64url');
}

function publicFrom(der: string): KeyObject {
  return createPublicKey({ key: Buffer.from(der, 'base64url'), type: 'spki', format: 'der' });
}

function x25519(read: () => KeyObject, which: 'public' | 'private'): KeyObject {
  const fix =
    'Make one: openssl genpkey -algorithm x25519 -out backup.key; openssl pkey -in backup.key -pubout.';
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw new AgentError('config-invalid', `reading of the ${which} key failed: it is none in PEM`, {
      cause,
      fix,
    });
  }
  if (key.asymmetricKeyType === 'x25519') return key;
  const what = `reading of the ${which} key failed: it is of ${key.asymmetricKeyType}, not X25519`;
  throw new AgentError('config-invalid', what, { fix });
}

function outsideOf(line: Buffer): Outside {
  let header: Partial<Outside> | null;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    throw noBackup();
  }
  if (typeof header !== 'object' || header?.kerbside !== 'backup') throw noBackup();
  if (header.v !== 1) {
    throw new AgentError(
      'unsupported',
      `reading of the backup failed: it is of version ${header.v}, known is 1`,
      {
        fix: 'Restore it with the version of Kerbside that made it, or a newer one.',
      },
    );
  }
  const { agent, site, created, version, seal: how } = header;
  const texts = [agent, site, created, version].every((one) => typeof one === 'string' && one.length <= 256);
  if (!texts || typeof how !== 'object' || how === null) throw damaged('its first line is not whole');
  const fields: readonly string[] =
    how.kind === 'none'
      ? []
      : how.kind === 'passphrase'
        ? [how.salt, how.proof]
        : how.kind === 'recipient'
          ? [how.recipient, how.ephemeral, how.proof]
          : [''];
  if (!fields.every((one) => typeof one === 'string' && /^[\w-]{1,200}$/.test(one)))
    throw damaged('its first line does not say how it is sealed');
  return header as Outside;
}

function noBackup(): AgentError {
  return new AgentError('frame-invalid', 'reading of the backup failed: this is no backup of Kerbside', {
    fix: 'Name a file that kerbside backup has made.',
  });
}

function noKey(why: string, fix: string): AgentError {
  return new AgentError('auth-failed', `opening of the backup failed: ${why}`, { fix });
}

/** Nothing is done with a damaged one. */
export function damaged(why: string, cause?: unknown): AgentError {
  return new AgentError('frame-invalid', `reading of the backup failed: the file is damaged (${why})`, {
    retryable: false,
    fix: 'Take another copy of it, or an older backup.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Bytes of a stream in pieces of wanted sizes, and the digest of what was taken. */
class Reader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash = createHash('sha256');
  #have = Buffer.alloc(0);

  constructor(source: Bytes) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#have = Buffer.concat([this.#have, value]);
    return true;
  }

  async take(length: number): Promise<Buffer> {
    while (this.#have.length < length) if (!(await this.#more())) throw damaged('it ends too early');
    const taken = this.#have.subarray(0, length);
    this.#have = this.#have.subarray(length);
    this.#hash.update(taken);
    return taken;
  }

  async line(longest: number): Promise<Buffer> {
    for (;;) {
      const at = this.#have.indexOf(10);
      if (at >= 0 && at < longest) return this.take(at + 1);
      if (at >= 0 || this.#have.length >= longest || !(await this.#more())) throw noBackup();
    }
  }

  digest(): Buffer {
    return this.#hash.copy().digest();
  }

  async end(): Promise<void> {
    if (this.#have.length > 0 || (await this.#more())) throw damaged('there is something behind its end');
  }
}
