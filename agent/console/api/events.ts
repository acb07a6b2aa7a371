/** Routes about what happened, from the log. */
import { EVENT_KINDS, type EventKind } from '../../core/record.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { events, eventsQuery } from './event-contract.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const DEFAULT_LIMIT = 100;

export function eventEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/events',
      role: 'viewer',
      summary: 'What happened, newest first, by kind: who did what, and what the agent changed by itself.',
      query: eventsQuery,
      answer: events,
      problems: [503],
      run: async ({ query: { kinds = 'audit', limit = DEFAULT_LIMIT, before } }) => {
        const wanted = kinds.split(',').map((one): EventKind => {
          const kind = EVENT_KINDS.find((known) => known === one);
          if (kind === undefined) throw new Problem(400, 'malformed', `query.kinds: there is no kind ${one}`);
          return kind;
        });
        const told = (await view.events?.(wanted, limit, before)) ?? [];
        return {
          now: Math.round(view.now()),
          events: told.map(({ seq, event, severity, device, time, body }) => ({
            seq,
            event,
            severity,
            ...(device === undefined ? {} : { device }),
            time: Math.round(time),
            body: { ...body },
          })),
        };
      },
    }),
  ];
}
