/** The centre on HTTP, on loopback: its timetable, its feeds in three formats, and what such servers do wrong. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Centre } from './centre.ts';
import { gtfsTables, zipTables } from './gtfs.ts';
import { alerts, gpsJson, siri, tripUpdates, vehiclePositions } from './messages.ts';

/** `frozen`: everything stands still. `restamped`: only its header moves. `late`: what it says is ten minutes old. */
export const SERVER_FAULTS = [
  'frozen',
  'restamped',
  'late',
  'malformed',
  'huge',
  'error',
  'silent',
  'redirect',
  'bomb',
] as const;
export type ServerFault = (typeof SERVER_FAULTS)[number];

export interface TransitServer extends AsyncDisposable {
  readonly url: string;
  /** By path (`/vehicles.pb`), or all of them under `*`. */
  readonly faults: Map<string, ServerFault>;
  /** Requests so far, and those answered by 304. */
  readonly counts: { requests: number; notModified: number };
  /** Bodies that were posted, the latest last. */
  readonly posted: string[];
}

/** `now`: street time, Unix epoch ms. `port` 0: any. */
export async function serveTransit(centre: Centre, now: () => number, port = 0): Promise<TransitServer> {
  const faults = new Map<string, ServerFault>();
  const counts = { requests: 0, notModified: 0 };
  const posted: string[] = [];
  const stopped = new Map<string, number>();
  const { platforms } = centre.fleet.city.centre;
  let zip: Buffer | undefined;

  const body = (path: string, time: number, header: number): [Buffer, string] | undefined => {
    if (path === '/vehicles.pb') return [vehiclePositions(centre, time, header), 'application/x-protobuf'];
    if (path === '/trips.pb') return [tripUpdates(centre, time, header), 'application/x-protobuf'];
    if (path === '/alerts.pb') return [alerts(centre.alerts, header), 'application/x-protobuf'];
    if (path === '/gps.json') return [Buffer.from(gpsJson(centre, time, platforms)), 'application/json'];
    if (path === '/siri') return [Buffer.from(siri(centre, time, platforms)), 'application/xml'];
    if (path === '/gtfs.zip') {
      zip ??= zipTables(gtfsTables(centre.fleet.city));
      return [zip, 'application/zip'];
    }
    return undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    counts.requests += 1;
    response.on('error', () => {});
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    if (pieces.length > 0) posted.push(Buffer.concat(pieces).toString());
    const fault = faults.get(path) ?? faults.get('*');
    if (fault === 'silent') return;
    if (fault === 'error') return void response.writeHead(503, { 'retry-after': '1' }).end('later');
    if (fault === 'redirect') return void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    if (fault === 'malformed') return void response.writeHead(200).end('<html>Sign in to continue</html>');
    if (fault === 'huge') return void pour(response);
    if (fault === 'bomb') {
      return void response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(64 * 1024 ** 2)));
    }
    const held = fault === 'frozen' || fault === 'restamped';
    if (!held) stopped.delete(path);
    else if (!stopped.has(path)) stopped.set(path, now());
    const at = (stopped.get(path) ?? now()) - (fault === 'late' ? 600_000 : 0);
    const made = body(path, at, fault === 'restamped' ? now() : at);
    if (made === undefined) return void response.writeHead(404).end();
    const [bytes, type] = made;
    const etag = `"${createHash('sha1').update(bytes).digest('base64url')}"`;
    if (request.headers['if-none-match'] === etag) {
      counts.notModified += 1;
      return void response.writeHead(304, { etag }).end();
    }
    const packs = /gzip/.test(String(request.headers['accept-encoding']));
    response
      .writeHead(200, { 'content-type': type, etag, ...(packs ? { 'content-encoding': 'gzip' } : {}) })
      .end(packs ? gzipSync(bytes) : bytes);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    counts,
    posted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer without an end. */
function pour(response: ServerResponse): void {
  response.writeHead(200);
  const piece = Buffer.alloc(65_536, 0x0a);
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}
