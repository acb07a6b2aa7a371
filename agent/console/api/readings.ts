/** Routes about what is measured: points, stream, history, descriptions. */
import { z } from 'zod';
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import { pointRows, siteRow } from './rows.ts';
import type { Services } from './services.ts';

export function readingEndpoints({ view, feed }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/site',
      role: 'viewer',
      summary: 'What stands here: title, devices, cameras, lamps.',
      answer: contract.site,
      run: async () => siteRow(view),
    }),
    endpoint({
      method: 'GET',
      path: '/points',
      role: 'viewer',
      summary: 'Every point with its last reading.',
      query: z.strictObject({ device: contract.id.optional() }),
      answer: contract.points,
      run: async ({ query: { device } }) => ({
        now: Math.round(view.now()),
        points: pointRows(view).filter((row) => device === undefined || row.device === device),
      }),
    }),
    endpoint({
      method: 'GET',
      path: '/stream',
      role: 'viewer',
      summary:
        'Live stream. Events: readings {now, readings}, health {now, parts}, ledger {ledgers}, event {event, severity, device, time, body}, end {code}. Begins with everything as it is.',
      answer: 'text/event-stream',
      problems: [503],
      run: async ({ reply, who }) => {
        const headers: Record<string, string> = {};
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) headers[name] = String(value);
        }
        feed.attach(reply.raw, headers, who.valid);
        reply.hijack();
        return undefined;
      },
    }),
    endpoint({
      method: 'GET',
      path: '/history',
      role: 'viewer',
      summary: `Buckets of a point between two times, at most ${contract.MOST_BUCKETS}.`,
      query: contract.historyQuery,
      answer: contract.history,
      problems: [404, 503, 504],
      run: async ({ query, signal }) => {
        const { device, point, from, to } = query;
        const seconds = Number(query.bucket_s);
        if (from >= to) throw new Problem(400, 'malformed', 'query.from: must be before query.to');
        if ((to - from) / (seconds * 1000) > contract.MOST_BUCKETS) {
          throw new Problem(400, 'malformed', `query.to: more than ${contract.MOST_BUCKETS} buckets`, {
            fix: 'Ask for a shorter time or a longer bucket.',
          });
        }
        const known = view
          .descriptions()
          .some(({ description: d }) => d.device === device && d.points.some(({ id }) => id === point));
        if (!known) throw new Problem(404, 'not-found', `there is no point ${device}/${point}`);
        const buckets = await view.history(device, point, from, to, seconds * 1000, signal);
        return { device, point, bucket_s: seconds, buckets: buckets.map((one) => ({ ...one })) };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/descriptions',
      role: 'viewer',
      summary: 'What each device is and measures; data name the hash.',
      answer: contract.descriptions,
      run: async () => ({
        descriptions: view.descriptions().map(({ hash, description: { points, ...description } }) => ({
          hash,
          description: {
            ...description,
            points: points.map(({ range, ...point }) => ({
              ...point,
              ...(range === undefined ? {} : { range: [...range] as [number, number] }),
            })),
          },
        })),
      }),
    }),
  ];
}
