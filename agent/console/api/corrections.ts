/** Routes of corrections, and of what a device says behind them. */
import { z } from 'zod';
import * as contract from './contract.ts';
import { defined } from './defined.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import * as shape from './sense-contract.ts';
import type { Services } from './services.ts';

export function correctionEndpoints({ view, log }: Services): Endpoint[] {
  const { sense } = view;
  return [
    endpoint({
      method: 'POST',
      path: '/devices/:device/corrections',
      role: 'technician',
      summary: 'Corrects a point (slope, offset), or sets the ratios of a device (CT, PT), from now on.',
      params: shape.deviceParams,
      body: shape.correctionBody,
      answer: shape.correction,
      problems: [404, 413, 415],
      run: async ({ params: { device }, body, who }) => {
        const by = `${body.by} (${who.name})`;
        log.info('console.correction', { ...defined(body), device, by });
        const { calibration, ...made } = await sense.correct({ ...defined(body), device, by });
        return calibration === undefined ? made : { ...made, calibration: [...calibration] };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/devices/:device/points/:point/raw',
      role: 'viewer',
      summary: 'The last number of a point, before and after its correction.',
      params: z.strictObject({ device: contract.id, point: contract.id }),
      answer: shape.rawValue,
      problems: [404, 503],
      run: async ({ params: { device, point } }) => {
        const value = await sense.raw(device, point);
        if (value === undefined)
          throw new Problem(503, 'not-read', `${device} ${point} was not read yet`, { retryAfter: 5 });
        return value;
      },
    }),
  ];
}
