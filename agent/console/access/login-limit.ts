/**
 * How often somebody may try to get in. Every wrong try is counted for its address. Tries from elsewhere are counted
 * together, too: for all short codes, and for each account, so that many addresses do not give many guesses. Who comes
 * from this machine itself (the cabinet, a forwarded SSH port) or over the service link is held by its own count alone:
 * a storm from the network must not shut the owner out. A link of 256 bits can be guessed by nobody and is always tried.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/time/clock.ts';
import { RateLimit } from './rate-limit.ts';

/** Wrong tries from one address: 10 at once, then one every 6 s. */
const PER_ADDRESS = { burst: 10, refill: 6_000 };
/** Wrong short codes from anywhere else: 100 at once, then one every 0.6 s. */
const ELSEWHERE = { burst: 100, refill: 600 };
/** Wrong passwords of one account from anywhere else: 20 at once, then one a minute. */
const PER_ACCOUNT = { burst: 20, refill: 60_000 };

export interface Try {
  /** IP address it came from. */
  readonly address: string;
  /** From this machine, or over the service link. */
  readonly near: boolean;
  /** Name of the account a password was given for; absent: a code was. */
  readonly account?: string;
}

export class LoginLimit {
  readonly #perAddress: RateLimit;
  readonly #elsewhere: RateLimit;
  readonly #perAccount: RateLimit;

  constructor(clock: Clock) {
    this.#perAddress = new RateLimit(clock, PER_ADDRESS);
    this.#elsewhere = new RateLimit(clock, ELSEWHERE);
    this.#perAccount = new RateLimit(clock, PER_ACCOUNT);
  }

  /** ms to wait before this may be tried, 0: now. */
  wait({ address, near, account }: Try): number {
    const own = this.#perAddress.wait(network(address));
    if (near) return own;
    return Math.max(own, account === undefined ? this.#elsewhere.wait('') : this.#perAccount.wait(account));
  }

  failed({ address, near, account }: Try): void {
    this.#perAddress.failed(network(address));
    if (near) return;
    if (account === undefined) this.#elsewhere.failed('');
    else this.#perAccount.failed(account);
  }

  /** Takes back what `failed` has counted: it was right after all. */
  right({ address, near, account }: Try): void {
    this.#perAddress.undo(network(address));
    if (near) return;
    if (account === undefined) this.#elsewhere.undo('');
    else this.#perAccount.undo(account);
  }
}

/** Who has an IPv6 address has all of its /64 (RFC 6177); an IPv4 one written as IPv6 is the IPv4 one. */
export function network(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = plain.includes('::')
    ? Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
    : [];
  return `${[...front, ...zeros, ...back]
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
