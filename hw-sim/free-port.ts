/** Ports on the loopback: the one asked for, or the next free one. */
import { createServer } from 'node:net';
import { holdName } from './held-name.ts';

const TRIES = 100;
/** Ports that are promised to somebody in this process, until it ends. */
const promised = new Set<number>();

/**
 * The first TCP port of 127.0.0.1 from `wanted` on that is free and that no other street of this machine has been promised: one
 * that starts at the same moment would find the same one free, and whoever listens last would have none. Programs of other
 * kinds may still take it before it is used; who listens there then says so. Rejects where a hundred in a row are taken.
 */
export async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port++) if (await isOurs(port)) return port;
  throw new Error(
    `no free port: ${wanted} to ${wanted + TRIES - 1} on 127.0.0.1 are taken; name one with --port`,
  );
}

async function isOurs(port: number): Promise<boolean> {
  if (promised.has(port)) return isFree(port);
  const held = await holdName(`port-${port}`);
  if (held === undefined) return false;
  if (await isFree(port)) promised.add(port);
  else held[Symbol.dispose]();
  return promised.has(port);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
