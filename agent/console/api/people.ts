/** Routes about who is here: session, logout, links for a second device, tokens, the way to Node-RED. */
import { encode } from 'uqr';
import { z } from 'zod';
import { CODE_LIFE } from '../access/codes.ts';
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

export function peopleEndpoints(services: Services): Endpoint[] {
  const { view, log, sessions, codes, tokens, linkOf } = services;
  return [
    endpoint({
      method: 'GET',
      path: '/session',
      role: 'viewer',
      summary: 'Who asks, and what they may do.',
      answer: contract.session,
      run: async ({ who: { kind, name, role, scopes }, cookie }) => {
        const handle = kind === 'session' && cookie !== undefined ? sessions.handle(cookie) : undefined;
        return {
          kind,
          name,
          role,
          ...(scopes === undefined ? {} : { scopes: [...scopes] }),
          ...(handle === undefined ? {} : { handle }),
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/logout',
      role: 'viewer',
      personOnly: true,
      summary: 'Ends the session.',
      answer: contract.nothing,
      run: async ({ cookie, reply }) => {
        if (cookie !== undefined) sessions.end(cookie);
        reply.header('clear-site-data', '"storage"');
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/links',
      role: 'administrator',
      personOnly: true,
      summary:
        'A one-time login for another device or person, valid for 15 minutes: a link, and a short code to be typed.',
      body: contract.linkBody,
      answer: contract.link,
      run: async ({ body: { role, person }, who, from }) => {
        const { code, short } = codes.create({ role, ...(person === undefined ? {} : { person }) });
        const said = { role, ...(person === undefined ? {} : { person }) };
        log.info('access.link_made', { ...said, by: who.name });
        view.audit({ act: 'link-made', who: who.name, ...said });
        const link = linkOf(code, from.own);
        const qr = encode(link, { border: 2 }).data.map((row) => row.map(Number).join(''));
        const expires = Math.round(view.now() + CODE_LIFE * view.site.rate);
        return { link, code, short, qr, expires };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/tokens',
      role: 'administrator',
      personOnly: true,
      summary: 'The tokens of programs, without their secrets.',
      answer: contract.tokens,
      run: async () => ({ tokens: tokens.list().map((one) => ({ ...one, scopes: [...one.scopes] })) }),
    }),
    endpoint({
      method: 'POST',
      path: '/tokens',
      role: 'administrator',
      personOnly: true,
      summary: 'A new token for a program; its secret is shown this once. Replaces one of the same name.',
      body: contract.tokenBody,
      answer: contract.newToken,
      problems: [503],
      run: async ({ body: { name, role, scopes }, who }) => {
        const { token, secret } = await tokens.issue(name, role, view.now(), scopes);
        const said = { name, role, scopes: [...token.scopes] };
        log.info('access.token_made', { ...said, by: who.name });
        view.audit({ act: 'token-made', who: who.name, ...said });
        return { token: { ...token, scopes: [...token.scopes] }, secret };
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/tokens/:id',
      role: 'administrator',
      personOnly: true,
      summary: 'Takes a token back.',
      params: z.strictObject({ id: contract.id }),
      answer: contract.nothing,
      problems: [404],
      run: async ({ params: { id }, who }) => {
        if (!(await tokens.revoke(id))) throw new Problem(404, 'not-found', `there is no token ${id}`);
        log.info('access.token_revoked', { token: id, by: who.name });
        view.audit({ act: 'token-revoked', who: who.name, token: id });
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/node-red/ticket',
      role: 'technician',
      personOnly: true,
      summary: 'Address of Node-RED with a one-time ticket.',
      answer: contract.ticket,
      problems: [503],
      run: async ({ who }) => {
        const url = await view.nodeRedTicket(who.name);
        if (url === undefined) {
          throw new Problem(503, 'node-red-down', 'Node-RED is off or not up yet', { retryAfter: 5 });
        }
        log.info('access.node_red_ticket', { by: who.name });
        return { url };
      },
    }),
  ];
}
