/**
 * Its own content policy (the editor needs inline scripts and eval, the console does not), and no cookie of another
 * origin of this host: cookies know no ports.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export function guard(request, response) {
  const own = (request.headers.cookie ?? '')
    .split(/;\s*/)
    .filter((cookie) => cookie.startsWith('kerbside-flows='));
  if (own.length > 0) request.headers.cookie = own.join('; ');
  else delete request.headers.cookie;
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
      "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; " +
      "frame-ancestors 'none'; form-action 'self'",
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
}
