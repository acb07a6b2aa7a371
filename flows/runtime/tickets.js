/**
 * One-time tickets: the console, where somebody is logged in, asks the agent for one; the agent tells this process and
 * sends the browser here with it. Node-RED's own session starts from the ticket; the console's never comes near.
 */
import { timingSafeEqual } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

/** Who is meant where nobody is named: who may edit flows may do what a technician may. */
export const ACCOUNT = 'technician';

/** A browser may be here before the agent's word of its ticket is, ms. */
const PATIENCE_MS = 1000;

export class Tickets {
  #news = new EventEmitter();

  /** @type {Map<string, {expires: number, by: string}>} ticket → expiry (Unix epoch ms) and whose it is */
  #open = new Map();

  /**
   * @param {string} ticket
   * @param {number} expires Unix epoch ms of this machine's clock
   * @param {string} [by] who asked for it
   */
  add(ticket, expires, by = ACCOUNT) {
    const now = Date.now();
    for (const [old, one] of this.#open) if (one.expires < now) this.#open.delete(old);
    this.#open.set(ticket, { expires, by });
    this.#news.emit('ticket');
  }

  /**
   * Whose ticket it is, once for each that has not run out.
   *
   * @param {unknown} ticket
   * @returns {string | undefined}
   */
  redeem(ticket) {
    if (typeof ticket !== 'string') return undefined;
    for (const [known, { expires, by }] of this.#open) {
      if (known.length !== ticket.length || !timingSafeEqual(Buffer.from(known), Buffer.from(ticket)))
        continue;
      this.#open.delete(known);
      return expires >= Date.now() ? by : undefined;
    }
    return undefined;
  }

  /**
   * The same, for a ticket whose word is still on its way, too.
   *
   * @param {unknown} ticket
   */
  async claim(ticket) {
    const end = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const by = this.redeem(ticket);
      if (by !== undefined || end.aborted) return by;
      await once(this.#news, 'ticket', { signal: end }).catch(() => {});
    }
  }

  /** Node-RED's `adminAuth.strategy` (a passport strategy): `/auth/strategy/callback?ticket=…` logs in. */
  strategy() {
    const tickets = this;
    return {
      name: 'kerbside-ticket',
      label: 'Open the flows from the Kerbside console',
      strategy: class {
        name = 'kerbside-ticket';
        /** @type {(user: unknown) => void} set by passport */
        success = () => {};
        /** @type {(challenge: unknown, status: number) => void} set by passport */
        fail = () => {};
        /** @type {(error: unknown) => void} set by passport */
        error = () => {};
        // Not a private field: passport works on an object made from this one.
        verify;

        /**
         * @param {object} _options
         * @param {(profile: object, done: (error: unknown, user: unknown) => void) => void} verify
         */
        constructor(_options, verify) {
          this.verify = verify;
        }

        /** @param {{query?: {ticket?: unknown}}} request */
        async authenticate(request) {
          const by = await tickets.claim(request.query?.ticket);
          if (by === undefined) {
            this.fail({ message: 'open the flows from the Kerbside console' }, 401);
            return;
          }
          this.verify({ username: by }, (error, user) => {
            if (error) this.error(error);
            else if (user) this.success(user);
            else this.fail({ message: 'unknown account' }, 401);
          });
        }
      },
      options: {
        /**
         * @param {{username: string}} profile
         * @param {(error: unknown, profile: object) => void} done
         */
        verify: (profile, done) => done(null, profile),
      },
    };
  }
}
