/** Headers of every answer: what a browser may do with it. */
import type { FastifyInstance } from 'fastify';
import { doorOf } from './access/door.ts';

/**
 * Nothing but our own files runs or is loaded; frames are drawn from memory (blob). No inline script, no eval, no
 * frame around us (CSP Level 3); strings cannot become markup (Trusted Types).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A year. Said only where the site asks for it: with a made certificate a browser could not be let past a warning. */
const STRICT = 'max-age=31536000';

/** Of every answer, also of those that no route gives. */
export const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=()',
  'cache-control': 'no-store',
} as const;

export function setHeaders(app: FastifyInstance, hsts: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    if (hsts && doorOf(request.raw) === 'remote') reply.header('strict-transport-security', STRICT);
    reply.headers(HEADERS);
  });
}
