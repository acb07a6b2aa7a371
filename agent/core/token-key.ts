/** A private key that lies in a PKCS #11 token (TPM, secure element, smart card), by the URI of RFC 7512. */

/** How a key in a token is reached, as the site file says it; the PIN is resolved. */
export interface TokenKey {
  /** `pkcs11:token=…;object=…`, without a PIN. */
  readonly uri: string;
  /** User PIN of the token; absent: it asks for none. */
  readonly pin?: string;
  /** Path of the PKCS #11 library of the token; absent: all that p11-kit knows. */
  readonly module?: string;
}

/** What a URI says of the token and the key in it. Texts as they are in the token. */
export interface KeyName {
  readonly token?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly serial?: string;
  /** Label of the key. */
  readonly object?: string;
  /** CKA_ID of the key. */
  readonly id?: Uint8Array;
}

export type ParsedUri =
  | { readonly ok: true; readonly name: KeyName }
  | { readonly ok: false; readonly message: string; readonly fix: string };

/** Longer ones are refused, characters. */
const LONGEST = 1024;
/** Bytes that a token has for each (PKCS #11 v3.0 §3.4, CK_TOKEN_INFO); of a key's label and id more than any token keeps. */
const ROOM = { token: 32, manufacturer: 32, model: 16, serial: 16, object: 255, id: 255 } as const;
type Attribute = keyof typeof ROOM;
/** Attributes of RFC 7512 that say where a PIN or a library is: both have a place of their own in the site file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'pin-value': 'write the PIN beside it, by reference: pin: "$' + '{env:TOKEN_PIN}"',
  'pin-source': 'write the PIN beside it, by reference: pin: file:…',
  'module-path': 'write the library beside it: module: /usr/lib/…',
  'module-name': 'write the library beside it: module: /usr/lib/…',
};
const EXAMPLE = 'write pkcs11:token=kerbside;object=device';
/** pk11-pchar and pk11-qchar of RFC 7512 §2.3 without what separates, and percent-encoded bytes. */
const VALUE = /^(?:[A-Za-z0-9._~:[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*$/;

/** Reads a URI that names one key in one token. Values are never repeated in messages: a PIN may stand there by mistake. */
export function parseKeyUri(text: string): ParsedUri {
  const no = (message: string, fix = EXAMPLE): ParsedUri => ({ ok: false, message, fix });
  if (text.length > LONGEST) return no(`a PKCS#11 URI has at most ${LONGEST} characters`);
  if (!/^pkcs11:/i.test(text)) return no('a PKCS#11 URI begins with pkcs11:');
  const [path = '', ...query] = text.slice('pkcs11:'.length).split('?');
  const written = [...path.split(';'), ...query.join('?').split('&')].filter((part) => part !== '');
  const found = new Map<string, Uint8Array>();
  for (const part of written) {
    const [name = '', ...rest] = part.split('=');
    const elsewhere = ELSEWHERE[name];
    if (elsewhere !== undefined) return no(`${name} does not belong into the URI`, elsewhere);
    const known = Object.hasOwn(ROOM, name) || name === 'type';
    if (!known || rest.length === 0) {
      const got = /^[a-z][a-z-]{0,31}$/.test(name) ? `got ${name}` : 'got something else';
      return no(`the URI may say ${Object.keys(ROOM).join(', ')}, ${got}`);
    }
    const value = rest.join('=');
    if (!VALUE.test(value))
      return no(`${name} has characters that have to be percent-encoded`, 'write %20 for a space, %3B for ;');
    if (found.has(name)) return no(`${name} stands there twice`, 'remove one of them');
    found.set(name, decoded(value));
  }
  const type = found.get('type');
  if (type !== undefined && Buffer.from(type).toString() !== 'private')
    return no('type is something else than private', 'remove type');
  found.delete('type');
  const name: { -readonly [key in Attribute]?: string | Uint8Array } = {};
  for (const [key, bytes] of found as Map<Attribute, Uint8Array>) {
    // Programs that print URIs write what a token leaves empty, too.
    if (bytes.length === 0) continue;
    if (bytes.length > ROOM[key]) return no(`${key} has at most ${ROOM[key]} bytes`);
    const value = key === 'id' ? bytes : textOf(bytes);
    if (value === undefined) return no(`${key} is no text in UTF-8`);
    name[key] = value;
  }
  if (name.token === undefined && name.serial === undefined)
    return no('it has to name the token: token= or serial=');
  if (name.object === undefined && name.id === undefined) return no('it has to name the key: object= or id=');
  return { ok: true, name: name as KeyName };
}

/** The URI of a key; with `pin`, for the library alone. */
export function keyUri(name: KeyName, pin?: string): string {
  const { id, ...texts } = name;
  const parts = Object.entries(texts).map(([key, value]) => `${key}=${encoded(Buffer.from(value, 'utf8'))}`);
  // All of an id in percent, as RFC 7512 §2.3 advises.
  if (id !== undefined) parts.push(`id=${[...id].map(percent).join('')}`);
  // What OpenSSL's engine reads has the PIN among the attributes of the path.
  if (pin !== undefined) parts.push(`pin-value=${encoded(Buffer.from(pin, 'utf8'))}`);
  return `pkcs11:${parts.join(';')}`;
}

function encoded(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(char) ? char : percent(byte);
    })
    .join('');
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
}

function decoded(value: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    if (value[i] !== '%') bytes.push(value.charCodeAt(i));
    else {
      bytes.push(Number.parseInt(value.slice(i + 1, i + 3), 16));
      i += 2;
    }
  }
  return Uint8Array.from(bytes);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Control characters are in no label that a person wrote, and would end up in messages.
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
