/** What the evaluator is told, gathered from readings: photocell, traffic, boosts with their hold. In memory only. */
import { holds } from '../../core/condition.ts';
import type { Subscription } from '../../core/hub.ts';
import type { LightingProgramme } from '../../core/lighting.ts';
import type { Reading } from '../../core/reading.ts';
import type { LightInputs } from './evaluate.ts';
import { Photocell, type PhotocellFault } from './photocell.ts';
import { Traffic } from './traffic.ts';

export class Senses {
  readonly #programme: LightingProgramme;
  readonly #hub: Pick<Subscription, 'latest'>;
  readonly #photocell: Photocell | undefined;
  readonly #traffic: Traffic | undefined;
  /** When each boost's condition last held, mono ms. */
  readonly #boosted = new Map<number, number>();

  constructor(programme: LightingProgramme, hub: Pick<Subscription, 'latest'>) {
    this.#programme = programme;
    this.#hub = hub;
    this.#photocell = programme.photocell && new Photocell(programme.photocell);
    this.#traffic = programme.traffic && new Traffic(programme.traffic);
  }

  /** Whether a reading of this point may change the level at once. */
  watches(device: string, point: string): boolean {
    const { boosts, safety, traffic, maintenance } = this.#programme;
    const points = [...boosts.map(({ when }) => when), ...safety, traffic, maintenance?.when];
    return points.some((one) => one?.device === device && one.point === point);
  }

  /** Takes any reading. `elevation`: degrees of the sun, undefined where the clock is not trusted. */
  take(reading: Reading, elevation: number | undefined): void {
    const { photocell, traffic, boosts } = this.#programme;
    const at = (one: { device: string; point: string } | undefined) =>
      one !== undefined && one.device === reading.device && one.point === reading.point;
    if (at(photocell)) this.#photocell?.take(reading, elevation);
    if (at(traffic)) this.#traffic?.take(reading);
    boosts.forEach(({ when }, index) => {
      // The hub has the reading already, so what holds now held at its moment.
      if (at(when) && holds(this.#hub, when)) this.#boosted.set(index, reading.time);
    });
  }

  photocellFault(now: number): PhotocellFault | undefined {
    return this.#photocell?.fault(now);
  }

  /** `now`: mono ms. */
  inputs(now: number): Pick<LightInputs, 'photocell' | 'safety' | 'boosts' | 'maintenance' | 'traffic'> {
    const { boosts, safety, maintenance } = this.#programme;
    const boosting = boosts.filter(({ when, hold }, index) => {
      const last = this.#boosted.get(index);
      return holds(this.#hub, when) || (last !== undefined && now - last < hold);
    });
    return {
      photocell: this.#photocell?.state(now),
      safety: safety.find((one) => holds(this.#hub, one))?.title,
      boosts: boosting,
      maintenance:
        maintenance !== undefined && holds(this.#hub, maintenance.when) ? maintenance.level : undefined,
      traffic: this.#traffic?.level(now),
    };
  }
}
