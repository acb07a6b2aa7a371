/** The city's desk for words on public boards: what it decides is signed with its key and laid into a unit's folder. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TYPE = 'application/vnd.kerbside.content+json';
const KEY = 'city';
/** Bytes of an Ed25519 public key at the end of its SPKI form. RFC 8410 §4. */
const RAW = 32;

export interface BoardTakeover {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'emergency';
  readonly title: Readonly<Record<string, string>>;
  readonly text: Readonly<Record<string, string>>;
  /** Unix epoch ms. */
  readonly from: number;
  readonly until: number;
}

export interface ContentDesk {
  /** As the site file has it. */
  readonly key: { readonly id: string; readonly public: string };
  /** Lays what takes whole boards over into a folder, in force between the moments it says. */
  takeOver(folder: string, site: string, issued: number, takeovers: readonly BoardTakeover[]): void;
}

export function contentDesk(): ContentDesk {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-RAW);
  return {
    key: { id: KEY, public: raw.toString('base64') },
    takeOver(folder, site, issued, takeovers) {
      const iso = (time: number): string => new Date(time).toISOString();
      const last = Math.max(...takeovers.map(({ until }) => until));
      const document = {
        channel: 'takeover',
        version: Math.floor(issued / 1000),
        issued: iso(issued),
        expires: iso(last + 86_400_000),
        scope: { sites: [site] },
        takeovers: takeovers.map(({ from, until, ...rest }) => ({
          ...rest,
          priority: 9,
          from: iso(from),
          until: iso(until),
        })),
      };
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'takeover.json'), envelope(document, privateKey));
    },
  };
}

/** DSSE v1.0.0, with the pre-authentication encoding of its protocol.md. */
function envelope(document: object, key: KeyObject): string {
  const payload = Buffer.from(JSON.stringify(document));
  const head = Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `);
  const sig = sign(null, Buffer.concat([head, payload]), key);
  return JSON.stringify({
    payloadType: TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: KEY, sig: sig.toString('base64') }],
  });
}
