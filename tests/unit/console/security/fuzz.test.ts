/**
 * Every operation of the API under seeded requests made from its own schemas and then broken: whatever is sent, the answer is
 * right in form, never a 500, never a hang; and too large a body is refused before it is read.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeded } from '../../../support/seeded.ts';
import { type Answer, openConsole, type Person, type TestConsole } from '../open-console.ts';

type Schema = { readonly [key: string]: unknown };
interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[];
  readonly body: Schema | undefined;
  readonly media: readonly string[];
}

interface Random {
  /** A whole number from 0, below `n`. */
  readonly below: (n: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
}

function makeRandom(seed: number): Random {
  const next = seeded(seed);
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: <T>(from: readonly T[]) => from[below(from.length)] as T };
}

const SEED = 20_261_128;
/** Requests of each operation. */
const RUNS = Number(process.env.FUZZ_API_RUNS ?? 24);

let at: TestConsole;
let person: Person;
let components: Record<string, Schema>;
let operations: readonly Operation[];

beforeAll(async () => {
  at = await openConsole();
  person = await at.login();
  const document = JSON.parse((await at.ask('/api/v1/openapi.json', { headers: person })).text);
  components = document.components.schemas;
  operations = Object.entries(document.paths as Record<string, Record<string, never>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]: [string, { parameters: never[]; requestBody?: never; responses: never }]) => ({
          method: method.toUpperCase(),
          path,
          parameters: operation.parameters,
          body: (operation.requestBody as { content?: Record<string, { schema: Schema }> } | undefined)
            ?.content?.['application/json']?.schema,
          media: Object.keys(
            (operation.responses as Record<string, { content?: object }>)['200']?.content ?? {},
          ),
        }),
      ),
  );
});
afterAll(() => at[Symbol.asyncDispose]());

const ODD: readonly unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  1.5,
  true,
  [],
  {},
  'x'.repeat(300),
  '../../etc/passwd',
  '\u0000',
  '\r\nset-cookie: a=b',
  '%00',
  `$\{env:HOME}`,
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '💡'.repeat(40),
  '\ud800',
  '{"$ref":"#"}',
  -0,
  '1e999',
  'meter-feeder',
  'board',
];

/** A value that a schema might take. */
function made(schema: Schema, random: Random, depth = 0): unknown {
  const {
    $ref,
    anyOf,
    oneOf,
    allOf,
    enum: words,
    const: constant,
    type,
    properties,
    items,
    minimum,
    maximum,
  } = schema as Record<string, never>;
  if ($ref !== undefined) return made(components[String($ref).split('/').at(-1) ?? ''] ?? {}, random, depth);
  const choices = (anyOf ?? oneOf ?? allOf) as readonly Schema[] | undefined;
  if (choices !== undefined && choices.length > 0) return made(random.pick(choices), random, depth);
  if (constant !== undefined) return constant;
  if (words !== undefined) return random.pick(words as readonly unknown[]);
  switch (random.pick([type].flat() as readonly unknown[])) {
    case 'object': {
      if (depth > 4) return {};
      const required: readonly string[] = (schema.required as string[]) ?? [];
      const entries = Object.entries((properties ?? {}) as Record<string, Schema>).filter(
        ([name]) => required.includes(name) || random.below(2) === 0,
      );
      return Object.fromEntries(entries.map(([name, one]) => [name, made(one, random, depth + 1)]));
    }
    case 'array':
      return Array.from({ length: random.below(3) }, () =>
        made((items as Schema | undefined) ?? {}, random, depth + 1),
      );
    case 'integer':
    case 'number':
      return (minimum ?? 0) + random.below(Math.max(1, Math.min(1000, (maximum ?? 1000) - (minimum ?? 0))));
    case 'boolean':
      return random.below(2) === 0;
    case 'null':
      return null;
    case 'string':
      return random.pick([
        'meter-feeder',
        'board',
        'voltage',
        'lamp-level',
        'camera-1',
        'a',
        'Li Wei',
        'lantern rides past eleven',
        '2026-11-28',
      ]);
    default:
      return random.pick(ODD);
  }
}

/** The same with something broken in it, at any depth. */
function broken(value: unknown, random: Random): unknown {
  if (random.below(3) === 0 || typeof value !== 'object' || value === null) return random.pick(ODD);
  if (Array.isArray(value))
    return random.below(4) === 0
      ? Array(200).fill(random.pick(ODD))
      : value.map((one) => (random.below(2) === 0 ? broken(one, random) : one));
  const entries = Object.entries(value);
  const which = random.below(entries.length + 1);
  return Object.fromEntries([
    ...entries.map(([name, one], i) => (i === which ? [name, broken(one, random)] : [name, one])),
    ...(which === entries.length
      ? [[random.pick(['extra', '__proto__', 'constructor', '']), random.pick(ODD)]]
      : []),
  ]);
}

function bodyOf(schema: Schema, random: Random): string {
  const value = made(schema, random);
  const sent = JSON.stringify(random.below(3) === 0 ? value : broken(value, random)) ?? 'null';
  const how = random.below(20);
  if (how === 0) return sent.slice(0, random.below(sent.length + 1));
  if (how === 1) return `${'['.repeat(4000)}${']'.repeat(4000)}`;
  if (how === 2) return `{"a":1,${sent.slice(1)}`;
  return sent;
}

async function send(
  { method, path, parameters, body }: Operation,
  random: Random,
): Promise<readonly [string, Answer]> {
  const value = (schema: Schema) => String(random.below(3) === 0 ? random.pick(ODD) : made(schema, random));
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const found = parameters.find((one) => one.name === name);
    return encodeURIComponent(wellFormed(value(found?.schema ?? {}))) || 'x';
  });
  const query = parameters
    .filter((one) => one.in === 'query' && (one.required || random.below(2) === 0))
    .map(({ name, schema }) => `${name}=${encodeURIComponent(wellFormed(value(schema)))}`);
  const asked = `/api/v1${place}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  const sent = body === undefined ? {} : { body: bodyOf(body, random) };
  const headers = { ...person, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return [
    `${method} ${asked} ${sent.body ?? ''}`.slice(0, 600),
    await at.ask(asked, { method, headers, ...sent }),
  ];
}

/** What an address can carry: lone surrogates cannot be encoded. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

test(`every operation answers ${RUNS} requests in form (seed ${SEED})`, async () => {
  const random = makeRandom(SEED);
  const wrong: string[] = [];
  let sent = 0;
  for (const operation of operations) {
    // The stream is an answer without end.
    if (operation.media.includes('text/event-stream')) continue;
    for (let i = 0; i < RUNS; i++) {
      const [asked, answer] = await send(operation, random);
      sent += 1;
      const { status, headers, text } = answer;
      const kind = String(headers['content-type']).split(';')[0];
      if (status === 500 || status === 502) wrong.push(`${asked}: answered ${status}: ${text}`);
      else if (status >= 400 && kind !== 'application/problem+json')
        wrong.push(`${asked}: refused as ${kind}`);
      else if (status >= 400 && JSON.parse(text).status !== status)
        wrong.push(`${asked}: says another status`);
      else if (
        status < 400 &&
        !operation.media.includes(String(headers['content-type'])) &&
        !operation.media.includes(kind ?? '')
      )
        wrong.push(`${asked}: answered as ${kind}`);
      if (headers['set-cookie'] !== undefined && !/^(__Host-)?kerbside_/.test(headers['set-cookie'][0] ?? ''))
        wrong.push(`${asked}: set a cookie`);
      if (/node_modules|\.ts:\d+|at Object\./.test(text))
        wrong.push(`${asked}: tells of the inside: ${text}`);
      // It may have logged itself out, or ended its own session.
      if (status === 401) person = await at.login();
    }
  }
  expect(wrong).toEqual([]);
  expect(sent).toBeGreaterThan(operations.length * (RUNS - 1) - 2 * RUNS);
  expect((await at.ask('/healthz')).status).toBe(200);
}, 120_000);

test('too large a body is refused by what it announces, before it is read, on every route', async () => {
  person = await at.login();
  const { hostname, port, host } = new URL(at.console.url);
  const wrong: string[] = [];
  for (const { method, path, body } of operations) {
    if (body === undefined) continue;
    const lines = Object.entries({
      ...person,
      host,
      'content-type': 'application/json',
      'content-length': `${64 * 1024 * 1024}`,
    });
    const socket = connect({ host: hostname, port: Number(port) });
    const place = `/api/v1${path.replace(/\{\w+\}/g, 'x1')}`;
    socket.write(
      `${method} ${place} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{`,
    );
    let answer = '';
    for await (const chunk of socket) {
      answer += chunk;
      if (answer.includes('\r\n')) break;
    }
    socket.destroy();
    if (!answer.startsWith('HTTP/1.1 413 ')) wrong.push(`${method} ${path}: ${answer.split('\r\n')[0]}`);
  }
  expect(wrong).toEqual([]);
});
