/** One route of the API as data: who may, what goes in, what comes out, and what it does. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Door } from '../access/door.ts';
import type { Principal, Role } from '../access/role.ts';
import { type Scope, scopeOf } from '../access/scope.ts';
import { Problem } from './problem.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** What comes out where it is not JSON. */
export type MediaType = 'image/jpeg' | 'text/event-stream' | 'text/plain; version=0.0.4' | 'text/html';

/** Where a request came from. */
export interface Origin {
  readonly door: Door;
  /** IP address of the asker. */
  readonly address: string;
  /** `https://pole-0817.local:8443`: under which the asker knows us. */
  readonly own: string;
}

export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly who: Principal;
  /** Session cookie of the request, if any. */
  readonly cookie: string | undefined;
  readonly from: Origin;
  /** Aborts when the asker is gone or the deadline is over. */
  readonly signal: AbortSignal;
  readonly reply: FastifyReply;
}

export interface RawCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly who: Principal;
  readonly cookie: string | undefined;
  readonly from: Origin;
  readonly signal: AbortSignal;
  readonly reply: FastifyReply;
}

export interface Endpoint {
  readonly method: Method;
  /** Below /api/v1, parameters as `:name`. */
  readonly path: string;
  readonly role: Role;
  /** Only a person's session may, no token. */
  readonly personOnly: boolean;
  /** What a token, or a session that is held to something, needs beside the role; undefined: nothing. */
  readonly scope: Scope | undefined;
  /** Asked before anybody is known: a way in. `who` is a viewer without rights then. */
  readonly open: boolean;
  readonly summary: string;
  /** Largest body, bytes, where it is not the one of all routes. */
  readonly mostBody: number | undefined;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Present where the method is POST. */
  readonly body: z.ZodType;
  readonly answer: z.ZodType | MediaType;
  /** Codes of refusals beyond those every route has. */
  readonly problems: readonly number[];
  readonly run: (call: RawCall) => Promise<unknown>;
}

const NOTHING = z.strictObject({});
type Nothing = typeof NOTHING;

interface Definition<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  A extends z.ZodType | MediaType,
> {
  readonly method: Method;
  readonly path: string;
  readonly role: Role;
  readonly personOnly?: boolean;
  readonly open?: boolean;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly mostBody?: number;
  readonly answer: A;
  readonly problems?: readonly number[];
  readonly run: (
    call: Call<z.infer<P>, z.infer<Q>, z.infer<B>>,
  ) => Promise<A extends z.ZodType ? z.input<A> : Uint8Array | string | undefined>;
}

/** Makes a route of its definition; its requests are checked before it runs. */
export function endpoint<
  A extends z.ZodType | MediaType,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = Nothing,
>(definition: Definition<P, Q, B, A>): Endpoint {
  const {
    method,
    path,
    role,
    personOnly = false,
    open = false,
    summary,
    mostBody,
    answer,
    problems = [],
    run,
  } = definition;
  const [params, query, body] = [definition.params, definition.query, definition.body];
  return {
    method,
    path,
    role,
    personOnly,
    scope: open ? undefined : scopeOf(method, path),
    open,
    summary,
    mostBody,
    answer,
    problems,
    params: params ?? NOTHING,
    query: query ?? NOTHING,
    body: body ?? NOTHING,
    run: (call) =>
      run({
        ...call,
        params: checked<P>('path', params, call.params),
        query: checked<Q>('query', query, call.query),
        body: checked<B>('body', body, call.body),
      }),
  };
}

function checked<S extends z.ZodType>(place: string, schema: S | undefined, given: unknown): z.infer<S> {
  const result = (schema ?? NOTHING).safeParse(given ?? {});
  // An absent schema stands for the default type parameter, the empty object.
  if (result.success) return result.data as z.infer<S>;
  const found = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${[place, ...path].join('.')}: ${message}`)
    .join('; ');
  throw new Problem(400, 'malformed', found.slice(0, 1000));
}
