/** How the nodes know an agent behind TLS: by an authority or a fingerprint, and nothing is sent to anybody else. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentClient } from '../../../flows/nodes/kerbside-agent/client.js';

const pem = (name: string) => readFileSync(new URL(`../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');
const heard: (string | undefined)[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer({ cert: pem('broker'), key: pem('broker-key') }, (request, response) => {
    heard.push(request.headers.authorization);
    response.setHeader('content-type', 'application/json');
    response.end('{"id":"demo-street"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(trust?: { ca?: string; fingerprint?: string }): Promise<unknown> {
  const client = new AgentClient(url, 'secret', trust);
  try {
    return await client.call('/site');
  } finally {
    client.close();
  }
}

const { fingerprint256 } = new X509Certificate(pem('broker'));

test.each([
  ['the PEM of its authority', { ca: pem('ca') }],
  ['its fingerprint', { fingerprint: fingerprint256 }],
  [
    'its fingerprint without colons, in small letters',
    { fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() },
  ],
])('an agent is known by %s', async (_, trust) => {
  heard.length = 0;
  expect(await ask(trust)).toEqual({ id: 'demo-street' });
  expect(heard).toEqual(['Bearer secret']);
});

test.each([
  ['no authority known', undefined, /certificate|issuer|self-signed/],
  ['another authority', { ca: pem('stranger') }, /certificate|issuer|self-signed/],
  [
    'another fingerprint',
    { fingerprint: fingerprint256.replace(/^../, 'AA') },
    /another one: its fingerprint is/,
  ],
])('with %s nothing is sent to it, not even the token', async (_, trust, why) => {
  heard.length = 0;
  await expect(ask(trust)).rejects.toThrow(why);
  expect(heard).toEqual([]);
});
