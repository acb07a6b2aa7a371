/** The signed templates that commands and flows may choose from. */
import { type Endpoint, endpoint } from './endpoint.ts';
import type { Services } from './services.ts';
import { templates } from './template-contract.ts';

export function templateEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/sign/templates',
      role: 'viewer',
      summary: 'Signed templates in force with their fields; a display takes them at its point message.',
      answer: templates,
      run: async () => ({
        templates: (view.templates?.() ?? []).map(({ id, texts, fields, priority, longest }) => ({
          id,
          texts: { ...texts },
          fields: Object.fromEntries(
            Object.entries(fields).map(([name, rule]) => [
              name,
              rule.kind === 'word' ? { kind: rule.kind, words: Object.keys(rule.words) } : { ...rule },
            ]),
          ),
          priority,
          longest_s: longest / 1000,
        })),
      }),
    }),
  ];
}
