/** The key of the device: Ed25519, made at the first start, in the state folder, for nobody but the agent's user. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThereSync, replaceFileSync } from '../../core/durable-file.ts';
import { storeError } from '../sqlite.ts';
import { publicText } from './statement.ts';

export const KEY_NAME = 'device-key.pem';

export function keyFile(dir: string): string {
  return join(dir, KEY_NAME);
}

/**
 * The key of `dir`, made where there is none. A file that holds no such key is moved aside (`….bad`), and a new one
 * made: readings are worth more than an unbroken key. Throws `AgentError` where it can be neither read nor written.
 */
export function deviceKey(dir: string): KeyObject {
  const file = keyFile(dir);
  try {
    const known = readKey(file);
    if (known !== undefined) return known;
    const { privateKey } = generateKeyPairSync('ed25519');
    replaceFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return privateKey;
  } catch (thrown) {
    throw storeError(thrown, `opening of the device key ${file}`);
  }
}

/** The public key of a state folder, base64url; undefined where it has no key yet. Changes nothing. */
export function devicePublicKey(dir: string): string | undefined {
  const file = keyFile(dir);
  try {
    const pem = readIfThereSync(file);
    return pem === undefined ? undefined : publicText(createPrivateKey(pem));
  } catch (thrown) {
    throw storeError(thrown, `reading of the device key ${file}`);
  }
}

function readKey(file: string): KeyObject | undefined {
  const pem = readIfThereSync(file);
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Cut off or overwritten.
  }
  renameSync(file, `${file}.bad`);
  return undefined;
}
