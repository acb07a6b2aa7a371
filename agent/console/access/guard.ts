/** Decides for each request whether it may pass: right host, right origin, known, of sufficient role and scope. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Problem } from '../api/problem.ts';
import { type Door, doorOf } from './door.ts';
import { type Principal, type Role, reaches, sessionName } from './role.ts';
import type { Scope } from './scope.ts';
import type { Sessions } from './sessions.ts';
import type { AccessTokens } from './tokens.ts';

/** Header with the session's second half. */
export const KEY_HEADER = 'x-kerbside-key';

/** Under which names a door may be asked. */
export interface DoorNames {
  /** In lower case, IPv6 addresses in brackets. */
  readonly hosts: readonly string[];
  /** Whether it listens on every address; then any literal address of a host is right too. */
  readonly everyAddress: boolean;
}

export interface GuardOptions {
  readonly sessions: Sessions;
  readonly tokens: Pick<AccessTokens, 'find'>;
  /** Id of the agent: cookies do not tell ports apart, so each agent has a name of its own. */
  readonly agent: string;
  /** Names of the doors; every one is known by loopback's names, too, for ports are forwarded. */
  readonly names: Readonly<Record<Door, DoorNames>>;
}

export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: IncomingMessage;
}

/** What a route demands. */
export interface Demand {
  readonly role: Role;
  readonly personOnly: boolean;
  /** Absent: none. */
  readonly scope?: Scope | undefined;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Refuses names that are not ours: a hostile page can let its own name point to this machine (DNS rebinding) and
   * would then count as our origin. An address in numbers cannot be rebound. The port is free: it may be forwarded.
   */
  checkHost({ headers, raw }: Asked): void {
    const name = hostname(headers.host);
    if (name === undefined) throw new Problem(400, 'bad-host', 'the Host header is missing or malformed');
    const { hosts, everyAddress } = this.#options.names[doorOf(raw)];
    const literal = isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
    if (LOOPBACK.has(name) || hosts.includes(name) || (everyAddress && literal)) return;
    throw new Problem(421, 'wrong-host', `this console is not known as ${JSON.stringify(name)}`, {
      fix: 'Open it by its address, or add the name to console.remote.hosts of the site file.',
    });
  }

  /**
   * Refuses what another page makes a browser send. Browsers tell where a request comes from (Fetch Metadata §2,
   * Fetch §3.2); programs send neither header. A page on another port of this host is foreign too, and so is one that
   * came without TLS to where TLS is spoken.
   */
  checkOrigin({ headers, raw }: Asked): void {
    const site = headers['sec-fetch-site'];
    const foreign =
      (site !== undefined && site !== 'same-origin' && site !== 'none') ||
      (headers.origin !== undefined && !sameOrigin(headers.origin, headers.host, doorOf(raw)));
    if (foreign) throw new Problem(403, 'foreign-origin', 'requests of other pages are refused');
  }

  /**
   * Who asks. Throws 401 where nobody known does, 403 where the role is too low, a program asks for a person's thing, or
   * the scope is not among those that were given.
   */
  admit(asked: Asked, { role, personOnly, scope }: Demand): Principal {
    const who = this.#who(asked);
    if (who === undefined) {
      throw new Problem(401, 'not-logged-in', 'this needs a login or a token', {
        fix: 'Open a new one-time link: kerbside login prints one.',
      });
    }
    if (personOnly && who.kind !== 'session') {
      throw new Problem(403, 'person-only', 'only a logged-in person may do this, not a token');
    }
    if (!reaches(who.role, role)) {
      throw new Problem(403, 'role-too-low', `this needs the role ${role}, and this is a ${who.role}`);
    }
    if (scope !== undefined && who.scopes !== undefined && !who.scopes.includes(scope)) {
      throw new Problem(
        403,
        'scope-missing',
        `this needs the scope ${scope}, and this has ${who.scopes.join(', ')}`,
        {
          fix:
            who.kind === 'token'
              ? 'Make a token with that scope on the page Access.'
              : 'Come in by a login of your own instead of the service link.',
        },
      );
    }
    return who;
  }

  /** Who asks, without any demand; undefined where nobody known does. */
  known(asked: Asked): Principal | undefined {
    return this.#who(asked);
  }

  /** Name of the session cookie at a door. Behind TLS a browser takes it from nobody but this host (RFC 6265bis §4.1.3.2). */
  cookieName(door: Door): string {
    return `${door === 'local' ? '' : '__Host-'}kerbside_${this.#options.agent}`;
  }

  /** The session cookie of a request. */
  cookie({ headers, raw }: Asked): string | undefined {
    const start = `${this.cookieName(doorOf(raw))}=`;
    return headers.cookie
      ?.split(';')
      .map((part) => part.trim())
      .find((part) => part.startsWith(start))
      ?.slice(start.length);
  }

  #who(asked: Asked): Principal | undefined {
    const { sessions, tokens } = this.#options;
    const door = doorOf(asked.raw);
    const bearer = /^Bearer ([\w-]{1,100})$/i.exec(asked.headers.authorization ?? '')?.[1];
    // The service link is for people who hold the label; no program comes that way.
    if (bearer !== undefined) return door === 'service' ? undefined : tokens.find(bearer);
    const id = this.cookie(asked);
    const key = asked.headers[KEY_HEADER];
    if (id === undefined || typeof key !== 'string') return undefined;
    const session = sessions.use(id, key, door);
    if (session === undefined) return undefined;
    return {
      kind: 'session',
      name: sessionName(session),
      role: session.role,
      ...(session.scopes === undefined ? {} : { scopes: session.scopes }),
      valid: () => sessions.alive(id),
    };
  }
}

/** Name of a Host header without its port, in lower case. */
function hostname(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase();
}

/** Behind TLS the scheme counts, too; on loopback somebody may stand between who speaks TLS. */
function sameOrigin(origin: string, host: string | undefined, door: Door): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  if (door !== 'local' && protocol !== 'https:') return false;
  // A browser leaves the usual port out of both.
  return own === host?.toLowerCase().replace(protocol === 'https:' ? /:443$/ : /:80$/, '');
}
