/** What sense has to know of the configured devices. Pure. */
import type { ProfilePoint } from '../core/profile.ts';
import type { SenseRules } from '../core/rules.ts';
import type { DeviceConfig } from '../core/site.ts';
import type { Unit } from '../core/unit.ts';
import { mostPerHour, resolutionOf } from './limits.ts';
import type { TrackFacts } from './meters.ts';
import type { SnapshotCounter } from './snapshots.ts';

export interface SensePlan {
  readonly devices: readonly string[];
  readonly counters: readonly TrackFacts[];
  /** Point that tells the serial number, by device. */
  readonly serials: ReadonlyMap<string, string>;
  /** Registers that are noted at midnight. */
  readonly snapshots: readonly SnapshotCounter[];
  /** Units of all numbers, by device and point. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, Unit>>;
  /** By device; those without any rule are not in it. */
  readonly rules: ReadonlyMap<string, SenseRules>;
}

/** No meter is exchanged in less, ms. */
const SHORTEST_OUTAGE = 90_000;

/** `rate`: wall time per monotonic time. */
export function sensePlan(devices: readonly DeviceConfig[], rate = 1): SensePlan {
  const counters = devices.flatMap(({ id, profile, every, sense }) =>
    profile.points
      .filter(({ aggregation, type }) => aggregation === 'counter' && type === 'number')
      .map((point): TrackFacts => {
        const own = sense?.points[point.id];
        const period = (every ?? point.every ?? profile.every) * rate;
        return {
          device: id,
          point: point.id,
          unit: point.unit,
          decimals: point.decimals,
          declared: own?.mostPerHour !== undefined,
          rule: {
            mostPerHour: own?.mostPerHour ?? mostPerHour(point.unit),
            ...(own?.modulus === undefined ? {} : { modulus: own.modulus }),
            resolution: resolutionOf(point.decimals),
            // What is no meter (rain, tips, starts) is reset as its maker pleases, and nobody is asked.
            outage:
              point.lane === 'meter' ? Math.max(SHORTEST_OUTAGE, 2.5 * period) : Number.POSITIVE_INFINITY,
          },
        };
      }),
  );
  const serials = devices.flatMap(({ id, profile, sense }) => {
    const point = sense?.serial ?? profile.points.find((one) => one.id === 'serial-number')?.id;
    return point === undefined ? [] : [[id, point] as const];
  });
  const snapshots = devices.flatMap(({ id, profile, every, sense }) =>
    profile.points.filter(isRegister).map((point): SnapshotCounter => {
      const freeze = sense?.freezes[point.id];
      const period = (every ?? point.every ?? profile.every) * rate;
      const facts = { device: id, point: point.id, unit: point.unit, period };
      return freeze === undefined ? facts : { ...facts, freeze };
    }),
  );
  const units = devices.map(({ id, profile }) => {
    const numbers = profile.points.filter(({ type }) => type === 'number');
    return [id, new Map(numbers.map((point) => [point.id, point.unit] as const))] as const;
  });
  const rules = devices.flatMap(({ id, sense }) => (sense === undefined ? [] : [[id, sense] as const]));
  return {
    devices: devices.map(({ id }) => id),
    counters,
    serials: new Map(serials),
    snapshots,
    units: new Map(units),
    rules: new Map(rules),
  };
}

/** What a meter counts and is billed by. */
function isRegister({ aggregation, type, lane }: ProfilePoint): boolean {
  return aggregation === 'counter' && type === 'number' && lane === 'meter';
}
