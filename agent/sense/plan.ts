/** What sense has to know of the configured devices. Pure. */
import type { DeviceConfig } from '../core/site.ts';
import { mostPerHour, resolutionOf } from './limits.ts';
import type { TrackFacts } from './meters.ts';

export interface SensePlan {
  readonly devices: readonly string[];
  readonly counters: readonly TrackFacts[];
  /** Point that tells the serial number, by device. */
  readonly serials: ReadonlyMap<string, string>;
}

/** No meter is exchanged in less, ms. */
const SHORTEST_OUTAGE = 90_000;

/** `rate`: wall time per monotonic time. */
export function sensePlan(devices: readonly DeviceConfig[], rate = 1): SensePlan {
  const counters = devices.flatMap(({ id, profile, every }) =>
    profile.points
      .filter(({ aggregation, type }) => aggregation === 'counter' && type === 'number')
      .map((point): TrackFacts => {
        const period = (every ?? point.every ?? profile.every) * rate;
        return {
          device: id,
          point: point.id,
          unit: point.unit,
          decimals: point.decimals,
          rule: {
            mostPerHour: mostPerHour(point.unit),
            resolution: resolutionOf(point.decimals),
            outage: Math.max(SHORTEST_OUTAGE, 2.5 * period),
          },
        };
      }),
  );
  const serials = devices.flatMap(({ id, profile }) => {
    const point = profile.points.find((one) => one.id === 'serial-number');
    return point === undefined ? [] : [[id, point.id] as const];
  });
  return { devices: devices.map(({ id }) => id), counters, serials: new Map(serials) };
}
