/** The way in: a one-time link sets the session and leads to the page, so that the code leaves the address bar. */
import type { FastifyInstance } from 'fastify';
import type { Built } from '../assets/asset.ts';
import { type Door, doorOf } from './access/door.ts';
import type { Entrance } from './access/entrance.ts';
import type { Guard } from './access/guard.ts';
import { LONGEST } from './access/sessions.ts';
import { Problem } from './api/problem.ts';
import { sendPage } from './routes.ts';

export interface LoginOptions {
  readonly entrance: Entrance;
  readonly guard: Guard;
  readonly built: Promise<Built>;
}

/** Pages that a login may lead to: addresses of this app, of plain words. */
const PAGE = /^(?:\/[\w-]+){1,4}$/;

export function serveLogin(app: FastifyInstance, { entrance, guard, built }: LoginOptions): void {
  app.get<{ Querystring: { code?: unknown; to?: unknown } }>('/login', async (request, reply) => {
    guard.checkHost(request);
    // A browser that fetches ahead must not use the code up.
    if (request.headers['sec-purpose'] !== undefined || request.headers.purpose !== undefined) {
      throw new Problem(503, 'not-ahead', 'a login is not fetched ahead');
    }
    const door = doorOf(request.raw);
    const halves = entrance.byCode(request.query.code, {
      door,
      address: request.ip,
      cookie: guard.cookie(request),
    });
    if (halves === undefined) {
      reply.code(401);
      return sendPage(request, reply, built);
    }
    const { to } = request.query;
    const page = typeof to === 'string' && PAGE.test(to) ? to : '/';
    // The key is in the fragment, which no server, log or referrer sees; the page keeps it and takes it off.
    return reply
      .header('set-cookie', sessionCookie(guard, door, halves.id))
      .redirect(`${page}#key=${halves.key}`, 303);
  });
}

/** Set-Cookie of a session's first half. */
export function sessionCookie(guard: Guard, door: Door, id: string): string {
  const secure = door === 'local' ? '' : ' Secure;';
  return `${guard.cookieName(door)}=${id}; Path=/;${secure} HttpOnly; SameSite=Strict; Max-Age=${LONGEST / 1000}`;
}
