/** Routes about accounts of people, their logins by password, and the sessions that stand. */
import { z } from 'zod';
import * as shape from './access-contract.ts';
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const named = z.strictObject({ name: contract.id });

export function accountEndpoints(services: Services): Endpoint[] {
  const { view, clock, log, sessions, people, entrance, cookieOf } = services;
  const said = (act: string, who: string, facts: Readonly<Record<string, string>>) => {
    log.info(`access.${act.replaceAll('-', '_')}`, { ...facts, by: who });
    view.audit({ act, who, ...facts });
  };
  const wall = (mono: number) => Math.round(view.wall(mono));
  return [
    endpoint({
      method: 'POST',
      path: '/login',
      role: 'viewer',
      open: true,
      summary: 'Opens a session by name and password; its first half comes as a cookie.',
      body: shape.loginBody,
      answer: contract.loggedIn,
      problems: [429, 503],
      run: async ({ body: { name, password }, cookie, from: { door, address }, reply }) => {
        if (door === 'service') {
          throw new Problem(403, 'service-only', 'the service link opens by the code of the label alone');
        }
        const halves = await entrance.byPassword(name, password, { door, address, cookie });
        if (halves === undefined) {
          throw new Problem(401, 'wrong-password', 'there is no account with this name and password');
        }
        reply.header('set-cookie', cookieOf(door, halves.id));
        return { key: halves.key };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/people',
      role: 'administrator',
      personOnly: true,
      summary: 'The accounts of people who come in by password.',
      answer: shape.people,
      run: async () => ({ people: [...people.list()] }),
    }),
    endpoint({
      method: 'POST',
      path: '/people',
      role: 'administrator',
      personOnly: true,
      summary: 'A new account.',
      body: shape.personBody,
      answer: shape.person,
      problems: [503],
      run: async ({ body: { name, role, password }, who }) => {
        const made = await people.add(name, role, password, Math.round(view.now()));
        said('person-added', who.name, { name, role });
        return made;
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/people/:name',
      role: 'administrator',
      personOnly: true,
      summary: 'Removes an account and ends its sessions.',
      params: named,
      answer: contract.nothing,
      problems: [404],
      run: async ({ params: { name }, who }) => {
        await people.remove(name);
        sessions.endWhere(({ person }) => person === name);
        said('person-removed', who.name, { name });
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/people/:name/password',
      role: 'administrator',
      personOnly: true,
      summary: 'Sets a new password for somebody and ends their sessions.',
      params: named,
      body: shape.passwordBody,
      answer: contract.nothing,
      problems: [404],
      run: async ({ params: { name }, body: { password }, who }) => {
        await people.setPassword(name, password, Math.round(view.now()));
        sessions.endWhere(({ person }) => person === name);
        said('password-set', who.name, { name });
        return {};
      },
    }),
    endpoint({
      method: 'POST',
      path: '/password',
      role: 'viewer',
      personOnly: true,
      summary: 'Changes the own password and ends the other sessions of this account.',
      body: shape.ownPasswordBody,
      answer: contract.nothing,
      problems: [404, 429, 503],
      run: async ({ body: { old, password }, cookie, from: { door, address }, who }) => {
        const own = sessions.handle(cookie ?? '');
        const name = sessions.list().find(({ handle }) => handle === own)?.person;
        if (name === undefined || !people.list().some((one) => one.name === name)) {
          throw new Problem(404, 'no-account', 'this session has no account with a password', {
            fix: 'An administrator makes one on the page Access.',
          });
        }
        if (!(await entrance.proves(name, old, { door, address, cookie }))) {
          throw new Problem(403, 'wrong-password', 'the old password is another one');
        }
        await people.setPassword(name, password, Math.round(view.now()));
        sessions.endWhere(({ person, handle }) => person === name && handle !== own);
        said('password-set', who.name, { name });
        return {};
      },
    }),
    endpoint({
      method: 'GET',
      path: '/sessions',
      role: 'administrator',
      personOnly: true,
      summary: 'Who is logged in, from where and since when.',
      answer: shape.sessions,
      run: async ({ cookie }) => {
        const own = sessions.handle(cookie ?? '');
        const now = clock.mono();
        return {
          sessions: sessions.list().map(({ handle, role, person, door, address, since, used }) => ({
            handle,
            role,
            person: person ?? null,
            door,
            address,
            since: wall(Math.min(since, now)),
            used: wall(used),
            own: handle === own,
          })),
        };
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/sessions/:handle',
      role: 'administrator',
      personOnly: true,
      summary: 'Ends a session.',
      params: shape.handle,
      answer: contract.nothing,
      problems: [404],
      run: async ({ params: { handle }, who }) => {
        if (sessions.endWhere((row) => row.handle === handle) === 0) {
          throw new Problem(404, 'not-found', 'there is no session of that name');
        }
        said('session-ended', who.name, { handle });
        return {};
      },
    }),
  ];
}
