/** Boards as server-sent events (HTML §9.2): the newest at once, each new one as it comes, and a beat in between. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/time/clock.ts';
import type { Made, Showing } from './showing.ts';

export interface Stream extends Disposable {
  readonly clients: number;
}

/** By it a page knows that its agent lives, ms. */
const BEAT = 2000;
const MOST_CLIENTS = 16;
/** A reader that is this far behind is cut off; it comes back and gets the newest, bytes. */
const MOST_WAITING = 512 * 1024;

export function serveStream(app: FastifyInstance, showing: Showing, clock: Clock): Stream {
  const clients = new Set<ServerResponse>();
  const send = (client: ServerResponse, text: string) => {
    if (client.writableLength > MOST_WAITING) client.destroy();
    else client.write(text);
  };
  const eventOf = ({ board, at }: Made) => {
    // A page that comes late gets a board as old as it is.
    const age = (clock.mono() - at) * board.rate;
    return `event: board\ndata: ${JSON.stringify({ board, age: Math.round(age) })}\n\n`;
  };
  app.get('/events', async (_request, reply) => {
    if (clients.size >= MOST_CLIENTS) return reply.code(503).send({ error: 'too many pages' });
    reply.hijack();
    const { raw } = reply;
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value);
    }
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    clients.add(raw);
    raw.on('close', () => clients.delete(raw));
    raw.on('error', () => clients.delete(raw));
    raw.write('retry: 1000\n\n');
    send(raw, eventOf(showing.current()));
    return reply;
  });
  const listener = showing.onBoard((made) => {
    if (clients.size === 0) return;
    const text = eventOf(made);
    for (const client of clients) send(client, text);
  });
  let timer = clock.after(BEAT, beat);
  function beat() {
    for (const client of clients) send(client, 'event: beat\ndata: {}\n\n');
    timer = clock.after(BEAT, beat);
  }
  return {
    get clients() {
      return clients.size;
    },
    [Symbol.dispose]: () => {
      listener[Symbol.dispose]();
      timer[Symbol.dispose]();
      for (const client of clients) client.destroy();
    },
  };
}
