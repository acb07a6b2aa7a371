/** Claims of a city under test, a small HTTP city that exchanges codes for them, and a factory image in a folder. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'yaml';
import { CLAIM_TYPE, newContentKey, sealEnvelope } from '../../agent/core/envelope.ts';

export const CITY_KEY = newContentKey('city-1');

export interface ClaimChange {
  readonly id?: string;
  readonly site?: string;
  readonly agent?: string;
  readonly issued?: string;
  readonly expires?: string;
  readonly hardware?: 'any' | readonly string[];
  readonly siteFile?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A signed claim as the text of its file. `now`: Unix epoch ms of the signing. */
export function claimText(site: string, change: ClaimChange = {}, now = Date.now(), key = CITY_KEY): string {
  const claim = {
    v: 1,
    id: 'claim-0001',
    site: 'demo-street',
    agent: 'pole-0817',
    issued: new Date(now).toISOString(),
    expires: new Date(now + 86_400_000).toISOString(),
    hardware: 'any',
    siteFile: 'site.yaml',
    files: { 'site.yaml': site },
    ...change,
  };
  return JSON.stringify(sealEnvelope(Buffer.from(JSON.stringify(claim)), key.key.id, key.secret, CLAIM_TYPE));
}

export interface ClaimCity extends AsyncDisposable {
  /** For `url:` of claim.yaml. */
  readonly url: string;
  /** Codes that were asked, as they came. */
  readonly asked: string[];
  /** What is behind a code; handed out once. */
  readonly claims: Map<string, string>;
}

/** Answers 404 for a code that it does not know or has handed out. */
export async function openClaimCity(): Promise<ClaimCity> {
  const claims = new Map<string, string>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const code = /^\/claims\/([^/?]+)/.exec(request.url ?? '')?.[1] ?? '';
    asked.push(request.url ?? '');
    const claim = claims.get(code);
    claims.delete(code);
    response.statusCode = claim === undefined ? 404 : 200;
    response.end(claim ?? 'no');
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/claims/{code}?hardware={hardware}`,
    asked,
    claims,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Text of a claim.yaml. */
export function claimYaml(more: Readonly<Record<string, unknown>> = {}): string {
  return stringify({ keys: [CITY_KEY.key], console: { listen: '127.0.0.1:0' }, ...more });
}
