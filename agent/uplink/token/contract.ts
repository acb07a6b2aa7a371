/** What the uplink thread and the process beside it, which holds one TLS connection by a key in a token, say to each other. */

/** The pipe of plain bytes in the process; the one of messages is the channel that Node makes. */
export const DATA_FD = 3;

export interface Order {
  readonly host: string;
  readonly port: number;
  /** Path of OpenSSL's engine for PKCS #11. */
  readonly engine: string;
  /** With the PIN in it, which is why it is never an argument or part of the environment. */
  readonly key: string;
  /** PEM texts. */
  readonly cert: string;
  readonly ca?: string;
  /** How often the token is asked to sign, ms. */
  readonly proofEvery: number;
}

export type Report =
  /** `validTo`: end of the far end's certificate, as it says it. */
  | { readonly say: 'up'; readonly validTo: string }
  /** The token gave no key, or signs no more. */
  | ({ readonly say: 'no-key' } & Failure)
  /** The far end was not reached, is not who it should be, or is gone. */
  | ({ readonly say: 'no-link' } & Failure);

/** As Node and OpenSSL tell it; neither holds a PIN or a URI. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}
