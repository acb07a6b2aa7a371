/**
 * Scopes: what a token is for. A role says how much its holder is trusted, a scope which part of it this one program
 * needs; a request passes where both let it. The table gives each route its scope by method and address, so that a new
 * route has one from its first day: what only reads is `read`, and what changes something and is named nowhere is `config`,
 * the scope that fewest tokens have.
 */
import type { Role } from './role.ts';

/** Those a token can have, in the order in which they are shown. */
export const SCOPES = [
  'read',
  'metrics',
  'command',
  'alarms',
  'maintain',
  'publish',
  'flows',
  'commission',
  'config',
] as const;
/** Those only a person can have: to let others in, and to look through cameras. */
const PERSONAL = ['access', 'cameras'] as const;
export type TokenScope = (typeof SCOPES)[number];
export type Scope = TokenScope | (typeof PERSONAL)[number];

/** Beginnings of addresses below /api/v1, longest first where one holds another; `changes`: not for GET. */
const PLACES: readonly { readonly begins: string; readonly scope: Scope; readonly changes?: true }[] = [
  { begins: '/commissioning', scope: 'commission' },
  { begins: '/config', scope: 'config' },
  { begins: '/updates', scope: 'config' },
  { begins: '/commands', scope: 'command', changes: true },
  { begins: '/light', scope: 'command', changes: true },
  { begins: '/sign', scope: 'command', changes: true },
  { begins: '/alarms', scope: 'alarms', changes: true },
  { begins: '/sos', scope: 'alarms', changes: true },
  { begins: '/meters', scope: 'maintain', changes: true },
  { begins: '/devices', scope: 'maintain', changes: true },
  { begins: '/points', scope: 'publish', changes: true },
  { begins: '/virtual', scope: 'publish', changes: true },
  { begins: '/node-red', scope: 'flows' },
  { begins: '/flows', scope: 'flows' },
  { begins: '/sessions', scope: 'access' },
  { begins: '/links', scope: 'access' },
  { begins: '/tokens', scope: 'access' },
  { begins: '/people', scope: 'access' },
  { begins: '/password', scope: 'access' },
  { begins: '/certificate', scope: 'access' },
  { begins: '/service-link', scope: 'access' },
  { begins: '/cameras/:id', scope: 'cameras' },
];

/** Addresses about the asker itself: whoever is let in may ask them. */
const OWN: readonly string[] = ['/session', '/logout', '/openapi.json'];

/** The scope a route demands; undefined: none. `path` as in the table of routes, with `:name` for parameters. */
export function scopeOf(method: string, path: string): Scope | undefined {
  if (OWN.includes(path)) return undefined;
  if (path === '/metrics') return 'metrics';
  const reads = method === 'GET';
  const found = PLACES.find(
    ({ begins, changes }) =>
      (path === begins || path.startsWith(`${begins}/`)) && !(reads && changes === true),
  );
  return found?.scope ?? (reads ? 'read' : 'config');
}

/** What a token of a role has where nobody says otherwise: all that the role needs for its work. */
export const SCOPES_OF_ROLE: Readonly<Record<Role, readonly TokenScope[]>> = {
  viewer: ['read', 'metrics'],
  technician: ['read', 'metrics', 'command', 'alarms', 'maintain', 'publish'],
  administrator: SCOPES,
};
