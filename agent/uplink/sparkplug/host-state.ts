/** What a primary host says of itself on `spBv1.0/STATE/<host>`: JSON `{online, timestamp}`, retained. */

export interface HostState {
  readonly online: boolean;
  /** Unix epoch, ms, as the host has it. */
  readonly timestamp: number;
}

/** A state is a few dozen bytes. */
const LONGEST = 4096;

/** The state in `bytes`, or undefined where they are none. */
export function readHostState(bytes: Uint8Array): HostState | undefined {
  if (bytes.length > LONGEST) return undefined;
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { online, timestamp } = payload as Readonly<Record<string, unknown>>;
  if (typeof online !== 'boolean') return undefined;
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp)) return undefined;
  return { online, timestamp };
}

/**
 * Follows one host over one connection. A message older than the one before is stale, whatever it says: the certificate
 * of a death may come after the next birth. Kept per connection, for clocks of hosts are set back too.
 */
export class HostWatch {
  #last: HostState | undefined;

  get online(): boolean {
    return this.#last?.online === true;
  }

  /** The state that holds from now on, or undefined where the message is no state or a stale one. */
  hear(bytes: Uint8Array): HostState | undefined {
    const state = readHostState(bytes);
    if (state === undefined) return undefined;
    // [tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp] Equal is valid.
    if (this.#last !== undefined && state.timestamp < this.#last.timestamp) return undefined;
    this.#last = state;
    return state;
  }
}
