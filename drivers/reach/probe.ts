/** One look whether a neighbour is there. ICMP needs rights that the agent does not have; a connection needs none. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

export interface Target {
  readonly check: 'tcp' | 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly refused: 'up' | 'down';
}

/** Whether it answered before `signal` aborted. Never rejects, leaves nothing open. */
export function probe(target: Target, signal: AbortSignal): Promise<boolean> {
  return target.check === 'tcp' ? tcp(target, signal) : page(target, signal);
}

function tcp({ host, port, refused }: Target, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (there: boolean) => {
      signal.removeEventListener('abort', away);
      socket.destroy();
      resolve(there);
    };
    const away = () => end(false);
    socket.on('connect', () => end(true));
    // Who refuses is there: the host's own word.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' && refused === 'up'),
    );
    if (signal.aborted) away();
    else signal.addEventListener('abort', away, { once: true });
  });
}

/** Any answer below 500 is one: a page that wants a login is there. Certificates of neighbours are mostly their own. */
function page({ check, host, port, path, refused }: Target, signal: AbortSignal): Promise<boolean> {
  const request = check === 'https' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const asked = request(
      // Only whether somebody answers is asked; nothing is sent that a stranger could use.
      {
        host,
        port,
        path,
        method: 'GET',
        signal,
        agent: false,
        ...(check === 'https' ? { rejectUnauthorized: false } : {}),
      },
      (response) => {
        const { statusCode = 500 } = response;
        response.on('error', () => {});
        response.destroy();
        resolve(statusCode < 500);
      },
    );
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' && refused === 'up'),
    );
    asked.end();
  });
}
