/** Routes that change something out there: commands, and the list of what was commanded. */
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

/** Rows of the audit list where none are asked for. */
const DEFAULT_LIMIT = 50;

export function commandEndpoints({ view, log }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/commands',
      role: 'viewer',
      summary: 'Commands and their results, newest first.',
      query: contract.commandsQuery,
      answer: contract.commands,
      run: async ({ query: { limit = DEFAULT_LIMIT } }) => {
        const recent = await view.recentCommands(limit);
        return {
          commands: recent.map(({ command: { lease, ...command }, result }) => ({
            command: { ...command, ...(lease === undefined ? {} : { lease_s: lease / 1000 }) },
            result,
          })),
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/commands',
      role: 'technician',
      summary: 'Sends a command; answers with its final result. The same id is never applied twice.',
      body: contract.commandBody,
      answer: contract.commandResult,
      problems: [413, 415, 504],
      run: async ({ body, who, signal }) => {
        const issued = Math.round(view.now());
        // Patience is counted in real seconds, also where the street's time runs faster than life.
        const second = 1000 * view.site.rate;
        const expires =
          body.expires ?? (body.expires_in_s === undefined ? undefined : issued + body.expires_in_s * second);
        if (expires === undefined || (body.expires !== undefined && body.expires_in_s !== undefined)) {
          throw new Problem(400, 'malformed', 'body: exactly one of expires_in_s and expires is needed');
        }
        if (expires > issued + contract.LONGEST_LIFE_S * second) {
          throw new Problem(400, 'malformed', `body.expires: more than ${contract.LONGEST_LIFE_S} s ahead`);
        }
        const { id, device, point, value, lease_s } = body;
        log.info('console.command', { id, device, point, value, issuer: who.name });
        const result = view.submit({
          id,
          device,
          point,
          value,
          issuer: who.name,
          issued,
          expires,
          ...(lease_s === undefined ? {} : { lease: lease_s * 1000 }),
        });
        // The command goes on without its sender; asking again with the same id tells what became of it.
        return await before(signal, result);
      },
    }),
  ];
}

function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
