/**
 * The ways in, each behind the same limits and in the same audit trail: a one-time code, name and password, and the code
 * of the label at the service link.
 */
import type { Log } from '../../core/log.ts';
import type { AgentView } from '../../core/view.ts';
import { Problem } from '../api/problem.ts';
import { isShort, type LoginCodes } from './codes.ts';
import type { Door } from './door.ts';
import type { LoginLimit, Try } from './login-limit.ts';
import type { People } from './people.ts';
import { type Grant, sessionName } from './role.ts';
import type { Sessions } from './sessions.ts';

export interface Comer {
  readonly door: Door;
  readonly address: string;
  /** Session cookie shown, which a login ends. */
  readonly cookie: string | undefined;
}

export interface Halves {
  readonly id: string;
  readonly key: string;
}

export interface EntranceOptions {
  readonly view: Pick<AgentView, 'audit'>;
  readonly log: Log;
  readonly codes: LoginCodes;
  readonly people: People;
  readonly sessions: Sessions;
  readonly limit: LoginLimit;
  /** Told of each login that was no service login. */
  readonly onLogin?: (grant: Grant) => void;
}

/** Longest code of a link, characters. */
const LONGEST_CODE = 100;

export class Entrance {
  readonly #options: EntranceOptions;
  #refusals = 0;

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** Wrong codes, passwords and labels since the start. */
  get refused(): number {
    return this.#refusals;
  }

  /** Both halves of a new session for a one-time code; undefined where it opens nothing. Throws 429 where it has to wait. */
  byCode(code: unknown, comer: Comer): Halves | undefined {
    const { codes, limit } = this.#options;
    const one = attempt(comer);
    const text = typeof code === 'string' && code.length <= LONGEST_CODE ? code : '';
    // Nobody guesses 256 bits, so a storm of guesses from the network does not shut the door for a real link. Where the
    // guesses came from this very address, it waits all the same.
    this.#mayTry(isShort(text) ? one : { ...one, near: true });
    const grant = codes.redeem(text);
    // Over the service link nothing opens but what is held to commissioning.
    if (grant === undefined || (comer.door === 'service' && grant.scopes === undefined)) {
      limit.failed(one);
      this.#refused('code', comer);
      return undefined;
    }
    return this.#open(grant, comer, 'code');
  }

  /** The same for name and password. */
  async byPassword(name: string, password: string, comer: Comer): Promise<Halves | undefined> {
    const one = { ...attempt(comer), account: name };
    this.#mayTry(one);
    // Counted before it is known to be wrong, so that many at once are not more than were allowed.
    this.#options.limit.failed(one);
    const grant = await this.#options.people.login(name, password);
    if (grant === undefined) {
      this.#refused('password', comer, name);
      return undefined;
    }
    this.#options.limit.right(one);
    return this.#open(grant, comer, 'password');
  }

  /** Whether it is the password of that account, behind the same limits; opens nothing. */
  async proves(name: string, password: string, comer: Comer): Promise<boolean> {
    const one = { ...attempt(comer), account: name };
    this.#mayTry(one);
    this.#options.limit.failed(one);
    const right = (await this.#options.people.login(name, password)) !== undefined;
    if (right) this.#options.limit.right(one);
    else this.#refused('password', comer, name);
    return right;
  }

  /** The same for whatever `check` asks, with what it gives. */
  async by(how: string, comer: Comer, check: () => Promise<Grant | undefined>): Promise<Halves | undefined> {
    const one = attempt(comer);
    this.#mayTry(one);
    this.#options.limit.failed(one);
    const grant = await check();
    if (grant === undefined) {
      this.#refused(how, comer);
      return undefined;
    }
    this.#options.limit.right(one);
    return this.#open(grant, comer, how);
  }

  #mayTry(one: Try): void {
    const wait = this.#options.limit.wait(one);
    if (wait === 0) return;
    throw new Problem(429, 'too-many-logins', 'too many wrong codes or passwords', {
      retryAfter: Math.ceil(wait / 1000),
    });
  }

  #open(grant: Grant, comer: Comer, how: string): Halves {
    const { sessions, view, log, onLogin } = this.#options;
    const { door, address, cookie } = comer;
    if (cookie !== undefined) sessions.end(cookie);
    const halves = sessions.create(grant, { door, address });
    const who = sessionName(grant);
    log.info('access.login', { who, how, door, address });
    view.audit({ act: 'login', who, how, door, address });
    if (door !== 'service') onLogin?.(grant);
    return halves;
  }

  /** Wrong tries are in the log, never in the audit trail: a storm of them must not fill it. */
  #refused(how: string, { door, address }: Comer, account?: string): void {
    this.#refusals += 1;
    const facts = account === undefined ? {} : { account };
    this.#options.log.warn('access.login_refused', { how, door, address, ...facts });
  }
}

function attempt({ door, address }: Comer): Try {
  return { address, near: door !== 'remote' };
}
