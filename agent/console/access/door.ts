/** Which door a request came in by: a console has up to three, and what holds of one does not hold of another. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/**
 * `local`: plain HTTP on loopback. `remote`: TLS on an address of the network, where the site turned it on. `service`:
 * TLS on the service link, while it is open.
 */
export const DOORS = ['local', 'remote', 'service'] as const;
export type Door = (typeof DOORS)[number];

const doors = new WeakMap<IncomingMessage, Door>();

/** The listener of a server whose requests come in by `door`. */
export function through(door: Door, listener: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    doors.set(request, door);
    listener(request, response as ServerResponse & { req: IncomingMessage });
  };
}

/** The door of a request; one that nobody marked is the strictest. */
export function doorOf(request: IncomingMessage): Door {
  return doors.get(request) ?? 'service';
}
