/** Routes of the pages: hashed files that may be kept for ever, and the one page that names them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../api/problem.ts';
import type { Asset, Built } from './asset.ts';

/** Addresses inside the page's own router; all get the same page. */
export const PAGE_PATHS = [
  '/',
  '/points',
  '/points/:device/:point',
  '/cameras',
  '/commands',
  '/access',
] as const;

export function serveAssets(app: FastifyInstance, built: Promise<Built>): void {
  let byName: ReadonlyMap<string, Asset> | undefined;
  const find = async (name: string) => {
    byName ??= new Map((await built).assets.map((asset) => [asset.name, asset]));
    return byName.get(name);
  };
  app.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const asset = await find(request.params.name);
    if (asset === undefined) throw new Problem(404, 'not-found', 'there is no such file');
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return send(request, reply, asset);
  });
  for (const path of PAGE_PATHS) {
    app.get(path, async (request, reply) => sendPage(request, reply, built));
  }
}

/** The page itself; it asks by its own whether somebody is logged in. */
export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  built: Promise<Built>,
): Promise<FastifyReply> {
  reply.header('cache-control', 'no-cache');
  return send(request, reply, (await built).page);
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
  const bytes = encoding === 'br' ? asset.brotli : encoding === 'gzip' ? asset.gzip : asset.identity;
  reply.header('vary', 'accept-encoding').type(asset.type);
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
