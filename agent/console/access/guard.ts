/** Decides for each request whether it may pass: right host, right origin, known, of sufficient role. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Problem } from '../api/problem.ts';
import { type Principal, type Role, reaches } from './role.ts';
import type { Sessions } from './sessions.ts';
import type { AccessTokens } from './tokens.ts';

/** Header with the session's second half. */
export const KEY_HEADER = 'x-kerbside-key';

export interface GuardOptions {
  readonly sessions: Sessions;
  readonly tokens: AccessTokens;
  /** Name of the session cookie; one per agent, for cookies do not tell ports apart. */
  readonly cookie: string;
  /** Names under which the console may be asked, beside loopback ones. */
  readonly hosts: readonly string[];
  /** Whether it listens on every address; then any literal address of a host is right too. */
  readonly everyAddress: boolean;
}

export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
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
  checkHost({ headers }: Asked): void {
    const name = hostname(headers.host);
    if (name === undefined) throw new Problem(400, 'bad-host', 'the Host header is missing or malformed');
    const { hosts, everyAddress } = this.#options;
    const literal = isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
    if (LOOPBACK.has(name) || hosts.includes(name) || (everyAddress && literal)) return;
    throw new Problem(421, 'wrong-host', `this console is not known as ${JSON.stringify(name)}`, {
      fix: 'Open it by its address, or add the name to the hosts of the console.',
    });
  }

  /**
   * Refuses what another page makes a browser send. Browsers tell where a request comes from (Fetch Metadata §2,
   * Fetch §3.2); programs send neither header. A page on another port of this host is foreign too.
   */
  checkOrigin({ headers }: Asked): void {
    const site = headers['sec-fetch-site'];
    const foreign =
      (site !== undefined && site !== 'same-origin' && site !== 'none') ||
      (headers.origin !== undefined && originHost(headers.origin) !== headers.host?.toLowerCase());
    if (foreign) throw new Problem(403, 'foreign-origin', 'requests of other pages are refused');
  }

  /** Who asks. Throws 401 where nobody known does, 403 where the role is too low or a program asks for a person's thing. */
  admit(asked: Asked, needed: Role, personOnly: boolean): Principal {
    const who = this.#who(asked);
    if (who === undefined) {
      throw new Problem(401, 'not-logged-in', 'this needs a login or a token', {
        fix: 'Open a new one-time link: kerbside login prints one.',
      });
    }
    if (personOnly && who.kind !== 'session') {
      throw new Problem(403, 'person-only', 'only a logged-in person may do this, not a token');
    }
    if (!reaches(who.role, needed)) {
      throw new Problem(403, 'role-too-low', `this needs the role ${needed}, and this is a ${who.role}`);
    }
    return who;
  }

  /** The session cookie of a request. */
  cookie({ headers }: Asked): string | undefined {
    const start = `${this.#options.cookie}=`;
    return headers.cookie
      ?.split(';')
      .map((part) => part.trim())
      .find((part) => part.startsWith(start))
      ?.slice(start.length);
  }

  #who(asked: Asked): Principal | undefined {
    const { sessions, tokens } = this.#options;
    const bearer = /^Bearer ([\w-]{1,100})$/i.exec(asked.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return tokens.find(bearer);
    const id = this.cookie(asked);
    const key = asked.headers[KEY_HEADER];
    if (id === undefined || typeof key !== 'string') return undefined;
    const session = sessions.use(id, key);
    if (session === undefined) return undefined;
    return {
      kind: 'session',
      name: `console:${session.role}`,
      role: session.role,
      valid: () => sessions.alive(id),
    };
  }
}

/** Name of a Host header without its port, in lower case. */
function hostname(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase();
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
