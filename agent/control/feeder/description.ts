/** What a feeder says of itself as a device of the site. */
import type { Point, Text } from '../../core/point.ts';
import type { FeederConfig } from '../../core/pole.ts';
import type { Description } from '../../core/site.ts';

export const FEEDER_MODES = ['measured', 'fallback'] as const;

/** States are told on change and this often, ms. */
export const REPEAT = 60_000;

export function allowedPoint(charger: string): string {
  return `allowed-${charger}`;
}

export function feederDescription({ id, rating, chargers }: FeederConfig): Description {
  const common = { access: 'read', lane: 'telemetry', aggregation: 'mean' } as const;
  const amps = (point: string, title: Text): Point => ({
    ...common,
    id: point,
    title,
    type: 'number',
    unit: 'A',
    decimals: 1,
  });
  return {
    device: id,
    title: { en: `Feeder, ${rating} A`, zh: `进线，${rating} A` },
    class: 'feeder',
    brand: 'any',
    model: 'load-limit',
    points: [
      amps('load', { en: 'Highest current of the phases', zh: '最大相电流' }),
      amps('free', { en: 'Left for chargers', zh: '可供充电电流' }),
      {
        ...common,
        id: 'mode',
        title: { en: 'How the limit is found', zh: '限流依据' },
        type: 'string',
        unit: '1',
        aggregation: 'state',
        states: {
          measured: { en: 'measured', zh: '实测' },
          fallback: { en: 'meter silent: least current', zh: '电表失联：最小电流' },
        },
      },
      {
        ...common,
        id: 'overload',
        title: { en: 'Above its rating', zh: '过载' },
        type: 'boolean',
        unit: '1',
        aggregation: 'state',
        lane: 'alarm',
      },
      ...chargers.map(({ device }) =>
        amps(allowedPoint(device), { en: `Allowed to ${device}`, zh: `${device} 允许电流` }),
      ),
    ],
  };
}
