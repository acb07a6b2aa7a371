/** What the words of OpenSSL, its engine and the library of a token mean, and what to do about each. */
import { AgentError } from '../../core/errors.ts';
import type { TokenKey } from '../../core/token-key.ts';
import { refusesPin, tokenWords } from '../../core/token-words.ts';
import type { Failure } from './contract.ts';
import { ENGINE_PACKAGE } from './engine.ts';

/** The CKR of a failure of the library, undefined where it is none. */
function ckrOf({ message }: Failure): number | undefined {
  if (!/PKCS#11 module/.test(message)) return undefined;
  const code = /error:([0-9A-F]{8}):/.exec(message)?.[1];
  // Eight bits of library, 23 of reason (OpenSSL 3, ERR_PACK).
  return code === undefined ? undefined : Number.parseInt(code, 16) & 0x7fffff;
}

/** Whether a further try with the same PIN would only bring the token nearer to being locked. */
export function pinRefused(failure: Failure): boolean {
  return refusesPin(ckrOf(failure) ?? -1);
}

/** Why there is no key, for whoever has to mend it. `signed`: it was there before. */
export function keyTrouble(failure: Failure, { uri, module, pin }: TokenKey, signed = false): AgentError {
  const [why, fix] = reason(failure, module, pin !== undefined, signed);
  return new AgentError('auth-failed', `use of the key ${uri} failed: ${why}`, {
    retryable: true,
    fix,
    context: { code: failure.code, token: true },
    cause: new Error(failure.message),
  });
}

function reason(
  failure: Failure,
  module: string | undefined,
  pin: boolean,
  signed: boolean,
): readonly [string, string] {
  const { code, message } = failure;
  const known = tokenWords(ckrOf(failure) ?? -1);
  if (known !== undefined) return known;
  if (signed)
    return [
      `the token does not sign any more (${said(message)})`,
      'Plug it in again; the uplink comes back by itself.',
    ];
  if (/object not found/.test(message))
    return [
      'no token that is plugged in has such a key',
      'Plug the token in, and compare: pkcs11-tool --list-token-slots, kerbside csr make --token.',
    ];
  if (/Unable to load PKCS#11 module/.test(message))
    return [
      `the library ${module ?? 'of p11-kit'} cannot be loaded`,
      module === undefined ? 'Install p11-kit.' : 'Write the path of the library of the token as module.',
    ];
  if (/pkcs11 engine::invalid parameter/.test(message))
    return [
      'the library shows no reader and no token',
      'Plug the token in, and try pkcs11-tool --list-token-slots.',
    ];
  if (/UI routines/.test(message) && !pin)
    return ['the token asks for a PIN', `Write pin: "\${env:TOKEN_PIN}" beside pkcs11.`];
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return [
      'the certificate is for another key',
      'Install the one for this key: kerbside csr make --token …, then kerbside csr install.',
    ];
  if (/DSO support|engine routines/.test(message))
    return [`OpenSSL's engine cannot be loaded (${said(message)})`, `Install ${ENGINE_PACKAGE} again.`];
  return [said(message), 'Try the token with pkcs11-tool --test, and see docs/provisioning.md.'];
}

/** The last word of `error:41800082:PKCS#11 module:ERR_CKR_error:Object handle invalid:p11_ec.c:419:`. */
function said(message: string): string {
  const parts =
    message
      .split('\n')[0]
      ?.split(':')
      .filter((part) => part !== '') ?? [];
  const words = parts.filter((part) => !/^\d+$|\.c$|^error$|^[0-9A-F]{8,}$|^ERR_CKR_error$/.test(part));
  const last = (words.at(-1) ?? message).replaceAll(/\p{Cc}+/gu, ' ').trim();
  return last === '' ? 'it gives no reason' : last.slice(0, 200);
}
