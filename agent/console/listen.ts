/** Listens on the wanted port or, where it is taken, on the next free one. */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ListenConfig } from '../core/site.ts';

/** Ports tried after the wanted one before any free one is taken. */
const TRIES = 20;

/** Gives the port. Rejects with `port-denied` or `address-taken`. */
export async function listenNear(server: Server, { host, port }: ListenConfig, log: Log): Promise<number> {
  const wanted = Array.from({ length: port === 0 ? 0 : TRIES }, (_, i) => port + i).filter(
    (one) => one < 65_536,
  );
  for (const one of [...wanted, 0]) {
    try {
      server.listen(one, host);
      await once(server, 'listening');
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      if (code === 'EADDRINUSE' && one !== 0) continue;
      throw refused(host, one, code, cause);
    }
    const got = (server.address() as AddressInfo).port;
    if (port !== 0 && got !== port) log.warn('console.port_taken', { wanted: port, port: got });
    return got;
  }
  throw refused(host, port, 'EADDRINUSE', undefined);
}

function refused(host: string, port: number, code: unknown, cause: unknown): AgentError {
  const denied = code === 'EACCES' || code === 'EPERM';
  return new AgentError(
    denied ? 'port-denied' : 'address-taken',
    `console on ${host}:${port} failed: ${denied ? 'the system does not let us' : `the address cannot be used (${code})`}`,
    {
      cause,
      fix: denied
        ? 'Set console.listen to a port above 1023.'
        : 'Set console.listen to an address of this machine and a free port.',
    },
  );
}
