/** `key:` of an uplink: a file by reference, or a key that lies in a PKCS #11 token. */
import * as z from 'zod';
import { parseKeyUri, type TokenKey } from '../../core/token-key.ts';
import type { Path } from '../problem.ts';
import { type SecretRef, secret } from '../secret.ts';
import { scalar, text } from '../values.ts';

const uri = scalar({
  expected: 'a PKCS#11 URI that names token and key',
  json: { type: 'string', pattern: '^pkcs11:', examples: ['pkcs11:token=kerbside;object=device'] },
  // What else has to be right of it is told by checkTokenKey, without repeating what may be a PIN.
  read: (raw) => (typeof raw === 'string' && raw.startsWith('pkcs11:') ? raw : undefined),
  write: () => '"pkcs11:token=kerbside;object=device"',
});

const tokenKey = z.strictObject({
  pkcs11: uri.describe('Where the key lies: the token by label or serial number, the key by label or id'),
  pin: secret(`\${env:TOKEN_PIN}`)
    .optional()
    .describe('User PIN of the token, by reference. Absent: it asks for none'),
  module: text('the path of a PKCS#11 library', '/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so')
    .optional()
    .describe('Library of the token. Absent: all that p11-kit knows'),
});
type TokenKeyFile = z.output<typeof tokenKey>;

/** A private key of ours: a file, or one in a token. */
export function privateKey() {
  return z.union([secret('file:./client.key'), tokenKey]);
}

/** The block, where the key lies in a token. */
export function inToken(key: unknown): TokenKeyFile | undefined {
  return typeof key === 'object' && key !== null && 'pkcs11' in key ? (key as TokenKeyFile) : undefined;
}

type Say = (path: Path, message: string, fix?: string) => void;

/** What is wrong with a key in a token; `path` is that of `key`. */
export function checkTokenKey(key: unknown, path: Path, say: Say): void {
  const block = inToken(key);
  if (block === undefined) return;
  const parsed = parseKeyUri(block.pkcs11);
  if (!parsed.ok) say([...path, 'pkcs11'], parsed.message, parsed.fix);
  if (block.module !== undefined && !block.module.startsWith('/'))
    say([...path, 'module'], 'a library is named by its whole path', 'begin it with /');
}

/** The reference of a key that is no token's. */
export function fileRef(key: unknown): SecretRef | undefined {
  return inToken(key) === undefined ? (key as SecretRef | undefined) : undefined;
}

/** As the uplink gets it. */
export function tokenKeyOf(key: unknown, pin: string | undefined): { readonly tokenKey?: TokenKey } {
  const block = inToken(key);
  if (block === undefined) return {};
  return {
    tokenKey: {
      uri: block.pkcs11,
      ...(pin === undefined ? {} : { pin }),
      ...(block.module === undefined ? {} : { module: block.module }),
    },
  };
}
