/** What a pole shows and says: its screens, loudspeakers and guidance, with the sun of its site. */
import { sunElevation } from '../control/lighting/sun.ts';
import { type ScreensOptions, startScreens } from '../control/screens/screens.ts';
import type { Site } from '../core/site.ts';
import { trusted, wallAt } from '../core/time/clock.ts';

/** Degrees below which panels are dimmed. */
const DUSK = -2;

export interface PoleOptions extends Omit<ScreensOptions, 'pole' | 'night'> {
  readonly site: Pick<Site, 'pole' | 'position'>;
}

/** Starts them; nothing where the site has none. */
export function startPole({ site, ...options }: PoleOptions): AsyncDisposable {
  const { lots = [], screens = [], speakers = [] } = site.pole ?? {};
  const night = () => {
    const { time, rank } = wallAt(options.clock.mapping(), options.clock.mono());
    // A panel that cannot be read by day is worse than one that is bright at night.
    return trusted(rank) && sunElevation(site.position, time) < DUSK;
  };
  return startScreens({ ...options, pole: { lots, screens, speakers }, night });
}
