/**
 * What the evaluator is told, gathered from readings: photocell, traffic, boosts with their hold. In memory only. Dwell, windows
 * and holds are of the street's time (`aged-time.ts`).
 */
import { AgedTime } from '../../core/aged-time.ts';
import { holds } from '../../core/condition.ts';
import type { Subscription } from '../../core/hub.ts';
import type { LightingProgramme } from '../../core/lighting/lighting.ts';
import type { Reading } from '../../core/reading.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { LightInputs } from './evaluate.ts';
import { Photocell, type PhotocellFault } from './photocell.ts';
import { Traffic } from './traffic.ts';

export class Senses {
  readonly #programme: LightingProgramme;
  readonly #hub: Pick<Subscription, 'latest'>;
  readonly #photocell: Photocell | undefined;
  readonly #traffic: Traffic | undefined;
  readonly #aged: AgedTime;
  /** When each boost's condition last held, ms of aged time. */
  readonly #boosted = new Map<number, number>();

  constructor(
    programme: LightingProgramme,
    hub: Pick<Subscription, 'latest'>,
    clock: Pick<Clock, 'mapping'>,
  ) {
    this.#programme = programme;
    this.#hub = hub;
    this.#aged = new AgedTime(clock);
    this.#photocell = programme.photocell && new Photocell(programme.photocell);
    this.#traffic = programme.traffic && new Traffic(programme.traffic);
  }

  /** What is remembered of by more than its last reading. */
  get points(): readonly { readonly device: string; readonly point: string }[] {
    return [this.#programme.photocell, this.#programme.traffic].filter((one) => one !== undefined);
  }

  /** Whether a reading of this point may change the level at once. */
  watches(device: string, point: string): boolean {
    const { boosts, safety, traffic, maintenance } = this.#programme;
    const points = [...boosts.map(({ when }) => when), ...safety, traffic, maintenance?.when];
    return points.some((one) => one?.device === device && one.point === point);
  }

  /**
   * Takes any reading; true where the cell says other than before. `elevation`: degrees of the sun, undefined where the clock
   * is not trusted.
   */
  take(reading: Reading, elevation: number | undefined): boolean {
    const { photocell, traffic, boosts } = this.#programme;
    const at = (one: { device: string; point: string } | undefined) =>
      one !== undefined && one.device === reading.device && one.point === reading.point;
    const aged = this.#aged.at(reading.time);
    const turned = at(photocell) && this.#photocell?.take(reading, elevation, aged) === true;
    if (at(traffic)) this.#traffic?.take(reading, aged);
    boosts.forEach(({ when }, index) => {
      // The hub has the reading already, so what holds now held at its moment.
      if (at(when) && holds(this.#hub, when)) this.#boosted.set(index, aged);
    });
    return turned;
  }

  photocellFault(now: number): PhotocellFault | undefined {
    return this.#photocell?.fault(now, this.#aged.at(now));
  }

  /** `now`: mono ms. */
  inputs(now: number): Pick<LightInputs, 'photocell' | 'safety' | 'boosts' | 'maintenance' | 'traffic'> {
    const { boosts, safety, maintenance } = this.#programme;
    const aged = this.#aged.at(now);
    const boosting = boosts.filter(({ when, hold }, index) => {
      const last = this.#boosted.get(index);
      return holds(this.#hub, when) || (last !== undefined && aged - last < hold);
    });
    return {
      photocell: this.#photocell?.state(now, aged),
      safety: safety.find((one) => holds(this.#hub, one))?.title,
      boosts: boosting,
      maintenance:
        maintenance !== undefined && holds(this.#hub, maintenance.when) ? maintenance.level : undefined,
      traffic: this.#traffic?.level(aged),
    };
  }
}
