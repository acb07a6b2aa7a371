/** What the broker's words mean: reason codes of MQTT 5 (§2.4) and return codes of 3.1.1 (§3.2.2.3). */
import { AgentError } from '../../core/errors.ts';
import { withoutSecrets } from '../address.ts';

/** Codes that say the protocol version is not spoken: 3.1.1 «unacceptable protocol version», 5 §3.2.2.2. */
const OTHER_VERSION: ReadonlySet<number> = new Set([1, 132]);
/** Bad user name or password, not authorized, bad authentication method, banned. */
const NO_ENTRY: ReadonlySet<number> = new Set([4, 5, 134, 135, 138, 140]);
/** Server unavailable, busy, shutting down, connection rate exceeded, quota exceeded. */
const LATER: ReadonlySet<number> = new Set([3, 136, 137, 139, 151, 159]);
/** The message itself is at fault: packet too large, payload format invalid. */
const BAD_MESSAGE: ReadonlySet<number> = new Set([149, 153]);

export function codeOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** True where the broker answered that it wants another protocol version. */
export function wantsOtherVersion(error: unknown): boolean {
  return OTHER_VERSION.has(codeOf(error) ?? -1);
}

/**
 * Whether a PUBACK with this code (≥ 0x80) is about the message and so for good. All others (quota, not authorized,
 * topic refused, unspecified) say nothing against the records: they stay until somebody mends the broker.
 */
export function refusesMessage(code: number): boolean {
  return BAD_MESSAGE.has(code);
}

/** The broker takes messages and acknowledges none: it is gone, whatever TCP says. */
export function overdue(what: string, reason: string): AgentError {
  return new AgentError('link-lost', `${what} failed: ${reason}`, {
    context: { overdue: true },
    fix: 'The broker takes messages and acknowledges none: check its disk, its load and its bridges.',
  });
}

export function isOverdue(reason: unknown): boolean {
  return reason instanceof AgentError && reason.context.overdue === true;
}

/** Why there is no connection, with what to do about it. */
export function connectError(thrown: unknown, url: string): AgentError {
  // What a key in a token has to say of itself.
  if (thrown instanceof AgentError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = codeOf(thrown);
  const what = `connection to broker ${withoutSecrets(url)} failed: ${cause.message || 'no reason given'}`;
  if (code !== undefined) {
    const facts = { cause, context: { code } };
    if (NO_ENTRY.has(code)) {
      const fix = 'Check user name and password of this uplink, and what the broker allows this client.';
      return new AgentError('auth-failed', what, { ...facts, fix });
    }
    const retryable = LATER.has(code);
    return new AgentError('broker-refused', what, { ...facts, retryable });
  }
  const system = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER|VERIFY/.test(system)) {
    const fix =
      "Put the certificate of the broker's authority into ca, and use the name that stands in its certificate.";
    return new AgentError('auth-failed', what, { cause, fix, context: { code: system } });
  }
  const fix =
    'Check the address and port of this uplink, and that the broker runs and can be reached from here.';
  return new AgentError('broker-unreachable', what, { cause, fix, context: { code: system } });
}

/** The far end closed the connection without a word. */
export class Closed extends Error {
  constructor() {
    super('the connection was closed');
  }
}

/** True where another client came with our client id, as MQTT 5 says it (§3.14.2.1). */
export function takenOver(thrown: unknown): boolean {
  return codeOf(thrown) === 142;
}

/** True where it may have: 3.1.1 has no word for it, and not every broker of 5 says it. */
export function mayBeTakenOver(thrown: unknown): boolean {
  return takenOver(thrown) || thrown instanceof Closed;
}

/** Why a connection that was there is no more. */
export function linkLost(thrown: unknown, url: string): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = codeOf(thrown);
  const fix = takenOver(thrown) ? { fix: 'Two agents use this client id: give each its own agent id.' } : {};
  return new AgentError(
    'link-lost',
    `link to broker ${withoutSecrets(url)} lost: ${cause.message || 'closed'}`,
    {
      cause,
      ...fix,
      ...(code === undefined ? {} : { context: { code } }),
    },
  );
}
