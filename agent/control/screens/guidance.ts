/** How many places of a lot are free, out of several sources; unknown as soon as one of them is. Pure but for its memory of full. */

import type { Point } from '../../core/point.ts';
import type { LotConfig } from '../../core/pole.ts';
import type { Reading } from '../../core/reading.ts';
import type { Description } from '../../core/site.ts';

export interface LotState {
  readonly lot: LotConfig;
  /** Undefined: not known. */
  readonly free: number | undefined;
  readonly state: 'free' | 'full' | 'unknown';
}

/** A source that has been silent for longer is none, ms. */
export const STALE = 180_000;

/** `before`: what it was, for a full lot opens only with `reopen` places. `now`: mono ms. */
export function lotState(
  lot: LotConfig,
  latest: (device: string, point: string) => Reading | undefined,
  before: LotState['state'] | undefined,
  now: number,
): LotState {
  let free = 0;
  for (const { device, point } of lot.places) {
    const said = latest(device, point);
    const value = said === undefined || said.quality === 'bad' || now - said.time > STALE ? null : said.value;
    if (typeof value === 'boolean') free += value ? 0 : 1;
    else if (typeof value === 'number') free += Math.max(0, Math.floor(value));
    else return { lot, free: undefined, state: 'unknown' };
  }
  const full = free <= 0 || (before === 'full' && free < lot.reopen);
  return { lot, free, state: full ? 'full' : 'free' };
}

/** States are told on change and this often, ms. */
export const REPEAT = 60_000;

export function lotDescription({ id, title }: LotConfig): Description {
  const common = { access: 'read', lane: 'telemetry', unit: '1' } as const;
  const points: readonly Point[] = [
    {
      ...common,
      id: 'free',
      title: { en: 'Free places', zh: '空车位' },
      type: 'number',
      decimals: 0,
      aggregation: 'mean',
    },
    {
      ...common,
      id: 'state',
      title: { en: 'State', zh: '状态' },
      type: 'string',
      aggregation: 'state',
      states: {
        free: { en: 'places free', zh: '有空位' },
        full: { en: 'full', zh: '已满' },
        unknown: { en: 'not known', zh: '未知' },
      },
    },
  ];
  return { device: id, title, class: 'parking-lot', brand: 'any', model: 'guidance', points };
}
