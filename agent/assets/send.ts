/** Sends a file of the pages in an encoding that the browser takes. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Asset } from './asset.ts';

export function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
  const bytes = encoding === 'br' ? asset.brotli : encoding === 'gzip' ? asset.gzip : asset.identity;
  reply.header('vary', 'accept-encoding').type(asset.type);
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
