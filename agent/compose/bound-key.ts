/**
 * The key of this unit for TLS, made on it and bound to it: sealed with what only this machine says of itself (serial
 * number of the processor, else the machine id of the system), so that a copy of the file, or on a Raspberry Pi the whole
 * card, is of no use elsewhere. Who is root on the machine can open it: it is no secure element.
 */
import { createCipheriv, createDecipheriv, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { give } from '../backup/plan.ts';
import { type ReadSource, readSource, type Source } from '../config/source.ts';
import { readIfThereSync, replaceFileSync } from '../core/durable-file.ts';
import { hardwareIds } from '../store/identity.ts';

const BEGIN = '-----BEGIN KERBSIDE BOUND KEY-----';
const END = '-----END KERBSIDE BOUND KEY-----';
const [SALT, NONCE, TAG] = [16, 12, 16];

export function keyPath(state: string): string {
  return join(state, 'tls', 'device.key');
}
export function certPath(state: string): string {
  return join(state, 'tls', 'device.pem');
}

export interface UnitKey {
  /** PKCS #8, PEM. */
  readonly pem: string;
  /** What it is bound to; undefined where this machine says nothing of itself. */
  readonly bound: string | undefined;
  readonly made: boolean;
}

/** The key of a state folder, made (P-256) where there is none or `renew` asks for it. Throws where it is another machine's. */
export function unitKey(state: string, renew: boolean): UnitKey {
  const file = keyPath(state);
  const known = renew ? undefined : readIfThereSync(file)?.toString('utf8');
  if (known !== undefined) {
    const opened = unbind(known, bindings());
    if (opened === undefined) throw new Error('it was made on another machine');
    return { pem: opened, bound: known.startsWith(BEGIN) ? bindings()[0] : undefined, made: false };
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [bound] = bindings();
  replaceDurably(file, state, bound === undefined ? pem : bind(pem, bound));
  return { pem, bound, made: true };
}

/** Puts a file of the state folder in its place whole, for the owner of the folder. */
export function replaceDurably(file: string, state: string, text: string): void {
  replaceFileSync(file, text, (fresh) => give(fresh, state));
  give(dirname(file), state);
}

/** Reads files of a site; a bound key comes as the PEM it is on its own machine, and not at all on another. */
export const readUnbound: ReadSource = async (file): Promise<Source> => {
  const source = await readSource(file);
  if (!source.ok || !source.text.startsWith(BEGIN)) return source;
  const text = unbind(source.text, bindings());
  if (text !== undefined) return { ok: true, text };
  return {
    ok: false,
    message: 'the key in it was made on another machine',
    fix: 'make one here: kerbside csr make --new-key, and have it certified',
  };
};

/** Ids that every user of the machine reads alike, the better one first. */
function bindings(): readonly string[] {
  return hardwareIds().filter((id) => id.startsWith('cpu:') || id.startsWith('machine:'));
}

export function bind(pem: string, id: string): string {
  const [salt, nonce] = [randomBytes(SALT), randomBytes(NONCE)];
  const cipher = createCipheriv('aes-256-gcm', keyOf(id, salt), nonce);
  const body = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final()]);
  const all = Buffer.concat([salt, nonce, cipher.getAuthTag(), body]).toString('base64');
  return `${BEGIN}\n${all.replace(/(.{64})/g, '$1\n').trim()}\n${END}\n`;
}

/** The PEM inside; text that is not bound as it is; undefined where none of `ids` opens it. Never throws. */
export function unbind(text: string, ids: readonly string[]): string | undefined {
  if (!text.startsWith(BEGIN)) return text;
  const all = Buffer.from(text.slice(BEGIN.length, text.indexOf(END)), 'base64');
  for (const id of ids) {
    try {
      const decipher = createDecipheriv(
        'aes-256-gcm',
        keyOf(id, all.subarray(0, SALT)),
        all.subarray(SALT, SALT + NONCE),
      );
      decipher.setAuthTag(all.subarray(SALT + NONCE, SALT + NONCE + TAG));
      return Buffer.concat([decipher.update(all.subarray(SALT + NONCE + TAG)), decipher.final()]).toString(
        'utf8',
      );
    } catch {
      // Bound to something else.
    }
  }
  return undefined;
}

function keyOf(id: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', `kerbside ${id}`, salt, 'kerbside bound key v1', 32));
}
