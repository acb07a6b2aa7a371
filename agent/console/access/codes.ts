/** One-time login codes: single use, 15 minutes, kept as digests in memory only. */
import type { Clock } from '../../core/clock.ts';
import type { Role } from './role.ts';
import { digest, newSecret } from './secret.ts';

/** How long a code waits to be used, ms. */
export const CODE_LIFE = 15 * 60_000;
/** Codes waiting at once; the oldest goes first. */
const MOST = 16;

export class LoginCodes {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { readonly role: Role; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new code of 256 bits for one login as `role`. */
  create(role: Role): string {
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size < MOST) break;
      this.#waiting.delete(oldest);
    }
    const code = newSecret();
    this.#waiting.set(digest(code), { role, until: this.#clock.mono() + CODE_LIFE });
    return code;
  }

  /** The role a code opens, once; undefined for an unknown, used or expired one. */
  redeem(code: string): Role | undefined {
    const key = digest(code);
    const found = this.#waiting.get(key);
    this.#waiting.delete(key);
    return found !== undefined && this.#clock.mono() < found.until ? found.role : undefined;
  }
}
