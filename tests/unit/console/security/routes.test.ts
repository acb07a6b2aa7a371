/**
 * Every route the console answers to, taken from the server itself: a new one is held to these rules from its first day.
 * Where one of them fails, its message names the route and what is wrong with it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLES, type Role, reaches } from '../../../../agent/console/access/role.ts';
import { SCOPES, type TokenScope } from '../../../../agent/console/access/scope.ts';
import type { Route } from '../../../../agent/console/http.ts';
import { PAGE_PATHS } from '../../../../agent/console/routes.ts';
import { openConsole, type TestConsole } from '../open-console.ts';

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly role: Role;
  readonly scope: string | undefined;
  readonly personOnly: boolean;
  readonly open: boolean;
}

interface Described {
  readonly 'x-role': Role;
  readonly 'x-scope'?: string;
  readonly security?: readonly object[];
}

/** Outside the API: what each is, and why it is open or how it is shut. */
const BESIDE: Readonly<Record<string, string>> = {
  'GET /assets/:name': 'open: our own files, which everybody has',
  'GET /login': 'open: the way in, by a code',
  'GET /healthz': 'open: yes or no',
  'GET /readyz': 'open: yes or no',
  'GET /metrics': 'shut: see below',
  'GET /api/v1/openapi.json': 'shut: see below',
  ...Object.fromEntries(PAGE_PATHS.map((path) => [`GET ${path}`, 'open: the page, which holds nothing'])),
};

let console_: TestConsole;
let operations: readonly Operation[];

beforeAll(async () => {
  console_ = await openConsole();
  const { text } = await console_.ask('/api/v1/openapi.json', { headers: await console_.login() });
  const paths: Record<string, Record<string, Described>> = JSON.parse(text).paths;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, ...one }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: `/api/v1${path.replace(/\{\w+\}/g, 'x1')}`,
      role: one['x-role'],
      scope: one['x-scope'],
      personOnly: security?.length === 1,
      open: security?.length === 0,
    })),
  );
});
afterAll(() => console_[Symbol.asyncDispose]());

const shut = () => operations.filter(({ open }) => !open);
const changing = ({ method }: Pick<Operation, 'method'>) => method !== 'GET' && method !== 'DELETE';

/** Asks an operation with a body that is right in form where one is due. */
function ask({ method, path }: Pick<Operation, 'method' | 'path'>, headers: Record<string, string>) {
  const sends = changing({ method });
  return console_.ask(path, {
    method,
    headers: { ...headers, ...(sends ? { 'content-type': 'application/json' } : {}) },
    ...(sends ? { body: '{}' } : {}),
  });
}

/** Names of the operations whose answer to `headers` is not `status` with `code`. */
async function others(
  list: readonly Operation[],
  headers: Record<string, string>,
  status: number,
  code: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of list) {
    const answer = await ask(one, headers);
    const kind = String(answer.headers['content-type']);
    const got = kind.includes('problem+json') ? JSON.parse(answer.text).code : kind;
    if (answer.status !== status || got !== code) found.push(`${one.name}: answered ${answer.status} ${got}`);
  }
  return found;
}

describe('the table of routes', () => {
  test('is whole: what the server answers to is in the OpenAPI document or known as something beside it', () => {
    const inDocument = new Set(operations.map(({ method, path }) => `${method} ${path}`));
    const unknown = console_.console.routes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }: Route) => `${method} ${url}`)
      .filter((name) => !(name in BESIDE) && !inDocument.has(name.replace(/:\w+/g, 'x1')))
      .map(
        (name) =>
          `${name} is served but not in the table of agent/console/api/serve.ts: nobody checks who asks`,
      );
    expect(unknown).toEqual([]);
  });

  test('is served whole: no operation of the document is missing', () => {
    const served = new Set(
      console_.console.routes.map(({ method, url }) => `${method} ${url.replace(/:\w+/g, 'x1')}`),
    );
    expect(
      operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !served.has(name)),
    ).toEqual([]);
    expect(operations.length).toBeGreaterThan(40);
  });

  test('gives every route a role, and all but those about the asker a scope', () => {
    expect(operations.filter(({ role }) => !ROLES.includes(role))).toEqual([]);
    const without = shut().filter(({ scope }) => scope === undefined);
    expect(without.map(({ name }) => name)).toEqual(['GET /session', 'POST /logout']);
  });

  test('lets no viewer and no scope of reading change anything', () => {
    const own = ['POST /logout', 'POST /password'];
    const wrong = shut()
      .filter(({ method, name }) => method !== 'GET' && !own.includes(name))
      .filter(({ role, scope }) => role === 'viewer' || scope === 'read' || scope === 'metrics')
      .map(({ name, role, scope }) => `${name} changes something with role ${role} and scope ${scope}`);
    expect(wrong).toEqual([]);
  });

  test('opens but the ways in', () => {
    expect(operations.filter(({ open }) => open).map(({ name }) => name)).toEqual([
      'POST /login',
      'POST /service-link/login',
    ]);
  });
});

describe('every route', () => {
  test('is shut without login', async () => {
    expect(await others(shut(), {}, 401, 'not-logged-in')).toEqual([]);
    for (const path of ['/api/v1/openapi.json', '/metrics']) {
      expect([path, (await console_.ask(path)).status]).toEqual([path, 401]);
    }
  });

  test('is shut with a made-up session or token, and where one half of a session is missing (CSRF)', async () => {
    const { cookie, 'x-kerbside-key': key } = await console_.login();
    const wrong = [
      { cookie: `${cookie}x`, 'x-kerbside-key': 'x' },
      { cookie },
      { 'x-kerbside-key': key },
      { cookie, 'x-kerbside-key': 'x'.repeat(43) },
      { authorization: `Bearer kb_${'A'.repeat(43)}` },
      { authorization: 'Basic YWRtaW46YWRtaW4=' },
      { authorization: 'Bearer ../../etc/passwd' },
    ];
    for (const headers of wrong) expect(await others(shut(), headers, 401, 'not-logged-in')).toEqual([]);
  });

  test('is shut for a role too low', async () => {
    for (const role of ROLES) {
      const person = await console_.login(role);
      const higher = shut().filter(({ role: needed }) => !reaches(role, needed));
      expect(await others(higher, person, 403, 'role-too-low')).toEqual([]);
    }
  });

  test('is shut for a token that lacks its scope, even of an administrator', async () => {
    for (const scope of SCOPES) {
      const program = await console_.token('administrator', `only-${scope}`, [scope]);
      const lacking = shut().filter(
        (one) => !one.personOnly && one.scope !== undefined && one.scope !== scope,
      );
      expect(await others(lacking, program, 403, 'scope-missing')).toEqual([]);
    }
    const reader = await console_.token('viewer', 'no-metrics', ['read']);
    expect((await console_.ask('/metrics', { headers: reader })).status).toBe(403);
    const prometheus = await console_.token('viewer', 'prometheus', ['metrics']);
    expect((await console_.ask('/metrics', { headers: prometheus })).status).toBe(200);
    expect((await console_.ask('/api/v1/points', { headers: prometheus })).status).toBe(403);
  });

  test('for persons is shut for tokens, even of administrators', async () => {
    const program = await console_.token('administrator');
    const personal = shut().filter(({ personOnly }) => personOnly);
    expect(personal.map(({ name }) => name)).toContain('GET /cameras/{id}/frame');
    expect(await others(personal, program, 403, 'person-only')).toEqual([]);
    expect(console_.agent.previews).toBe(0);
  });

  test('is shut for foreign pages, also on another port of this host and without the key', async () => {
    const person = await console_.login();
    const port = new URL(console_.console.url).port;
    const foreign = [
      { origin: 'https://example.org' },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: `http://localhost:${port}` },
      { origin: 'null' },

      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      expect(await others(operations, { ...person, ...headers }, 403, 'foreign-origin')).toEqual([]);
    }
    expect(console_.agent.submitted).toEqual([]);
    for (const headers of foreign) {
      expect((await console_.ask('/metrics', { headers: { ...person, ...headers } })).status).toBe(403);
    }
  });

  test('is shut under a name that is not ours (DNS rebinding)', async () => {
    const person = await console_.login();
    expect(await others(operations, { ...person, host: 'evil.example' }, 421, 'wrong-host')).toEqual([]);
  });

  test('that takes a body takes JSON only', async () => {
    const person = await console_.login();
    for (const one of operations.filter(changing)) {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const { status } = await console_.ask(one.path, {
          method: one.method,
          headers: { ...person, 'content-type': type },
          body: '{}',
        });
        expect([one.name, type, status]).toEqual([one.name, type, 415]);
      }
    }
  });

  test('is open for our own page', async () => {
    const person = await console_.login();
    const own = { ...person, origin: console_.console.url, 'sec-fetch-site': 'same-origin' };
    expect((await console_.ask('/api/v1/session', { headers: own })).status).toBe(200);
  });
});

test('a token has the scopes of its role where nobody says otherwise, and never those of a person', async () => {
  const session = async (headers: Record<string, string>) =>
    JSON.parse((await console_.ask('/api/v1/session', { headers })).text);
  expect((await session(await console_.token('viewer'))).scopes).toEqual(['read', 'metrics']);
  expect((await session(await console_.token('technician'))).scopes).not.toContain('config');
  const person = await console_.login();
  for (const scope of ['access', 'cameras', 'everything']) {
    const body = { name: 'greedy', role: 'administrator', scopes: [scope] };
    expect((await console_.post('/api/v1/tokens', body, person)).status).toBe(400);
  }
  const all: readonly TokenScope[] = SCOPES;
  expect((await session(await console_.token('administrator', 'all'))).scopes).toEqual(all);
});
