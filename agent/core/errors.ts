/**
 * The one error class. Expected outcomes (a bad reading, a rejected command, a refused record) are values, not errors.
 * Message form: `what failed: why (facts)`, for example
 * `read of 40 registers at 3110 failed: no answer within 300 ms (unit 7, try 3/3)`.
 */
export type ErrorCode =
  | 'aborted'
  | 'timeout'
  | 'config-invalid'
  | 'port-missing'
  | 'port-busy'
  | 'port-denied'
  | 'link-lost'
  | 'frame-invalid'
  | 'late-answer'
  | 'device-exception'
  | 'device-busy'
  | 'unsupported'
  | 'address-taken'
  | 'replaced'
  | 'broker-refused'
  | 'broker-unreachable'
  | 'auth-failed'
  | 'store-full'
  | 'store-damaged'
  | 'store-failed'
  | 'source-failed'
  | 'model-invalid'
  | 'thread-died'
  | 'queue-full'
  | 'not-found'
  | 'internal';

export interface ErrorFacts {
  /** Whether the same call can succeed later without anybody changing anything; decided where the error is born. */
  readonly retryable?: boolean;
  /** What to do about it, as a sentence for a technician. */
  readonly fix?: string;
  /** Wire codes and numbers, kept as they came. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'timeout',
  'port-missing',
  'port-busy',
  'link-lost',
  'frame-invalid',
  'late-answer',
  'device-busy',
  'broker-unreachable',
  'store-full',
  'store-failed',
  'source-failed',
  'thread-died',
  'queue-full',
]);

export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly fix: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.retryable = facts.retryable ?? RETRYABLE.has(code);
    this.fix = facts.fix;
    this.context = facts.context ?? {};
  }
}

/** Any thrown thing as an `AgentError`; an abort keeps its meaning, the rest becomes `fallback`. */
export function asAgentError(thrown: unknown, fallback: ErrorCode = 'internal'): AgentError {
  if (thrown instanceof AgentError) return thrown;
  if (thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')) {
    const code = thrown.name === 'TimeoutError' ? 'timeout' : 'aborted';
    return new AgentError(code, thrown.message, { cause: thrown });
  }
  return new AgentError(fallback, thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}
