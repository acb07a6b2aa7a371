/** Which key in which token a URI means, and whether a certificate fits it. Looks only: no PIN is tried. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { samePublicKey } from '../core/certificate.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import { type KeyName, parseKeyUri, type TokenKey } from '../core/token-key.ts';
import { ENGINE_PACKAGE, enginePath } from '../uplink/token/engine.ts';
import { isKey, isToken, type ListedKey, type Token, TokenTool } from './token-tool.ts';

/** The one token that `name` means. Throws `AgentError` where none is plugged in, or more than one fits. */
export async function tokenNamed(tool: TokenTool, name: KeyName): Promise<Token> {
  const there = await tool.tokens();
  const fitting = there.filter((token) => isToken(token, name));
  const [token] = fitting;
  const what = 'work with the token failed';
  if (token === undefined) {
    const others =
      there.length === 0 ? 'none is plugged in' : `plugged in: ${there.map(shownToken).join('; ')}`;
    throw new AgentError('not-found', `${what}: no such token (${others})`, {
      fix: 'Plug it in, or initialise it: pkcs11-tool --init-token; then see pkcs11-tool --list-token-slots.',
    });
  }
  if (fitting.length > 1)
    throw new AgentError('config-invalid', `${what}: ${fitting.length} tokens have this name`, {
      fix: `Add the serial number: serial=${token.serial}`,
    });
  return token;
}

/** The key that `name` means in `token`; undefined where there is none. Throws where more than one fits. */
export function keyNamed(keys: readonly ListedKey[], name: KeyName): ListedKey | undefined {
  const fitting = keys.filter((key) => isKey(key, name));
  if (fitting.length > 1)
    throw new AgentError(
      'config-invalid',
      `work with the token failed: ${fitting.length} keys have this name`,
      {
        fix: `Add the id of the right one: id=%${fitting[0]?.id?.slice(0, 2) ?? '01'}…`,
      },
    );
  return fitting[0];
}

export function shownToken({ label, model, serial }: Token): string {
  return `${label} (${[model, serial].filter((one) => one !== '').join(', ')})`;
}

export interface Look {
  readonly state: 'ok' | 'fault' | 'unknown';
  readonly says: string;
  readonly fix?: string;
}

/** Whether an uplink can use its key in a token. Never rejects. */
export async function lookAtKey(
  { uri, module }: TokenKey,
  cert: string | undefined,
  tool: TokenTool = new TokenTool(module),
): Promise<Look> {
  if (enginePath() === undefined)
    return {
      state: 'fault',
      says: "OpenSSL's engine for PKCS#11 is missing",
      fix: `install ${ENGINE_PACKAGE}`,
    };
  try {
    const parsed = parseKeyUri(uri);
    if (!parsed.ok) return { state: 'fault', says: parsed.message, fix: parsed.fix };
    const token = await tokenNamed(tool, parsed.name);
    const key = keyNamed(await tool.publicKeys(token), parsed.name);
    if (key === undefined)
      return {
        state: 'fault',
        says: `no public key of this name is to be seen in the token ${shownToken(token)}`,
        fix: 'kerbside csr make --token makes one',
      };
    if (cert !== undefined && !isFor(cert, await tool.publicKey(token, key)))
      return {
        state: 'fault',
        says: `the certificate is for another key than the one in the token ${shownToken(token)}`,
        fix: 'have the request of this key signed: kerbside csr make --token, kerbside csr install --token',
      };
    return { state: 'ok', says: `key ${key.label ?? key.id ?? ''} in the token ${shownToken(token)}` };
  } catch (thrown) {
    const { message, fix, context } = asAgentError(thrown);
    const state = context.tool === 'missing' ? 'unknown' : 'fault';
    return { state, says: message, ...(fix === undefined ? {} : { fix }) };
  }
}

function isFor(cert: string, key: KeyObject): boolean {
  return samePublicKey(new X509Certificate(cert).publicKey, key);
}
