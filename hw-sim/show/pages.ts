/** Files of the page: its parts of HTML put into one, its modules served with their types stripped. */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

export const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const PAGES = join(import.meta.dirname, 'pages');
const FILE = /^[a-z-]+\.(css|svg|ts)$/;
/** Modules keep their names and lose their types. */
const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8',
};

export function servePages(app: FastifyInstance): void {
  app.get('/', async (_request, reply) => reply.redirect('/street'));
  app.get('/street', async (_request, reply) => {
    const [page, drawing] = await Promise.all([text('index.html'), text('drawing.svg')]);
    return reply.type('text/html; charset=utf-8').send(page.replace('<!-- drawing.svg -->', () => drawing));
  });
  app.get<{ Params: { file: string } }>('/street/:file', async ({ params: { file } }, reply) => {
    const [, kind = ''] = FILE.exec(file) ?? [];
    const found = kind === '' ? undefined : await text(file).catch(() => undefined);
    if (found === undefined) return reply.code(404).send({ error: 'there is no such file' });
    return reply.type(TYPES[kind] ?? '').send(kind === 'ts' ? stripTypeScriptTypes(found) : found);
  });
}

function text(file: string): Promise<string> {
  return readFile(join(PAGES, file), 'utf8');
}
