/**
 * The fence around a unit that was replaced: as soon as one receiver says so, no uplink of it sends any more, also those
 * whose protocol could not tell. It opens when the receiver that shut it takes the unit again.
 */
import type { AgentError } from '../core/errors.ts';
import type { Fence, UplinkSession } from '../core/uplink.ts';

export class UnitFence {
  #shut: { readonly by: string; readonly error: AgentError } | undefined;
  #closed = Promise.withResolvers<never>();

  constructor() {
    this.#closed.promise.catch(() => {});
  }

  /** As one uplink has it. */
  of(uplink: string): Fence {
    return {
      shut: (error) => {
        if (this.#shut !== undefined) return;
        this.#shut = { by: uplink, error };
        this.#closed.reject(error);
      },
      open: () => {
        if (this.#shut?.by !== uplink) return;
        this.#shut = undefined;
        this.#closed = Promise.withResolvers<never>();
        this.#closed.promise.catch(() => {});
      },
    };
  }

  /** Connects unless it is shut; the session is lost when it is. The uplink that shut it asks its receiver again. */
  async connect(uplink: string, connect: () => Promise<UplinkSession>): Promise<UplinkSession> {
    if (this.#shut !== undefined && this.#shut.by !== uplink) throw this.#shut.error;
    const session = await connect();
    const closed = Promise.race([session.closed, this.#closed.promise]);
    closed.catch(() => {});
    return new Proxy(session, {
      get(target, key) {
        if (key === 'closed') return closed;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
