/** Ports on the loopback: the one asked for, or the next free one. */
import { createServer } from 'node:net';

const TRIES = 100;

/**
 * The first free TCP port of 127.0.0.1 from `wanted` on. Another program may take it before it is used; who listens
 * there then says so. Rejects where a hundred in a row are taken.
 */
export async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port++) if (await isFree(port)) return port;
  throw new Error(
    `no free port: ${wanted} to ${wanted + TRIES - 1} on 127.0.0.1 are taken; name one with --port`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
