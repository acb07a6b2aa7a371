/** Routes of maintenance windows. */
import { z } from 'zod';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import * as shape from './sense-contract.ts';
import type { Services } from './services.ts';

export function maintenanceEndpoints({ view, log }: Services): Endpoint[] {
  const { sense } = view;
  return [
    endpoint({
      method: 'GET',
      path: '/maintenance',
      role: 'viewer',
      summary: 'Maintenance windows that are open.',
      answer: shape.maintenanceWindows,
      run: async () => ({ windows: [...(await sense.maintenance())] }),
    }),
    endpoint({
      method: 'POST',
      path: '/devices/:device/maintenance',
      role: 'technician',
      summary:
        'Marks the readings of a device as made during maintenance, until a time; replaces an open window.',
      params: shape.deviceParams,
      body: shape.maintenanceBody,
      answer: shape.maintenanceWindow,
      problems: [404, 413, 415],
      run: async ({ params: { device }, body: { by, why, until, for_s }, who }) => {
        if ((until === undefined) === (for_s === undefined))
          throw new Problem(400, 'malformed', 'body: exactly one of until and for_s is needed');
        const name = `${by} (${who.name})`;
        log.info('console.maintenance', { device, by: name, why });
        const end = until === undefined ? { lasts: (for_s ?? 0) * 1000 } : { until };
        return sense.beginMaintenance({ device, by: name, why, ...end });
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/devices/:device/maintenance',
      role: 'technician',
      summary: 'Ends the maintenance window of a device.',
      params: shape.deviceParams,
      query: z.strictObject({ by: z.string().trim().min(1).max(100).optional() }),
      answer: shape.maintenanceWindow,
      problems: [404],
      run: async ({ params: { device }, query: { by }, who }) => {
        const name = by === undefined ? who.name : `${by} (${who.name})`;
        log.info('console.maintenance_ended', { device, by: name });
        return sense.endMaintenance(device, name);
      },
    }),
  ];
}
