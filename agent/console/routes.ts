/** Routes of the pages: hashed files that may be kept for ever, and the one page that names them. */
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asset, Built, PageSource } from '../assets/asset.ts';
import { sendAsset } from '../assets/send.ts';
import { Problem } from './api/problem.ts';

/** What the console's pages are made of. */
export const CONSOLE_PAGES: PageSource = {
  folder: join(import.meta.dirname, 'pages'),
  modules: ['main', 'early'],
  styles: [
    'colours',
    'ground',
    'controls',
    'frame',
    'nav',
    'ledger',
    'quality',
    'health',
    'table',
    'cards',
    'access',
    'alarms',
    'energy',
    'pole',
    'sign',
    'commission',
    'settings',
    'field',
    'narrow',
  ],
  sheets: [['chart-style', 'uplot', 'uPlot.min.css']],
  icon: 'icon.svg',
};

/** What the one page of an unclaimed unit is made of. */
export const CLAIM_PAGES: PageSource = {
  folder: CONSOLE_PAGES.folder,
  page: 'claim.html',
  modules: ['claim-main', 'early'],
  styles: ['colours', 'ground', 'controls', 'frame', 'cards', 'access', 'commission', 'claim', 'narrow'],
  icon: 'icon.svg',
};

/** Where the page of an unclaimed unit is looked for: labels lead to the second, links to the third. */
export const CLAIM_PATHS = ['/', '/service', '/login'] as const;

/** Addresses inside the page's own router; all get the same page. */
export const PAGE_PATHS = [
  '/',
  '/points',
  '/points/:device/:point',
  '/devices/:device',
  '/devices/:device/:point',
  '/lines',
  '/lines/:line',
  '/uplinks',
  '/uplinks/:uplink',
  '/light',
  '/light/:lamp',
  '/node-red',
  '/cameras',
  '/cameras/:camera',
  '/pole',
  '/sign',
  '/alarms',
  '/alarms/:alarm',
  '/energy',
  '/commands',
  '/commission',
  '/settings',
  '/access',
  '/service',
] as const;

export function serveAssets(
  app: FastifyInstance,
  built: Promise<Built>,
  paths: readonly string[] = PAGE_PATHS,
): void {
  let byName: ReadonlyMap<string, Asset> | undefined;
  const find = async (name: string) => {
    byName ??= new Map((await built).assets.map((asset) => [asset.name, asset]));
    return byName.get(name);
  };
  app.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const asset = await find(request.params.name);
    if (asset === undefined) throw new Problem(404, 'not-found', 'there is no such file');
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return sendAsset(request, reply, asset);
  });
  for (const path of paths) {
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
  return sendAsset(request, reply, (await built).page);
}
