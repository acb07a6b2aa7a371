/** What a stop sign knows of the buses to come. */
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';
import { arrivals, screen } from './sign-contract.ts';

export function signEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/sign/arrivals',
      role: 'viewer',
      summary: 'The rows of the stop sign, each with why it says what it says; its lines and sources.',
      answer: arrivals,
      problems: [404],
      run: async () => {
        const board = view.arrivals();
        if (board === undefined) {
          throw new Problem(404, 'not-found', 'this agent is no stop sign, or is starting', {
            fix: 'write a section sign: into the site file (docs/sign/arrivals.md)',
          });
        }
        const now = view.now();
        return {
          ...board,
          rows: board.rows.map(({ headway, strip, why, ...row }) => ({
            ...row,
            ...(headway === undefined ? {} : { headway: [...headway] }),
            ...(strip === undefined ? {} : { strip: [...strip] }),
            why: { ...why, sources: [...why.sources], because: [...why.because] },
          })),
          lines: [...board.lines],
          sources: board.sources.map(({ feed, kind, condition, lastNew, reason, fix }) => ({
            feed,
            kind,
            condition,
            ...(lastNew === undefined
              ? {}
              : { age: Math.max(0, Math.round((now - view.wall(lastNew)) / 1000)) }),
            ...(reason === undefined ? {} : { reason }),
            ...(fix === undefined ? {} : { fix }),
          })),
        };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/sign/screen',
      role: 'viewer',
      summary: 'What riders see on the screen of the stop sign, as text, and whether that is proven.',
      answer: screen,
      problems: [404],
      run: async () => {
        const seen = view.screen();
        if (seen === undefined) {
          throw new Problem(404, 'not-found', 'this agent has no screen, or is starting', {
            fix: 'write a section sign: with screen: into the site file (docs/sign/screen.md)',
          });
        }
        const { unproven, lines, notices, problems, media, ...rest } = seen;
        return {
          ...rest,
          unproven_s: Math.round(unproven / 1000),
          problems: [...problems],
          media: [...media],
          notices: [...notices],
          lines: lines.map((line) => ({ ...line, times: [...line.times] })),
        };
      },
    }),
  ];
}
