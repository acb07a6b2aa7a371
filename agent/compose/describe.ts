/** What the agent knows of its devices and points: for the log, for commands, for people and platforms. */
import { createHash } from 'node:crypto';
import type { FigureConfig } from '../core/figure.ts';
import type { Point } from '../core/point.ts';
import type { Description, DeviceConfig, Site } from '../core/site.ts';

export interface Described {
  readonly hash: string;
  readonly description: Description;
}

export interface PointPlan {
  readonly point: Point;
  /** Period of its readings, ms. */
  readonly every: number;
}

export class Directory {
  readonly descriptions: readonly Described[];
  readonly #points = new Map<string, Map<string, PointPlan>>();

  /** `others`: cameras, lamps and figures, which are devices without a driver. */
  constructor(site: Site, others: readonly Description[]) {
    const devices = site.devices.map(describeDevice);
    this.descriptions = [...devices, ...others].map((description) => ({
      hash: hashOf(description),
      description,
    }));
    for (const device of site.devices) {
      const plans = device.profile.points.map(
        (point) => [point.id, { point, every: device.every ?? point.every ?? device.profile.every }] as const,
      );
      this.#points.set(device.id, new Map(plans));
    }
    for (const { device, points } of others) {
      const every =
        site.cameras.find(({ id }) => id === device)?.every ??
        everyOf(site.figures?.find(({ id }) => id === device)) ??
        10_000;
      this.#points.set(device, new Map(points.map((point) => [point.id, { point, every }])));
    }
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

/** Period of a figure's points, ms. */
function everyOf(figure: FigureConfig | undefined): number | undefined {
  if (figure === undefined) return undefined;
  return figure.kind === 'noise' ? figure.every : 3_600_000;
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
