/** A receiver of the HTTP uplink on loopback: takes batches in both formats, keeps the books, answers. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { AgentError } from '../../core/errors.ts';
import { type Fields, isFields } from './envelope.ts';
import type { ReceiverLedger } from './ledger.ts';
import { messageOfLines } from './lines.ts';

/** Bytes, before and after decompression. */
const LARGEST_BODY = 64 * 1024 * 1024;
const DECOMPRESS = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) } as const;

export interface HttpReceiverOptions {
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Only this agent; `+`: all. */
  readonly agent: string;
  /** Asked before a message is booked: another status than 204 is answered with this body and nothing is booked. */
  readonly judge?: (message: Fields) => { readonly status: number; readonly body?: string } | undefined;
}

/** What the receiver writes into. */
export type Books = Pick<ReceiverLedger, 'take' | 'malformed'> & Partial<Pick<ReceiverLedger, 'replaced'>>;

export interface HttpReceiver extends AsyncDisposable {
  readonly port: number;
}

/** Rejects with `AgentError` `address-taken` where the port is. */
export async function receiveHttp(
  { port, agent, judge }: HttpReceiverOptions,
  ledger: Books,
): Promise<HttpReceiver> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // The sender went away in the middle, or sent more than anybody should.
      request.destroy();
    });
  });

  /** By agent, the highest generation that has sent: an older unit is refused. */
  const inForce = new Map<string, number>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      request.resume();
      return answer(response, request.method === 'HEAD' ? 204 : 405);
    }
    const read = await readMessage(request);
    if (typeof read === 'string') {
      ledger.malformed(read);
      return answer(response, 400, read);
    }
    if (agent !== '+' && read.agent !== agent) return answer(response, 204);
    const own = Number(request.headers['kerbside-generation'] ?? 1);
    const known = inForce.get(String(read.agent)) ?? 1;
    if (own < known) {
      ledger.replaced?.();
      response.setHeader('Kerbside-Generation', String(known));
      return answer(response, 409, JSON.stringify({ replaced: { generation: known } }));
    }
    if (Number.isInteger(own)) inForce.set(String(read.agent), own);
    const verdict = judge?.(read);
    if (verdict !== undefined && verdict.status !== 204)
      return answer(response, verdict.status, verdict.body);
    const key = keyOf(read);
    const given = request.headers['idempotency-key'];
    if (given !== key) ledger.malformed(`Idempotency-Key ${given ?? 'is missing'} instead of ${key}`);
    ledger.take(read);
    answer(response, 204);
  }

  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    throw new AgentError('address-taken', `listening on 127.0.0.1:${port} failed: ${cause}`, {
      cause,
      fix: 'Give another port to --http.',
    });
  }
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, status: number, body?: string): void {
  response.writeHead(status, body === undefined ? {} : { 'Content-Type': 'application/json' });
  response.end(body);
}

/** The message of a request, or why there is none. */
async function readMessage(request: IncomingMessage): Promise<Fields | string> {
  const body = await readBody(request);
  if (body === undefined) return `a body of ${request.headers['content-encoding']} that cannot be read`;
  const text = body.toString('utf8');
  if (request.headers['content-type']?.startsWith('text/plain') === true) return messageOfLines(text);
  try {
    const parsed: unknown = JSON.parse(text);
    return isFields(parsed) ? parsed : 'a body that is not a JSON object';
  } catch {
    return 'a body that is not JSON';
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new Error('too much');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined) return body;
  if (encoding !== 'gzip' && encoding !== 'zstd') return undefined;
  return DECOMPRESS[encoding](body, { maxOutputLength: LARGEST_BODY }).catch(() => undefined);
}

function keyOf({ agent, epoch, lane, first, last }: Fields): string {
  return `"${agent}/${epoch}/${lane}/${first}-${last}"`;
}
