/** Routes of tests on site and of the report; under the prefix of commissioning, so that a service link opens them too. */
import type { AcceptanceActs, AcceptanceTest } from '../../core/acceptance.ts';
import { reportHtml } from '../report/html.ts';
import * as shape from './acceptance-contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const ROLE = 'technician';

export function acceptanceEndpoints({ view, log }: Services): Endpoint[] {
  const asked = (): AcceptanceActs => {
    const acts = view.acceptance?.();
    if (acts !== undefined) return acts;
    throw new Problem(503, 'not-ready', 'tests are not ready: the agent is starting', { retryAfter: 2 });
  };
  return [
    endpoint({
      method: 'GET',
      path: '/commissioning/tests',
      role: ROLE,
      summary: 'Tests that this site can do, each with what was seen; one that was not done says so.',
      answer: shape.tests,
      problems: [503],
      run: async () => ({ now: Math.round(view.now()), tests: asked().tests().map(testRow) }),
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/tests',
      role: ROLE,
      summary:
        'Begins a test: waits for a press or a door, sets a lamp and measures, asks an uplink. Audited.',
      body: shape.testBody,
      answer: shape.test,
      problems: [404, 413, 415, 503],
      run: async ({ body: { test, name }, who }) => {
        log.info('console.acceptance_test', { test, by: who.name });
        return testRow(await asked().begin(test, who.name, name));
      },
    }),
    endpoint({
      method: 'GET',
      path: '/commissioning/report',
      role: ROLE,
      summary: 'The report of the commissioning: every point with its value, tests, versions, who, when.',
      query: shape.reportQuery,
      answer: shape.report,
      problems: [503],
      run: async ({ query: { name }, who }) => {
        const { devices, uplinks, tests, versions, site, ...report } = await asked().report(who.name, name);
        return {
          ...report,
          site: { ...site, position: { ...site.position, datum: view.site.position.datum } },
          versions: { ...versions, models: [...versions.models] },
          devices: devices.map(({ points, ...device }) => ({
            ...device,
            points: points.map((point) => ({ ...point })),
          })),
          uplinks: uplinks.map((one) => ({ ...one })),
          tests: tests.map(testRow),
        };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/commissioning/report/page',
      role: ROLE,
      summary: 'The same as one page that prints, in Chinese, English or both.',
      query: shape.pageQuery,
      answer: 'text/html',
      problems: [503],
      run: async ({ query: { name, lang = 'both' }, who }) =>
        reportHtml(await asked().report(who.name, name), lang),
    }),
  ];
}

function testRow({ facts, ...test }: AcceptanceTest): shape.ApiAcceptanceTest {
  return { ...test, facts: facts.map((fact) => ({ ...fact })) };
}
