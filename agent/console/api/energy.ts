/** Routes of the energy account: the tree of a stretch of time, completeness, bills, demand. */
import type { z } from 'zod';
import type { EnergyView } from '../../core/energy/view.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import * as shape from './energy-contract.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

/** Longest stretch of time one question may ask for, ms: a year and a day. */
const LONGEST = 367 * 86_400_000;

type SpanQuery = z.infer<typeof shape.spanQuery>;

export function energyEndpoints({ view }: Services): Endpoint[] {
  const asked = (): EnergyView => {
    if (view.energy !== undefined) return view.energy;
    throw new Problem(404, 'not-found', 'this site keeps no energy account', {
      fix: 'write a section energy: into the site file (docs/energy.md)',
    });
  };
  const spanOf = ({ month, day, from, to }: SpanQuery) => {
    if (from === undefined && to === undefined) {
      if (month !== undefined && day !== undefined)
        throw new Problem(400, 'malformed', 'query: expected month or day, got both');
      if (day === undefined) return asked().period(month);
      return asked().day(day === 'today' ? undefined : day);
    }
    if (month !== undefined || day !== undefined || from === undefined || to === undefined)
      throw new Problem(400, 'malformed', 'query: expected month, day, or from and to');
    if (from >= to) throw new Problem(400, 'malformed', 'query.from: must be before query.to');
    if (to - from > LONGEST)
      throw new Problem(400, 'malformed', 'query.to: more than a year after query.from');
    return { from, to };
  };
  return [
    endpoint({
      method: 'GET',
      path: '/energy',
      role: 'viewer',
      summary: 'The settlement period that runs, the accounts, and where demand stands.',
      answer: shape.energyNow,
      problems: [404],
      run: async () => {
        const energy = asked();
        const config = view.site.energy;
        if (config === undefined) throw new Problem(404, 'not-found', 'this site keeps no energy account');
        const { id, title, line, accounts } = config;
        return {
          id,
          title,
          line,
          ...energy.period(),
          accounts: accounts.map((one) => ({ id: one.id, title: one.title, kind: one.kind })),
          demand: energy.demand() ?? null,
        };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/energy/account',
      role: 'viewer',
      summary:
        'Consumption by meter, circuit, item and carrier, whether branches add up, what is metered by item.',
      query: shape.spanQuery,
      answer: shape.energyAccount,
      problems: [404, 503, 504],
      run: async ({ query }) => {
        const { from, to } = spanOf(query);
        return asked().account(from, to);
      },
    }),
    endpoint({
      method: 'GET',
      path: '/energy/completeness',
      role: 'viewer',
      summary: 'Readings due, received, valid and repaired, by meter, item, building and day.',
      query: shape.spanQuery,
      answer: shape.energyCompleteness,
      problems: [404, 503, 504],
      run: async ({ query }) => {
        const { from, to } = spanOf(query);
        return asked().completeness(from, to);
      },
    }),
    endpoint({
      method: 'GET',
      path: '/energy/bills/:account',
      role: 'viewer',
      summary:
        'The bill of an account for a settlement period; the one that runs where no month is asked for.',
      params: shape.billParams,
      query: shape.billQuery,
      answer: shape.energyBill,
      problems: [404, 503, 504],
      run: async ({ params: { account }, query: { month } }) => {
        const energy = asked();
        if (view.site.energy?.accounts.some(({ id }) => id === account) !== true)
          throw new Problem(404, 'not-found', `there is no account ${account}`);
        return energy.bill(account, month ?? energy.period().month);
      },
    }),
  ];
}
