/**
 * Node-RED as a service of its own, under a user without serial ports and cameras: it comes to a socket of the agent's and
 * speaks there what a child would speak over its channel, one JSON line a message. Who may open the socket is a matter of
 * its folder (docs/install.md). The agent cannot end another user's process: it hangs up, upon which Node-RED ends by
 * itself, or its own watchdog ends it where a flow loops.
 */
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AgentError } from '../core/errors.ts';
import type { FlowMessage, FlowProcess, OpenFlowProcess } from './process.ts';

/** Longest line that is listened to, bytes: messages have less than a hundred. */
const LONGEST = 4096;

/** `path` of the socket, at most 107 bytes (sun_path, unix(7)). */
export function flowService(path: string): OpenFlowProcess {
  return async (signal) => {
    // What a killed agent left behind is in the way of a new socket.
    await rm(path, { force: true });
    const server = createServer({ pauseOnConnect: true });
    server.maxConnections = 1;
    try {
      // Asked for before it listens: who is quick would come unseen.
      const met = once(server, 'connection', { signal }) as Promise<[Socket]>;
      met.catch(() => {});
      server.listen(path);
      await once(server, 'listening', { signal });
      await chmod(path, 0o660);
      const [socket] = await met;
      return conversation(socket);
    } catch (cause) {
      signal.throwIfAborted();
      throw new AgentError(
        'thread-died',
        `Node-RED's service cannot be met at ${path}: ${(cause as Error).message}`,
        {
          cause,
          fix: 'the folder must be writable for the agent and readable for the group of Node-RED',
        },
      );
    } finally {
      // One conversation a generation; a second one would be a second Node-RED with the same token.
      server.close();
      server.unref();
    }
  };
}

function conversation(socket: Socket): FlowProcess {
  const ended = new Promise<never>((_, reject) => {
    socket.once('error', () => {});
    socket.once('close', () => reject(new AgentError('thread-died', "Node-RED's service has gone away")));
  });
  ended.catch(() => {});
  const listeners = new Set<(message: FlowMessage) => void>();
  let unfinished = 0;
  socket.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(10);
    unfinished = end < 0 ? unfinished + chunk.length : chunk.length - end - 1;
    if (unfinished > LONGEST) socket.destroy();
  });
  createInterface({ input: socket }).on('line', (line) => {
    const message = parsed(line);
    if (message === undefined) socket.destroy();
    else for (const listener of listeners) listener(message);
  });
  socket.resume();
  return {
    send: (message) => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    },
    onMessage: (listener) => void listeners.add(listener),
    ended,
    kill: () => void socket.destroy(),
  };
}

function parsed(line: string): FlowMessage | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && 'type' in message
      ? (message as FlowMessage)
      : undefined;
  } catch {
    return undefined;
  }
}
