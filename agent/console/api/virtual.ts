/** Routes of virtual points: what is declared, and how flows and programs give values. */
import type { VirtualRefusal } from '../../core/virtual.ts';
import { reading } from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import { readingRow } from './rows.ts';
import type { Services } from './services.ts';
import { virtualBody, virtualParams, virtualPoints } from './virtual-contract.ts';

const STATUS: Readonly<Record<VirtualRefusal, number>> = {
  'unknown-point': 404,
  'wrong-type': 400,
  'wrong-unit': 400,
  'out-of-range': 400,
  'unknown-value': 400,
  'too-fast': 429,
};

export function virtualEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/virtual',
      role: 'viewer',
      summary: 'Virtual points that the site file declares, and who gives them values.',
      answer: virtualPoints,
      run: async () => ({
        points: view.virtual.rows().map(({ device, point, source }) => ({
          device,
          point: point.id,
          title: point.title,
          type: point.type,
          unit: point.unit,
          range: point.range === undefined ? null : ([...point.range] as [number, number]),
          values: point.values === undefined ? null : [...point.values],
          max_age_s: point.maxAge / 1000,
          source: source ?? null,
        })),
      }),
    }),
    endpoint({
      method: 'POST',
      path: '/virtual/:device/:point',
      role: 'technician',
      summary: 'Publishes a value of a virtual point; answers with the reading that came of it.',
      params: virtualParams,
      body: virtualBody,
      answer: reading,
      problems: [404, 413, 415, 429],
      run: async ({ params: { device, point }, body: { source, ...body }, who }) => {
        const outcome = view.virtual.give({
          device,
          point,
          value: body.value,
          ...(body.unit === undefined ? {} : { unit: body.unit }),
          ...(body.quality === undefined ? {} : { quality: body.quality }),
          source: source === undefined ? who.name : `${who.name} ${source}`,
        });
        if (outcome.ok) return readingRow(view, outcome.reading);
        const { code, reason, fix } = outcome;
        throw new Problem(STATUS[code], code, reason, {
          fix,
          ...(code === 'too-fast' ? { retryAfter: 1 } : {}),
        });
      },
    }),
  ];
}
