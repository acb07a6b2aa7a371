/** What a token's library answered, in words: return values of PKCS #11 v3.0 §5.1 that a person can do something about. */

const RIGHT_PIN = 'Give the right PIN (pin: of the key points to it).';
const WORDS: Readonly<Record<number, readonly [why: string, fix: string]>> = {
  160: ['the token refuses the PIN', RIGHT_PIN],
  161: ['the token refuses the PIN', RIGHT_PIN],
  162: ['the PIN is shorter or longer than the token allows', RIGHT_PIN],
  163: ['the PIN has to be changed first', 'Change it with the tool of the token.'],
  164: ['the PIN is locked', 'Unlock it with the SO PIN (pkcs11-tool --init-pin) or the tool of the token.'],
  224: ['the token is not there', 'Plug it in.'],
  50: ['the token was pulled out', 'Plug it in.'],
  49: ['the token is full', 'Remove what nobody needs, or take another token.'],
  112: ['the token does not know what was asked of it', 'It needs elliptic curves: P-256 and ECDSA.'],
  258: ['the token has no user PIN yet', 'Set one: pkcs11-tool --init-pin.'],
};
/** Those after which a further try would only bring the token nearer to being locked. */
const PIN_REFUSED: ReadonlySet<number> = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);

/** Undefined where there is nothing better to say than the value. */
export function tokenWords(ckr: number): readonly [why: string, fix: string] | undefined {
  return WORDS[ckr];
}

export function refusesPin(ckr: number): boolean {
  return PIN_REFUSED.has(ckr);
}
