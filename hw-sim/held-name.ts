/**
 * Names that one process of this machine holds at a time: an abstract Unix socket (unix(7)), which is gone with its process,
 * however that ends, and leaves no file behind.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Undefined where another process, or this one, holds it. Disposing gives it back; it keeps no process alive. */
export async function holdName(name: string): Promise<Disposable | undefined> {
  const server = createServer((socket) => socket.destroy()).unref();
  server.listen(`\0kerbside-${name}`);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
  return { [Symbol.dispose]: () => void server.close() };
}
