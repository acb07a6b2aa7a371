/** A refusal as the API tells it: RFC 9457 problem details with a closed code and, where there is one, the fix. */
import { AgentError, asAgentError, type ErrorCode } from '../../core/errors.ts';

export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly fix?: string;
  /** What a text in another language fills in (an extension member, RFC 9457 §3.2). */
  readonly facts?: Readonly<Record<string, string>>;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly fix: string | undefined;
  /** Seconds after which to ask again. */
  readonly retryAfter: number | undefined;
  readonly facts: Readonly<Record<string, string>> | undefined;

  constructor(
    status: number,
    code: string,
    detail: string,
    more: { fix?: string; retryAfter?: number; facts?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fix = more.fix;
    this.retryAfter = more.retryAfter;
    this.facts = more.facts;
  }

  body(): ProblemBody {
    return {
      type: 'about:blank',
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.fix === undefined ? {} : { fix: this.fix }),
      ...(this.facts === undefined ? {} : { facts: this.facts }),
    };
  }
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  timeout: 504,
  aborted: 503,
  'not-found': 404,
  'queue-full': 503,
  unsupported: 400,
  'config-invalid': 400,
};

/** Any thrown thing as a problem. What is not ours says nothing of its inside. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof AgentError || isAbort(thrown)) {
    const error = asAgentError(thrown);
    return new Problem(STATUS[error.code] ?? 503, error.code, error.message, {
      ...(error.fix === undefined ? {} : { fix: error.fix }),
    });
  }
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  if (status >= 400 && status < 500 && thrown instanceof Error) {
    return new Problem(status, 'bad-request', thrown.message);
  }
  return new Problem(500, 'internal', 'the console failed to answer; its log says why');
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}
