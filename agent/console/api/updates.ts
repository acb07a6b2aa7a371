/** What runs, what is staged or on trial, and what happened: updates as the pages read them. They begin with commands. */
import { type Endpoint, endpoint } from './endpoint.ts';
import type { Services } from './services.ts';
import { updates } from './update-contract.ts';

export function updateEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/updates',
      role: 'viewer',
      summary: 'Releases, models and configuration from afar: what runs, what is tried, what happened.',
      answer: updates,
      run: async () => {
        const status = view.updates?.status();
        if (status === undefined) return { updates: null };
        const { trial, history, staged, ...rest } = status;
        return {
          updates: {
            ...rest,
            staged: [...staged],
            ...(trial === undefined ? {} : { trial: { ...trial, missing: [...trial.missing] } }),
            history: history.map((news) => ({ ...news })),
          },
        };
      },
    }),
  ];
}
