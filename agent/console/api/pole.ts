/** The pole as one view: lamp, charger, tenants, fire, flood and environment out of all that is read here. */
import type { Point } from '../../core/point.ts';
import type { Description } from '../../core/site.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { POLE_GROUPS, type PoleGroup, pole } from './pole-contract.ts';
import type { Services } from './services.ts';

/** Classes of profiles, and of what the agent makes itself, by what they are for. */
const GROUP_OF: Readonly<Record<string, PoleGroup>> = {
  'fire-panel': 'fire',
  'smoke-detector': 'fire',
  'gas-detector': 'fire',
  'temperature-monitor': 'fire',
  'residual-current-monitor': 'fire',
  'flood-sensor': 'flood',
  'level-sensor': 'flood',
  'manhole-cover': 'flood',
  'street-lamp': 'lamp',
  'lamp-controller': 'lamp',
  'ev-charger': 'charger',
  feeder: 'feeder',
  'weather-station': 'environment',
  'climate-sensor': 'environment',
  'particle-sensor': 'environment',
  'noise-sensor': 'environment',
  'gas-sensor': 'environment',
  'pressure-sensor': 'environment',
  'soil-sensor': 'environment',
  'water-quality-sensor': 'environment',
  'parking-lot': 'parking',
  'parking-sensor': 'parking',
  'loop-detector': 'parking',
  'led-panel': 'screen',
  loudspeaker: 'screen',
  display: 'screen',
  'electricity-meter': 'power',
  ups: 'power',
  battery: 'power',
  inverter: 'power',
  'tilt-sensor': 'structure',
  'io-board': 'structure',
  'bin-sensor': 'structure',
};

/** Points that say most of a device, by how their ids begin; of the others as many as fit. */
const FIRST: readonly string[] = [
  'wanted',
  'rung',
  'lamp-level',
  'status',
  'charge-state',
  'connected',
  'session-active',
  'current-limit',
  'power-active-total',
  'power',
  'energy-total',
  'energy-import',
  'load',
  'free',
  'mode',
  'overload',
  'state',
  'text',
  'clip',
];
/** Points of one device. */
const MOST = 6;

export function poleEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/pole',
      role: 'viewer',
      summary: 'What stands on the pole, by what it is for: fire, flood, lamp, charger, tenants.',
      answer: pole,
      run: async () => {
        const all = view.descriptions().map(({ description }) => description);
        return {
          groups: POLE_GROUPS.flatMap((group) => {
            const devices = all.filter((one) => GROUP_OF[one.class] === group).map(deviceRow);
            return devices.length === 0 ? [] : [{ group, devices }];
          }),
          tenants: (view.site.pole?.tenants ?? []).map(({ id, title, meters }) => ({
            tenant: id,
            title: { ...title },
            meters: meters.map(({ device, point, share }) => ({ device, point, share })),
          })),
        };
      },
    }),
  ];
}

function deviceRow({ device, title, points }: Description) {
  const readable = points.filter(({ access }) => access !== 'write');
  const urgent = readable.filter(({ lane }) => lane === 'alarm');
  const first = FIRST.flatMap((name) => readable.find(({ id }) => id === name) ?? []);
  const chosen = new Set<Point>([...first, ...urgent, ...readable]);
  return { device, title: { ...title }, points: [...chosen].slice(0, MOST).map(({ id }) => id) };
}
