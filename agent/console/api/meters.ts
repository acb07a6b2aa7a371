/** Routes about meters: their counters, exchanges, and what became of a register that jumped. */
import { defined } from './defined.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import * as shape from './sense-contract.ts';
import type { Services } from './services.ts';

export function meterEndpoints({ view, log }: Services): Endpoint[] {
  const { sense } = view;
  return [
    endpoint({
      method: 'GET',
      path: '/meters/tasks',
      role: 'viewer',
      summary:
        'Counters that jumped and wait for an explanation; exchanges that were declared and not seen yet.',
      answer: shape.meterTasks,
      run: async () => ({ tasks: (await sense.tasks()).map(copied) }),
    }),
    endpoint({
      method: 'GET',
      path: '/meters/:device/counters',
      role: 'viewer',
      summary: 'The counters of a meter as its display shows them.',
      params: shape.deviceParams,
      answer: shape.counters,
      problems: [404],
      run: async ({ params: { device } }) => ({ counters: [...(await sense.counters(device))] }),
    }),
    endpoint({
      method: 'POST',
      path: '/meters/:device/exchanges',
      role: 'technician',
      summary: 'Declares that a meter was exchanged.',
      params: shape.deviceParams,
      body: shape.exchangeBody,
      answer: shape.meterExchange,
      problems: [404, 413, 415],
      run: async ({ params: { device }, body, who }) => {
        const by = `${body.by} (${who.name})`;
        log.info('console.meter_exchange', { device, by });
        return copied(await sense.exchange({ ...defined(body), device, by }));
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/meters/exchanges/:id',
      role: 'technician',
      summary: 'Takes back an exchange that was declared and has not been seen yet.',
      params: shape.idParams,
      answer: shape.meterExchange,
      problems: [404],
      run: async ({ params: { id }, who }) => {
        log.info('console.meter_exchange_withdrawn', { id, by: who.name });
        return copied(await sense.withdraw(id));
      },
    }),
    endpoint({
      method: 'POST',
      path: '/meters/:device/explanations',
      role: 'technician',
      summary: 'Says what the jumps of a meter were that nobody has explained yet.',
      params: shape.deviceParams,
      body: shape.explainBody,
      answer: shape.breaks,
      problems: [404, 413, 415],
      run: async ({ params: { device }, body: { point, as, by }, who }) => {
        const name = `${by} (${who.name})`;
        log.info('console.meter_explained', { device, as, by: name });
        return { breaks: (await sense.explain(device, point, as, name)).map(copied) };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/marks',
      role: 'viewer',
      summary:
        'What was declared or seen of devices beside their readings: breaks, exchanges, corrections, maintenance.',
      query: shape.marksQuery,
      answer: shape.marks,
      run: async ({ query: { device } }) => ({ marks: (await sense.marks(device)).map(copied) }),
    }),
  ];
}

type Loose<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** A copy that the schema's types take: they know no readonly lists. */
function copied<T extends object>(value: T): Loose<T> {
  return structuredClone(value) as Loose<T>;
}
