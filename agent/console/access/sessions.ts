/**
 * Sessions of people, kept on the server's side in memory. A session has two halves: `id` in an HttpOnly cookie, and
 * `key` in the storage of the console's own origin, sent as a header. A cookie alone is not enough, because browsers
 * send cookies to every port of a host, and Node-RED, whose flows are other people's code, listens on another port of
 * the same one; storage belongs to one port only (RFC 6265 §8.5, HTML §11.2).
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/time/clock.ts';
import type { Door } from './door.ts';
import type { Grant, Role } from './role.ts';
import type { Scope } from './scope.ts';
import { digest, matches, newSecret } from './secret.ts';

/** Ends a session nobody used, ms. */
export const IDLE = 8 * 3_600_000;
/** Ends every session, ms. */
export const LONGEST = 7 * 24 * 3_600_000;
/** Sessions at once; the one unused for longest goes first. */
const MOST = 64;

export interface Session extends Grant {
  /** ms until it ends if it is not used again. */
  readonly remaining: number;
}

/** What is told of a session to administrators. */
export interface SessionRow {
  /** Names it, opens nothing. */
  readonly handle: string;
  readonly role: Role;
  readonly person: string | undefined;
  readonly scopes: readonly Scope[] | undefined;
  readonly door: Door;
  /** Where it was opened from. */
  readonly address: string;
  /** Monotonic ms. */
  readonly since: number;
  readonly used: number;
}

export interface Opened {
  readonly door: Door;
  readonly address: string;
}

interface Entry {
  readonly handle: string;
  readonly grant: Grant;
  readonly opened: Opened;
  readonly key: string;
  readonly since: number;
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

  /** Both halves of a new session; it is good at the door where it was opened, and at no other. */
  create(grant: Grant, opened: Opened): { readonly id: string; readonly key: string } {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MOST) break;
      this.#entries.delete(oldest);
    }
    const [id, key] = [newSecret(), newSecret()];
    const now = this.#clock.mono();
    const entry = { handle: randomUUID(), grant, opened, key: digest(key), since: now, ends: now + LONGEST };
    this.#entries.set(digest(id), { ...entry, used: now });
    return { id, key };
  }

  /** The session of both halves, marked as used; undefined where it is not or no longer one, or is of another door. */
  use(id: string, key: string, door: Door): Session | undefined {
    const place = digest(id);
    const entry = this.#alive(place);
    if (entry === undefined || entry.opened.door !== door || !matches(key, entry.key)) return undefined;
    entry.used = this.#clock.mono();
    this.#entries.delete(place);
    this.#entries.set(place, entry);
    return { ...entry.grant, remaining: Math.min(IDLE, entry.ends - entry.used) };
  }

  /** Whether it still stands, without counting as use. */
  alive(id: string): boolean {
    return this.#alive(digest(id)) !== undefined;
  }

  end(id: string): void {
    this.#entries.delete(digest(id));
  }

  /** Those that stand, the newest use last. */
  list(): readonly SessionRow[] {
    for (const place of [...this.#entries.keys()]) this.#alive(place);
    return [...this.#entries.values()].map(({ handle, grant, opened, since, used }) => ({
      handle,
      role: grant.role,
      person: grant.person,
      scopes: grant.scopes,
      door: opened.door,
      address: opened.address,
      since,
      used,
    }));
  }

  /** Name of a session that does not open it. */
  handle(id: string): string | undefined {
    return this.#alive(digest(id))?.handle;
  }

  /** Ends what `which` says of; gives how many. */
  endWhere(which: (row: SessionRow) => boolean): number {
    const ended = this.list().filter(which);
    for (const [place, { handle }] of [...this.#entries]) {
      if (ended.some((one) => one.handle === handle)) this.#entries.delete(place);
    }
    return ended.length;
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
