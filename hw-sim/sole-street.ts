/**
 * One street in a state folder: a second one would take the first one's ports and site file away. Held by an abstract Unix
 * socket (unix(7)) named after the folder: it is gone with its process, however that ends, and leaves no file behind.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

/** `state`: a folder that is there. Undefined where a street runs in it; disposing lets the next one come. */
export async function soleStreet(state: string): Promise<Disposable | undefined> {
  const name = createHash('sha256').update(realpathSync(state)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy()).unref();
  server.listen(`\0kerbside-street-${name}`);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
  return { [Symbol.dispose]: () => void server.close() };
}
