/** The way in: a one-time link sets the session and leads to the page, so that the code leaves the address bar. */
import type { FastifyInstance } from 'fastify';
import type { Built } from '../assets/asset.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { LoginCodes } from './access/codes.ts';
import type { Guard } from './access/guard.ts';
import { RateLimit } from './access/rate-limit.ts';
import { LONGEST, type Sessions } from './access/sessions.ts';
import { Problem } from './api/problem.ts';
import { sendPage } from './routes.ts';

export interface LoginOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly codes: LoginCodes;
  readonly sessions: Sessions;
  readonly guard: Guard;
  readonly cookie: string;
  readonly built: Promise<Built>;
}

/** Wrong codes from one address: 10 at once, then one every 6 s. */
const PER_ADDRESS = { burst: 10, refill: 6_000 };
/** Wrong codes from anywhere: 100 at once, then one every 0.6 s. */
const GLOBAL = { burst: 100, refill: 600 };

export function serveLogin(app: FastifyInstance, options: LoginOptions): void {
  const { clock, log, codes, sessions, guard, cookie, built } = options;
  const perAddress = new RateLimit(clock, PER_ADDRESS);
  const global = new RateLimit(clock, GLOBAL);

  app.get<{ Querystring: { code?: unknown } }>('/login', async (request, reply) => {
    guard.checkHost(request);
    // A browser that fetches ahead must not use the code up.
    if (request.headers['sec-purpose'] !== undefined || request.headers.purpose !== undefined) {
      throw new Problem(503, 'not-ahead', 'a login is not fetched ahead');
    }
    const wait = Math.max(perAddress.wait(request.ip), global.wait(''));
    if (wait > 0) {
      throw new Problem(429, 'too-many-logins', 'too many wrong codes', {
        retryAfter: Math.ceil(wait / 1000),
      });
    }
    const { code } = request.query;
    const role = typeof code === 'string' && code.length <= 100 ? codes.redeem(code) : undefined;
    if (role === undefined) {
      perAddress.failed(request.ip);
      global.failed('');
      log.warn('access.login_refused', { address: request.ip });
      reply.code(401);
      return sendPage(request, reply, built);
    }
    const before = guard.cookie(request);
    if (before !== undefined) sessions.end(before);
    const { id, key } = sessions.create(role);
    log.info('access.login', { role, address: request.ip });
    // The key is in the fragment, which no server, log or referrer sees; the page keeps it and takes it off.
    return reply
      .header('set-cookie', `${cookie}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${LONGEST / 1000}`)
      .redirect(`/#key=${key}`, 303);
  });
}
