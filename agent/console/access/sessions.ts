/**
 * Sessions of people, kept on the server's side in memory. A session has two halves: `id` in an HttpOnly cookie, and
 * `key` in the storage of the console's own origin, sent as a header. A cookie alone is not enough, because browsers
 * send cookies to every port of a host, and Node-RED, whose flows are other people's code, listens on another port of
 * the same one; storage belongs to one port only (RFC 6265 §8.5, HTML §11.2).
 */
import type { Clock } from '../../core/clock.ts';
import type { Role } from './role.ts';
import { digest, matches, newSecret } from './secret.ts';

/** Ends a session nobody used, ms. */
export const IDLE = 8 * 3_600_000;
/** Ends every session, ms. */
export const LONGEST = 7 * 24 * 3_600_000;
/** Sessions at once; the one unused for longest goes first. */
const MOST = 64;

export interface Session {
  readonly role: Role;
  /** ms until it ends if it is not used again. */
  readonly remaining: number;
}

interface Entry {
  readonly role: Role;
  readonly key: string;
  readonly ends: number;
  used: number;
}

export class Sessions {
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Both halves of a new session. */
  create(role: Role): { readonly id: string; readonly key: string } {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MOST) break;
      this.#entries.delete(oldest);
    }
    const [id, key] = [newSecret(), newSecret()];
    const now = this.#clock.mono();
    this.#entries.set(digest(id), { role, key: digest(key), ends: now + LONGEST, used: now });
    return { id, key };
  }

  /** The session of both halves, marked as used; undefined where it is not or no longer one. */
  use(id: string, key: string): Session | undefined {
    const place = digest(id);
    const entry = this.#alive(place);
    if (entry === undefined || !matches(key, entry.key)) return undefined;
    entry.used = this.#clock.mono();
    this.#entries.delete(place);
    this.#entries.set(place, entry);
    return { role: entry.role, remaining: Math.min(IDLE, entry.ends - entry.used) };
  }

  /** Whether it still stands, without counting as use. */
  alive(id: string): boolean {
    return this.#alive(digest(id)) !== undefined;
  }

  end(id: string): void {
    this.#entries.delete(digest(id));
  }

  #alive(place: string): Entry | undefined {
    const entry = this.#entries.get(place);
    if (entry === undefined) return undefined;
    const now = this.#clock.mono();
    if (now < entry.ends && now - entry.used < IDLE) return entry;
    this.#entries.delete(place);
    return undefined;
  }
}
