/**
 * The show: one page on loopback that draws the street, and what its visitors do to it. Part of the simulator, never of
 * an agent. It is served without a login, for it can break nothing but this simulated street; pages of other origins
 * are refused all the same.
 */
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { Ground } from './breakable.ts';
import { BREAKABLES } from './breakables.ts';
import { CameraEye } from './camera-eye.ts';
import type { Links } from './links.ts';
import { HEADERS, servePages } from './pages.ts';
import { sceneOf } from './scene.ts';
import { Stage } from './stage.ts';
import { THINGS } from './things.ts';
import { Tour } from './tour.ts';

/** How fast the street's time runs, where that can be changed while it runs. */
export interface StreetSpeed {
  /** Times as fast as life that are offered. */
  readonly rates: readonly number[];
  set(rate: number): Promise<void>;
}

export interface ShowOptions {
  readonly ground: Omit<Ground, 'camera'>;
  readonly links: Links;
  /** Of 127.0.0.1; 0: any. */
  readonly port: number;
  /** `once` begins the tour with the first visitor, `loop` again and again. */
  readonly tour?: 'once' | 'loop';
  /** Absent: it runs as it was started. */
  readonly speed?: StreetSpeed;
}

export interface Show extends AsyncDisposable {
  /** http://127.0.0.1:PORT/street */
  readonly url: string;
}

/** Between two frames, ms. */
const FRAME_MS = 200;
/** Longest wait for a picture of the simulated camera, ms. */
const PICTURE_MS = 3000;

/** Resolves when it listens; rejects where the port is taken. */
export async function startShow({
  ground: found,
  links,
  port,
  tour: plan,
  speed,
}: ShowOptions): Promise<Show> {
  await using parts = new AsyncDisposableStack();
  const watchers = new Set<FastifyReply['raw']>();
  const [camera] = found.street.scenario.cameras;
  const seen = camera && parts.use(new CameraEye(found.eye, camera.id, () => watchers.size > 0));
  const ground: Ground = { ...found, camera: seen };
  const stage = parts.use(new Stage(ground));
  const tour = parts.use(new Tour(stage, ground));
  let toured = false;

  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
    if (foreign(request)) return reply.code(403).send({ error: 'requests of other pages are refused' });
    return undefined;
  });
  servePages(app);
  app.get('/street/things', async () => ({
    breakables: BREAKABLES.map(({ id, title, does, at, passes }) => ({
      id,
      title,
      does,
      at,
      passes: passes ?? false,
    })),
    things: THINGS.map(({ id, title, facts, pages }) => ({
      id,
      title,
      facts: facts.map((one) => one.title),
      pages: pages.map((one) => ({ id: one.id, title: one.title })),
    })),
    rates: speed?.rates ?? [],
  }));
  app.get<{ Querystring: { time?: string } }>('/street/camera.jpg', async ({ query }, reply) => {
    const url = ground.street.camera?.servedUrl;
    if (url === undefined) return reply.code(404).send({ error: 'this street has no camera' });
    const time = Number(query.time);
    const asked = Number.isFinite(time) ? `${url}?time=${time}` : url;
    const answer = await fetch(asked, { signal: AbortSignal.timeout(PICTURE_MS) });
    if (!answer.ok) return reply.code(404).send({ error: 'the camera has given out no picture yet' });
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
  app.get<{ Params: { thing: string; page: string } }>(
    '/street/to/:thing/:page',
    async ({ params }, reply) => {
      const page = THINGS.find(({ id }) => id === params.thing)?.pages.find(({ id }) => id === params.page);
      if (page === undefined) return reply.code(404).send({ error: 'there is no such page' });
      try {
        return reply.redirect(await links.to(page.way));
      } catch (error) {
        return reply.code(503).send({ error: `${messageOf(error)}; try again in a moment` });
      }
    },
  );
  const act = (path: string, run: (id: string) => Promise<void>): void => {
    app.post<{ Params: { id: string } }>(path, async ({ params: { id } }, reply) => {
      try {
        await run(id);
        return { done: true };
      } catch (error) {
        return reply.code(409).send({ error: messageOf(error) });
      }
    });
  };
  act('/street/things/:id/strike', (id) => stage.strike(id));
  act('/street/things/:id/undo', (id) => stage.undo(id));
  act('/street/tour/:id', async (id) => (id === 'start' ? tour.start() : tour.stop()));
  act('/street/speed/:id', async (id) => {
    const rate = speed?.rates.find((one) => String(one) === id);
    if (speed === undefined || rate === undefined)
      throw new Error(`the street cannot run ${id} times as fast`);
    await speed.set(rate);
  });

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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
