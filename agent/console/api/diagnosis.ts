/** Routes on findings and on the peak limit: what is wrong, and what gives way when. */
import { evidenceLabel, wordsOf } from '../../core/energy/finding-words.ts';
import * as shape from './diagnosis-contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

export function diagnosisEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/energy/findings',
      role: 'viewer',
      summary: 'What the diagnosis has found: open findings, the most costly first, then closed ones.',
      answer: shape.findings,
      problems: [404, 503, 504],
      run: async () => {
        const { energy } = view;
        if (energy === undefined) {
          throw new Problem(404, 'not-found', 'this site keeps no energy account', {
            fix: 'write a section energy: into the site file (docs/energy.md)',
          });
        }
        const titles = new Map(view.site.energy?.circuits.map(({ id, title }) => [id, title]));
        return {
          findings: (await energy.findings()).map((finding) => ({
            ...finding,
            ...wordsOf(finding.check),
            branchTitle: titles.get(finding.branch) ?? { en: finding.branch },
            evidence: { ...finding.evidence },
            labels: Object.fromEntries(
              Object.keys(finding.evidence).map((name) => [name, evidenceLabel(name)]),
            ),
          })),
        };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/energy/peak-limit',
      role: 'viewer',
      summary: 'Where demand stands against its limit, what gives way, and what the plan would have done.',
      query: shape.hoursQuery,
      answer: shape.peakLimit,
      problems: [404, 503, 504],
      run: async ({ query, signal }) => {
        const { peakLimit } = view;
        if (peakLimit === undefined) {
          throw new Problem(404, 'not-found', 'this site has no peak limit', {
            fix: 'write a section peak_limit: into the site file (docs/energy-diagnosis.md)',
          });
        }
        const { shed, recent, ...state } = peakLimit.state();
        const dryRun = await peakLimit.dryRun(query.hours, signal);
        return {
          ...state,
          shed: [...shed],
          recent: [...recent],
          dryRun:
            dryRun === undefined
              ? null
              : {
                  ...dryRun,
                  actions: [...dryRun.actions],
                  loads: { ...dryRun.loads },
                  curve: [...dryRun.curve],
                },
        };
      },
    }),
  ];
}
