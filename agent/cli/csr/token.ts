/** The key of this unit in a PKCS #11 token: found by its URI, made where there is none. */
import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { keyNamed, shownToken, tokenNamed } from '../../compose/token-look.ts';
import { type Pointer, type Token, TokenTool } from '../../compose/token-tool.ts';
import { parseSecretRef, resolveSecret } from '../../config/secret.ts';
import { readSource } from '../../config/source.ts';
import { AgentError } from '../../core/errors.ts';
import { type KeyName, keyUri, parseKeyUri } from '../../core/token-key.ts';
import type { Signer } from './request.ts';

export interface TokenOptions {
  readonly token: string;
  readonly module?: string;
  /** A reference, as in a site file. */
  readonly pin?: string;
}

export interface TokenSigner extends Signer {
  readonly made: boolean;
  /** The token in words. */
  readonly where: string;
  /** What the token says of the key, where it was made now: `never extractable` … */
  readonly access: readonly string[];
}

/** Finds the key, or makes it (P-256). `site`: what a reference to a file is relative to. */
export async function signerIn(options: TokenOptions, site: string, renew: boolean): Promise<TokenSigner> {
  const name = nameOf(options.token);
  const pin = await pinOf(options.pin, site);
  const tool = new TokenTool(options.module);
  const token = await tokenNamed(tool, name);
  if (token.login && pin === undefined)
    throw new AgentError(
      'config-invalid',
      `use of the token ${shownToken(token)} failed: it asks for a PIN`,
      {
        fix: `Give --pin '\${env:TOKEN_PIN}' or --pin file:…`,
      },
    );
  const known = keyNamed(await tool.publicKeys(token), name);
  if (known !== undefined && renew)
    throw new AgentError('config-invalid', 'making of a new key failed: there is one of this name', {
      fix: 'Name another: object=device-2. The uplink names it too.',
    });
  let access: readonly string[] = [];
  let key: Pointer | undefined = known;
  if (key === undefined) {
    if (keyNamed(await tool.privateKeys(token, pin), name) !== undefined)
      throw new AgentError('unsupported', 'use of the key failed: the token shows no public half of it', {
        fix: 'Name another key: object=device-2.',
      });
    const fresh = newName(name);
    ({ access } = await tool.makeKey(token, fresh, pin));
    key = fresh;
  }
  const pointer = key;
  const publicKey = await tool.publicKey(token, pointer);
  onlyP256(publicKey);
  return {
    publicKey,
    made: known === undefined,
    where: shownToken(token),
    access,
    sign: (bytes) => tool.sign(token, pointer, createHash('sha256').update(bytes).digest(), pin),
  };
}

/** The public half of a key in a token. Asks for no PIN. */
export async function publicKeyIn({ token: uri, module }: TokenOptions): Promise<KeyObject> {
  const name = nameOf(uri);
  const tool = new TokenTool(module);
  const token = await tokenNamed(tool, name);
  const key = keyNamed(await tool.publicKeys(token), name);
  if (key !== undefined) return tool.publicKey(token, key);
  throw new AgentError('not-found', `use of the token ${shownToken(token)} failed: it has no such key`, {
    fix: 'Make one: kerbside csr make --token.',
  });
}

/** The one token that is plugged in, as it would be named; undefined where there is none, or several, or nobody knows. */
export async function onlyToken(): Promise<{ readonly where: string; readonly uri: string } | undefined> {
  try {
    const [token, ...others] = await new TokenTool().tokens();
    if (token === undefined || others.length > 0) return undefined;
    return { where: shownToken(token), uri: keyUri(byLabel(token)) };
  } catch {
    // No tool, no library: then no token could be used either.
    return undefined;
  }
}

function byLabel({ label, serial }: Token): KeyName {
  return { ...(label === '' ? { serial } : { token: label }), object: 'device' };
}

function newName({ object = 'kerbside', id }: KeyName): Required<Pointer> {
  return { label: object, id: Buffer.from(id ?? randomBytes(8)).toString('hex') };
}

function nameOf(uri: string): KeyName {
  const parsed = parseKeyUri(uri);
  if (parsed.ok) return parsed.name;
  throw new AgentError('config-invalid', `reading of --token failed: ${parsed.message}`, { fix: parsed.fix });
}

async function pinOf(written: string | undefined, site: string): Promise<string | undefined> {
  if (written === undefined) return undefined;
  const ref = parseSecretRef(written);
  const fix = `Write --pin '\${env:TOKEN_PIN}' (in quotes) or --pin file:…`;
  // A PIN on a command line is in the list of processes and in the history of the shell.
  if (ref === undefined)
    throw new AgentError('config-invalid', 'reading of --pin failed: it is no reference', { fix });
  const resolved = await resolveSecret(ref, site, process.env, readSource);
  if (resolved.ok) return resolved.value;
  throw new AgentError('config-invalid', `reading of --pin failed: ${resolved.message}`, {
    fix: resolved.fix,
  });
}

function onlyP256({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): void {
  const curve = asymmetricKeyDetails?.namedCurve;
  if (type === 'ec' && curve === 'prime256v1') return;
  throw new AgentError(
    'unsupported',
    `signing of a request failed: the key is ${curve ?? type}, expected P-256`,
    {
      fix: 'Name another key: object=device-2.',
    },
  );
}
