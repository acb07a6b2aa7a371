/** The lamps of a site as a technician wants to see them tonight: put together from programme, controller and overrides. */
import type { Lighting } from '../control/lighting/lighting.ts';
import { planTonight, RASTER } from '../control/lighting/year.ts';
import type { Override } from '../core/command.ts';
import type { LampTonight } from '../core/lighting/view.ts';
import type { LampConfig, Site } from '../core/site.ts';

export interface TonightParts {
  readonly site: () => Pick<Site, 'lamps' | 'programmes' | 'position' | 'timezone'>;
  /** Unix epoch ms. */
  readonly now: () => number;
  readonly decision: Lighting['decision'];
  readonly override: (device: string, point: string) => Override | undefined;
}

export function lampsTonight(parts: TonightParts): () => readonly LampTonight[] {
  return () => parts.site().lamps.map((lamp) => tonight(lamp, parts));
}

function tonight(
  lamp: LampConfig,
  { site: siteNow, now, decision: decide, override }: TonightParts,
): LampTonight {
  const site = siteNow();
  const { id, device, point, power } = lamp;
  const programme = site.programmes.find((one) => one.id === lamp.programme);
  const decision = decide(id);
  const held = override(device, point);
  return {
    lamp: id,
    device,
    point,
    ...(programme === undefined ? {} : { programme: planned(programme, site, now()) }),
    ...(decision === undefined ? {} : { now: decision }),
    ...(held === undefined ? {} : { override: held }),
    ...(power === undefined
      ? {}
      : { power: { device: power.device, point: power.point, rated: power.rated } }),
  };
}

function planned(
  programme: Site['programmes'][number],
  { position, timezone }: Pick<Site, 'position' | 'timezone'>,
  time: number,
): NonNullable<LampTonight['programme']> {
  const { date, from, to, on, off, levels } = planTonight(programme, position, timezone, time);
  const steps = programme.traffic?.steps.map(({ level }) => level) ?? [];
  return {
    id: programme.id,
    date,
    from,
    to,
    ...(on === undefined ? {} : { dusk: on }),
    ...(off === undefined ? {} : { dawn: off }),
    step: RASTER,
    levels,
    photocell: programme.photocell !== undefined,
    ...(steps.length === 0 ? {} : { traffic: [Math.min(...steps), Math.max(...steps)] as const }),
    boosts: programme.boosts.map(({ title }) => title),
  };
}
