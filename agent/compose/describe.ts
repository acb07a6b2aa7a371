/** What the agent knows of its devices and points: for the log, for commands, for people and platforms. */
import { createHash } from 'node:crypto';
import { alarmDescription } from '../control/alarms/description.ts';
import { REPEAT } from '../control/alarms/engine.ts';
import { energyDescription, energyPeriod } from '../control/energy/points.ts';
import { REPEAT as FEEDER_PERIOD, feederDescription } from '../control/feeder/description.ts';
import { lampDescription, lampPeriod } from '../control/lighting/description.ts';
import { REPEAT as LOT_PERIOD, lotDescription } from '../control/screens/guidance.ts';
import { PULSE_PERIOD } from '../core/contacts.ts';
import type { Point } from '../core/point.ts';
import type { ProfilePoint } from '../core/profile.ts';
import { signPeriod } from '../core/sign/points.ts';
import type { Description, DeviceConfig, Site } from '../core/site.ts';
import { figureDescription } from '../derive/points.ts';
import { virtualDescription } from '../derive/virtual.ts';
import { signDescription } from '../sign/arrivals/description.ts';
import { fleetDescription } from '../update/acts.ts';
import { cameraDescription } from '../vision/description.ts';

/** What comes when something happens has no period; for the books of expected readings, ms. */
const EVENT_PERIOD = 86_400_000;

export interface Described {
  readonly hash: string;
  readonly description: Description;
}

export interface PointPlan {
  readonly point: Point;
  /** Period of its readings, ms. */
  readonly every: number;
}

/** How a derived point is called, by what it is made of; `every`: its period, ms. */
export interface DerivedText {
  readonly en: (title: string) => string;
  readonly zh: (title: string) => string;
  readonly every?: number;
}

export class Directory {
  #descriptions: readonly Described[] = [];
  readonly #points = new Map<string, Map<string, PointPlan>>();

  constructor(site: Site) {
    this.change(site);
  }

  /** Takes another site; what was derived or shown beside it has to be told again. */
  change(site: Site): void {
    const devices = site.devices.map(describeDevice);
    const others = withoutDriver(site);
    this.#descriptions = [...devices, ...others.map(({ description }) => description)].map((description) => ({
      hash: hashOf(description),
      description,
    }));
    this.#points.clear();
    for (const device of site.devices) {
      const plans = device.profile.points.map(
        (point) => [point.id, { point, every: everyOfPoint(device, point) }] as const,
      );
      this.#points.set(device.id, new Map(plans));
    }
    for (const { description, every } of others) {
      const plans = description.points.map((point) => [point.id, { point, every: every(point.id) }] as const);
      this.#points.set(description.device, new Map(plans));
    }
  }

  /** A new list whenever one of them has changed. */
  get descriptions(): readonly Described[] {
    return this.#descriptions;
  }

  /** Adds a point that the agent makes of another one of the device; false where it is there already. */
  derive(device: string, from: string, id: string, say: DerivedText): boolean {
    const plan = this.plan(device, from);
    if (plan === undefined || this.plan(device, id) !== undefined) return false;
    const { weight: _, states: __, title, ...facts } = plan.point;
    const zh = title.zh === undefined ? {} : { zh: say.zh(title.zh) };
    const described: Point = {
      ...facts,
      id,
      title: { en: say.en(title.en), ...zh },
      access: 'read',
      aggregation: 'last',
    };
    const { wire: ___, every: ____, ...point } = described as ProfilePoint;
    this.#points.get(device)?.set(id, { point, every: say.every ?? plan.every });
    this.#descriptions = this.#descriptions.map((one) => {
      if (one.description.device !== device) return one;
      const description = { ...one.description, points: [...one.description.points, point] };
      return { hash: hashOf(description), description };
    });
    return true;
  }

  /** Gives a display the point that takes messages; one that is no device of the site becomes one. */
  show(display: string, point: Point): void {
    const plans = this.#points.get(display) ?? new Map<string, PointPlan>();
    this.#points.set(display, plans);
    plans.set(point.id, { point, every: EVENT_PERIOD });
    const known = this.#descriptions.find(({ description }) => description.device === display)?.description;
    const description: Description = {
      ...(known ?? {
        device: display,
        title: { en: display },
        class: 'display',
        brand: 'Kerbside',
        model: 'sign',
      }),
      points: [...(known?.points ?? []), point],
    };
    this.#descriptions = [
      ...this.#descriptions.filter((one) => one.description.device !== display),
      { hash: hashOf(description), description },
    ];
  }

  /** Undefined for an unknown device or point. */
  plan(device: string, point: string): PointPlan | undefined {
    return this.#points.get(device)?.get(point);
  }

  /** Undefined for an unknown device. */
  points(device: string): readonly Point[] | undefined {
    const plans = this.#points.get(device);
    return plans === undefined ? undefined : Array.from(plans.values(), ({ point }) => point);
  }
}

/** Counters that are made here have a period of their own, whatever that of the contact is. */
function everyOfPoint(device: DeviceConfig, point: ProfilePoint): number {
  if (device.contacts?.pulses.some(({ id }) => id === point.id)) return PULSE_PERIOD;
  return device.every ?? point.every ?? device.profile.every;
}

/** Cameras, lamps that a programme runs, and figures: devices without a driver, with the period of each point, ms. */
function withoutDriver(site: Site) {
  const cameras = site.cameras.map((camera) => ({
    description: cameraDescription(camera),
    every: () => camera.every,
  }));
  const lamps = site.lamps.flatMap((lamp) => {
    const description = lampDescription(lamp);
    return description === undefined ? [] : [{ description, every: lampPeriod }];
  });
  const figures = (site.figures ?? []).map((figure) => ({
    description: figureDescription(figure),
    every: () => (figure.kind === 'noise' ? figure.every : 3_600_000),
  }));
  const virtual = (site.virtual ?? []).map((device) => ({
    description: virtualDescription(device),
    every: (point: string) => device.points.find(({ id }) => id === point)?.maxAge ?? EVENT_PERIOD,
  }));
  const alarms =
    site.alarms === undefined ? [] : [{ description: alarmDescription(site.alarms), every: () => REPEAT }];
  const signs =
    site.sign === undefined ? [] : [{ description: signDescription(site.sign), every: signPeriod }];
  const energy =
    site.energy === undefined ? [] : [{ description: energyDescription(site.energy), every: energyPeriod }];
  const fleet =
    site.fleet === undefined
      ? []
      : [{ description: fleetDescription(site.fleet), every: () => EVENT_PERIOD }];
  const feeders = [site.pole?.feeder ?? []].flat().map((feeder) => ({
    description: feederDescription(feeder),
    every: () => FEEDER_PERIOD,
  }));
  const lots = (site.pole?.lots ?? []).map((lot) => ({
    description: lotDescription(lot),
    every: () => LOT_PERIOD,
  }));
  const others: readonly { description: Description; every: (point: string) => number }[] = [
    ...cameras,
    ...lamps,
    ...figures,
    ...virtual,
    ...feeders,
    ...lots,
    ...alarms,
    ...signs,
    ...energy,
    ...fleet,
  ];
  return others;
}

function describeDevice({ id, title, profile, asset, position }: DeviceConfig): Description {
  return {
    device: id,
    title,
    class: profile.class,
    brand: profile.brand,
    model: profile.model,
    ...(asset === undefined ? {} : { asset }),
    ...(position === undefined ? {} : { position }),
    // How a point is found on the wire is the driver's affair and changes nothing of what it means.
    points: profile.points.map(({ wire: _, every: __, ...point }) => point),
  };
}

/** Names a version of a description: the same text gives the same hash on every machine. */
function hashOf(description: Description): string {
  return createHash('sha256').update(JSON.stringify(description)).digest('hex').slice(0, 16);
}
