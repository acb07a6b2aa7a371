/**
 * One-time logins: a link with a code of 256 bits, and a short code of 40 bits for somebody who has to type it on another
 * device. Both open the same login once, within 15 minutes; memory keeps their digests. The short one can be guessed in
 * principle, so whoever takes guesses has to count them (`login-limit.ts`): at the pace that is allowed there, all
 * guesses of 15 minutes hit one of 16 waiting codes with a chance of 1 in 40 million.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../core/time/clock.ts';
import type { Grant } from './role.ts';
import { digest, newSecret } from './secret.ts';

/** How long a code waits to be used, ms. */
export const CODE_LIFE = 15 * 60_000;
/** Logins waiting at once; the oldest goes first. */
const MOST = 16;
/** Crockford's base 32: no letter that looks like a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const SHORT = 8;

export interface NewLogin {
  /** 43 characters of `[A-Za-z0-9_-]`, for a link. */
  readonly code: string;
  /** `K7QM-3XPD`, to be typed. */
  readonly short: string;
}

interface Waiting {
  readonly grant: Grant;
  readonly until: number;
  readonly keys: readonly string[];
}

export class LoginCodes {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new login as `grant` says, with both of its codes. */
  create(grant: Grant): NewLogin {
    for (const { keys } of this.#waiting.values()) {
      if (this.#waiting.size < 2 * MOST) break;
      for (const key of keys) this.#waiting.delete(key);
    }
    const [code, short] = [newSecret(), shortCode()];
    const keys = [digest(code), digest(typed(short))];
    const waiting = { grant, until: this.#clock.mono() + CODE_LIFE, keys };
    for (const key of keys) this.#waiting.set(key, waiting);
    return { code, short };
  }

  /** What a code opens, once; undefined for an unknown, used or expired one. */
  redeem(code: string): Grant | undefined {
    const found = this.#waiting.get(digest(isShort(code) ? typed(code) : code));
    if (found === undefined) return undefined;
    for (const key of found.keys) this.#waiting.delete(key);
    return this.#clock.mono() < found.until ? found.grant : undefined;
  }
}

/** A new code for people: two groups of four. */
export function shortCode(): string {
  const chars = Array.from({ length: SHORT }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${chars.slice(0, 4)}-${chars.slice(4)}`;
}

/** Whether it may be a short code, as somebody typed it: with or without its dash, in any case. */
export function isShort(code: string): boolean {
  return typed(code).length === SHORT;
}

/** What was meant: spaces and dashes do not count, o is 0, i and l are 1 (Crockford, Base 32). */
export function typed(code: string): string {
  return code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}
