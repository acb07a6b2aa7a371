/** Talks to the local API: session key, JSON, refusals, and the live stream. */
import type { ProblemBody } from '../api/problem.ts';
import { pathAsked } from './state.ts';

const KEY = 'kerbside.key';

/** A one-time code that came with the address, for whoever is not logged in yet. */
let code: string | undefined;

/**
 * Keeps what came in the fragment and takes it out of the address bar: the session's second half, which a login leaves
 * there, or a code to log in with where nobody is.
 */
export function takeKey(): void {
  const [, kind, value] = /^#(key|enter)=([\w-]+)$/.exec(location.hash) ?? [];
  if (kind === 'key' && value !== undefined) keepKey(value);
  if (kind === 'enter') code = value;
  if (kind !== undefined || location.pathname === '/login') history.replaceState(null, '', pathAsked());
}

/** Logs in with the code that came with the address; false where none did, or it has been tried. */
export function enterByCode(): boolean {
  if (code === undefined) return false;
  location.replace(loginAt(code));
  code = undefined;
  return true;
}

/** Address that logs in with a code and leads to the page that was asked for. */
export function loginAt(given: string): string {
  return `/login?${new URLSearchParams({ code: given, to: pathAsked() })}`;
}

/** Keeps the session's second half in the storage of this very origin. */
export function keepKey(key: string): void {
  localStorage.setItem(KEY, key);
}

export function dropKey(): void {
  localStorage.removeItem(KEY);
}

/** A refusal of the API, or no answer at all (status 0). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string | undefined;
  readonly facts: ProblemBody['facts'];

  constructor(
    status: number,
    code: string,
    detail: string,
    fix?: string,
    facts?: Readonly<Record<string, string>>,
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fix = fix;
    this.facts = facts;
  }
}

/** Asks; throws `Refusal`. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, 'x-kerbside-key': localStorage.getItem(KEY) ?? '' };
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      ...init,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (thrown) {
    if (init.signal?.aborted === true) throw thrown;
    throw new Refusal(0, 'no-answer', 'the agent does not answer');
  }
  if (response.ok) return response;
  const body: Partial<ProblemBody> = await response.json().catch(() => ({}));
  const { code = 'unknown', detail = response.statusText, fix, facts } = body;
  throw new Refusal(response.status, code, detail, fix, facts);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, signal === undefined ? {} : { signal })).json();
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return (await ask(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

export async function remove(path: string): Promise<void> {
  await ask(path, { method: 'DELETE' });
}

/**
 * Reads server-sent events (HTML §9.2.6) until the stream ends. Not by EventSource, which cannot send the key.
 * Every comment or event counts as a sign of life; silence beyond 40 s ends it.
 */
export async function listen(
  path: string,
  signal: AbortSignal,
  take: (event: string, data: string) => void,
): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), 40_000);
  try {
    const { body } = await ask(path, { signal: AbortSignal.any([signal, silence.signal]) });
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), 40_000);
      const blocks = (rest + chunk.value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) take(event, data);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
