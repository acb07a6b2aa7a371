/**
 * The show: one page on loopback that draws the street, and what its visitors do to it. Part of the simulator, never of
 * an agent. It is served without a login, for it can break nothing but this simulated street; pages of other origins
 * are refused all the same.
 */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Ground } from './breakable.ts';
import { BREAKABLES } from './breakables.ts';
import { sceneOf } from './scene.ts';
import { Stage } from './stage.ts';
import { Tour } from './tour.ts';

/** Where the page finds what it links to. */
export interface ShowLinks {
  /** With a one-time login, asked for at each click. */
  console(): Promise<string>;
  readonly sign: string | undefined;
}

export interface ShowOptions {
  readonly ground: Ground;
  readonly links: ShowLinks;
  /** Of 127.0.0.1; 0: any. */
  readonly port: number;
  /** `once` begins the tour with the first visitor, `loop` again and again. */
  readonly tour?: 'once' | 'loop';
}

export interface Show extends AsyncDisposable {
  /** http://127.0.0.1:PORT/street */
  readonly url: string;
}

/** Frames a second. */
const FRAME_MS = 200;
const PAGES = join(import.meta.dirname, 'pages');
/** Modules keep their names and lose their types. */
const SCRIPT = 'text/javascript; charset=utf-8';
const FILES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'main.ts': SCRIPT,
  'drawing.ts': SCRIPT,
  'words.ts': SCRIPT,
  'panel.ts': SCRIPT,
};
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Resolves when it listens; rejects where the port is taken. */
export async function startShow({ ground, links, port, tour: plan }: ShowOptions): Promise<Show> {
  await using parts = new AsyncDisposableStack();
  const stage = parts.use(new Stage(ground));
  const tour = parts.use(new Tour(stage, ground.eye));
  const watchers = new Set<FastifyReply['raw']>();
  let toured = false;

  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
    if (foreign(request)) return reply.code(403).send({ error: 'requests of other pages are refused' });
    return undefined;
  });
  app.get('/', async (_request, reply) => reply.redirect('/street'));
  app.get('/street', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(await readFile(join(PAGES, 'index.html'))),
  );
  app.get<{ Params: { file: string } }>('/street/:file', async ({ params: { file } }, reply) => {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (type === undefined) return reply.code(404).send({ error: 'there is no such file' });
    const text = await readFile(join(PAGES, file), 'utf8');
    return reply.type(type).send(type === SCRIPT ? stripTypeScriptTypes(text) : text);
  });
  app.get('/street/things', async () =>
    BREAKABLES.map(({ id, title, does, at, passes }) => ({ id, title, does, at, passes: passes ?? false })),
  );
  app.get('/street/camera.jpg', async (_request, reply) => {
    const url = ground.street.camera?.url;
    if (url === undefined) return reply.code(404).send({ error: 'this street has no camera' });
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
    return reply.type('image/jpeg').send(Buffer.from(await answer.arrayBuffer()));
  });
  app.get('/street/live', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    watchers.add(raw);
    raw.on('close', () => watchers.delete(raw));
    raw.on('error', () => watchers.delete(raw));
    if (plan !== undefined && !toured) {
      toured = true;
      void tour.start(plan === 'loop').catch((error: unknown) => request.log.error(error));
    }
  });
  app.get('/street/console', async (_request, reply) => reply.redirect(await links.console()));
  app.get('/street/sign', async (_request, reply) =>
    links.sign === undefined
      ? reply.code(404).send({ error: 'this street has no sign' })
      : reply.redirect(links.sign),
  );
  const act = (path: string, run: (id: string) => Promise<void>): void => {
    app.post<{ Params: { id: string } }>(path, async ({ params: { id } }, reply) => {
      try {
        await run(id);
        return { done: true };
      } catch (error) {
        return reply.code(409).send({ error: error instanceof Error ? error.message : String(error) });
      }
    });
  };
  act('/street/things/:id/strike', (id) => stage.strike(id));
  act('/street/things/:id/undo', (id) => stage.undo(id));
  act('/street/tour/:id', async (id) => (id === 'start' ? tour.start() : tour.stop()));

  const beat = setInterval(() => {
    if (watchers.size === 0) return;
    const frame = `data: ${JSON.stringify(sceneOf(ground, stage, tour))}\n\n`;
    for (const watcher of watchers) watcher.write(frame);
  }, FRAME_MS);
  parts.defer(() => clearInterval(beat));
  const origin = await app.listen({ host: '127.0.0.1', port });
  parts.defer(() => app.close());
  parts.defer(() => {
    for (const watcher of watchers) watcher.end();
  });
  const owned = parts.move();
  return { url: `${origin}/street`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What another page makes a browser send, or a name that is not this machine's (DNS rebinding). */
function foreign({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  const name = headers.host?.replace(/:\d+$/, '');
  if (name !== '127.0.0.1' && name !== 'localhost') return true;
  return (
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (headers.origin !== undefined && new URL(headers.origin).host !== headers.host)
  );
}
