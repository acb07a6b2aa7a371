/** Routes about lamps tonight. */
import type { LampTonight } from '../../core/lighting/view.ts';
import type { AgentView } from '../../core/view.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { type ApiLamp, lampsTonight } from './light-contract.ts';
import type { Services } from './services.ts';

export function lightEndpoints({ view }: Services): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/lamps',
      role: 'viewer',
      summary: 'Lamps tonight: the planned curve, what holds now and why, overrides with their end.',
      answer: lampsTonight,
      run: async () => ({
        now: Math.round(view.now()),
        lamps: (view.lamps?.() ?? []).map((one) => lampRow(view, one)),
      }),
    }),
  ];
}

function lampRow(view: AgentView, { programme, now, override, power, ...lamp }: LampTonight): ApiLamp {
  const { step, levels, traffic, boosts, ...night } = programme ?? { step: 0, levels: [], boosts: [] };
  const described = view.descriptions().find(({ description }) => description.device === lamp.device);
  const point = described?.description.points.find(({ id }) => id === lamp.point);
  return {
    ...lamp,
    title: point?.title ?? { en: lamp.lamp },
    programme:
      programme === undefined
        ? null
        : {
            ...(night as Omit<typeof programme, 'step' | 'levels' | 'traffic' | 'boosts'>),
            step_s: step / 1000,
            levels: [...levels],
            boosts: [...boosts],
            ...(traffic === undefined ? {} : { traffic: [traffic[0], traffic[1]] }),
          },
    now: now === undefined ? null : { ...now },
    override: override === undefined ? null : { ...override, until: Math.round(override.until) },
    power: power === undefined ? null : { ...power },
  };
}
