/** Login at a camera over HTTP: basic (RFC 7617) or digest (RFC 7616, RFC 2617), as the camera asks for it. */
import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Longest header looked at, characters. */
const MAX_HEADER = 4096;

/** The challenges of a WWW-Authenticate field, several of which may stand in one (RFC 9110 §11.6.1). Never throws. */
export function parseChallenges(header: string): readonly Challenge[] {
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  const item = new RegExp(
    `\\s*,?\\s*(?:(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))|(${token})(?:\\s+|,|$))`,
    'y',
  );
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const text = header.slice(0, MAX_HEADER);
  for (let match = item.exec(text); match !== null && match[0] !== ''; match = item.exec(text)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else if (name !== undefined) {
      const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
      found.at(-1)?.parameters.set(name.toLowerCase(), value);
    }
  }
  return found;
}

/** Strongest first. */
const ALGORITHMS: readonly (readonly [name: string, hash: string])[] = [
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
];

interface Digest {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the camera wrote it, with -sess where it did. */
  readonly algorithm: string | undefined;
  readonly hash: string;
  readonly session: boolean;
  readonly auth: boolean;
}

type Chosen = { readonly kind: 'basic' } | { readonly kind: 'digest'; readonly digest: Digest };

/**
 * Remembers what the camera asked for, so that later requests carry the answer at once. A password goes out in the
 * clear (basic) only to a camera that offers nothing else.
 */
export class Login {
  readonly #credentials: Credentials | undefined;
  readonly #cnonce: () => string;
  #chosen: Chosen | undefined;
  /** Requests with the nonce in force. */
  #count = 0;

  constructor(credentials: Credentials | undefined, cnonce = () => randomBytes(12).toString('hex')) {
    this.#credentials = credentials;
    this.#cnonce = cnonce;
  }

  /** Takes what came with a 401. True: the same request again can succeed. */
  challenged(header: string | null): boolean {
    if (this.#credentials === undefined || header === null) return false;
    const challenges = parseChallenges(header);
    const before = this.#chosen;
    const digest = strongest(challenges);
    if (digest !== undefined) {
      // The same nonce again means that the answer was wrong, not that it was old.
      const again = before?.kind === 'digest' && before.digest.nonce === digest.nonce;
      this.#chosen = { kind: 'digest', digest };
      this.#count = 0;
      return !again;
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return false;
    this.#chosen = { kind: 'basic' };
    return before?.kind !== 'basic';
  }

  /** Value of the Authorization field; undefined before anything was asked for. `uri`: path and query as sent. */
  authorization(method: string, uri: string): string | undefined {
    const { username, password } = this.#credentials ?? {};
    if (this.#chosen === undefined || username === undefined || password === undefined) return undefined;
    if (this.#chosen.kind === 'basic') {
      return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    }
    const { realm, nonce, opaque, algorithm, hash, session, auth } = this.#chosen.digest;
    const H = (text: string) => createHash(hash).update(text).digest('hex');
    const cnonce = this.#cnonce();
    this.#count += 1;
    const nc = this.#count.toString(16).padStart(8, '0');
    // RFC 7616 §3.4.2 A1, §3.4.3 A2, §3.4.1 response; without qop as RFC 2617 §3.2.2.1 has it for older cameras.
    const secret = H(`${username}:${realm}:${password}`);
    const a1 = session ? H(`${secret}:${nonce}:${cnonce}`) : secret;
    const a2 = H(`${method}:${uri}`);
    const response = H(auth ? `${a1}:${nonce}:${nc}:${cnonce}:auth:${a2}` : `${a1}:${nonce}:${a2}`);
    const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
    const parts = [
      `username=${quoted(username)}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
      ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
      `response="${response}"`,
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(auth ? ['qop=auth', `nc=${nc}`] : []),
      ...(auth || session ? [`cnonce="${cnonce}"`] : []),
    ];
    return `Digest ${parts.join(', ')}`;
  }
}

function strongest(challenges: readonly Challenge[]): Digest | undefined {
  const offered = challenges.filter(({ scheme }) => scheme === 'digest');
  for (const [name, hash] of ALGORITHMS) {
    for (const { parameters } of offered) {
      const algorithm = parameters.get('algorithm');
      const [plain = 'MD5', session] = (algorithm ?? 'MD5').toUpperCase().split(/-(?=SESS$)/);
      const nonce = parameters.get('nonce');
      const qop = parameters.get('qop')?.split(/\s*,\s*/);
      if (plain !== name || nonce === undefined || (qop !== undefined && !qop.includes('auth'))) continue;
      return {
        realm: parameters.get('realm') ?? '',
        nonce,
        opaque: parameters.get('opaque'),
        algorithm,
        hash,
        session: session !== undefined,
        auth: qop !== undefined,
      };
    }
  }
  return undefined;
}
