/** Routes about who is here: session, logout, links for a second device, tokens, the way to Node-RED. */
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
      run: async ({ who: { kind, name, role } }) => ({ kind, name, role }),
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
      summary: 'A one-time login link for another device or person, valid for 15 minutes.',
      body: contract.linkBody,
      answer: contract.link,
      run: async ({ body: { role }, who }) => {
        const code = codes.create(role);
        log.info('access.link_made', { role, by: who.name });
        return { link: linkOf(code), code, expires: Math.round(view.now() + CODE_LIFE * view.site.rate) };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/tokens',
      role: 'administrator',
      personOnly: true,
      summary: 'The tokens of programs, without their secrets.',
      answer: contract.tokens,
      run: async () => ({ tokens: [...tokens.list()] }),
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
      run: async ({ body: { name, role }, who }) => {
        const issued = await tokens.issue(name, role, view.now());
        log.info('access.token_made', { name, role, by: who.name });
        return issued;
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
        const url = await view.nodeRedTicket();
        if (url === undefined) {
          throw new Problem(503, 'node-red-down', 'Node-RED is off or not up yet', { retryAfter: 5 });
        }
        log.info('access.node_red_ticket', { by: who.name });
        return { url };
      },
    }),
  ];
}
