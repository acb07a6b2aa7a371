/**
 * Reading over verified TLS: the only way in which texts that nobody signed get here. No redirects are followed, so what
 * answers is the address that the site file names; bodies are bounded by whoever reads them.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { AgentError } from './errors.ts';

/** One address to read from. */
export interface SecureAddress {
  /** `https:` */
  readonly url: string;
  /** PEM of the authority that signed it; absent: those that Node brings. */
  readonly ca?: string;
  /** Bearer token. */
  readonly token?: string;
}

export interface SecureAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
}

/** Longest wait for head and body together, ms. */
const DEADLINE = 60_000;

/**
 * GETs `address`. Resolves with the head of the answer; its body has to be read or destroyed. Rejects with `AgentError`
 * where nothing answers, or where the certificate is not that of the address.
 */
export function secureGet(
  { url, ca, token }: SecureAddress,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  deadline = DEADLINE,
): Promise<SecureAnswer> {
  const place = new URL(url).host;
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: 'GET',
        agent: false,
        rejectUnauthorized: true,
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadline)]),
        headers: {
          'User-Agent': 'kerbside',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        // Errors of the body reach whoever reads it.
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      },
    );
    asked.on('error', (cause) => {
      const why = cause.name === 'TimeoutError' || asked.destroyed ? causeOf(cause, deadline) : cause.message;
      reject(new AgentError('source-failed', `reading ${place} failed: ${why}`, { cause, retryable: true }));
    });
    asked.end();
  });
}

/** All of a body of at most `largest` bytes. Rejects with `AgentError` `frame-invalid` where it is longer. */
export async function bodyOf({ body }: SecureAnswer, largest: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > largest) {
      body.destroy();
      throw new AgentError('frame-invalid', `reading failed: the body goes on behind ${largest} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function causeOf(cause: Error, deadline: number): string {
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  return inner.name === 'TimeoutError' ? `no answer within ${deadline / 1000} s` : inner.message;
}
