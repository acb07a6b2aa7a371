/**
 * A profile: the declarative description of one device model, one YAML file in drivers/profiles/<class>/.
 * Knowledge of devices is data; code is protocol. `options` and each point's `wire` belong to the driver of `protocol`,
 * which checks them; the rest is the same for all.
 */
import type { Point, Text } from './point.ts';
import type { SenseRules } from './rules.ts';

export interface ProfilePoint extends Point {
  /** Default period, ms; absent: the profile's. */
  readonly every?: number;
  /** How the driver finds the point on the wire (for Modbus: address, type, scale …); checked by the driver. */
  readonly wire: unknown;
}

export interface Profile {
  /** `<brand>-<model>`, the file's stem. */
  readonly id: string;
  readonly title: Text;
  /** electricity-meter, weather-station, particle-sensor, lamp-controller … */
  readonly class: string;
  readonly brand: string;
  readonly model: string;
  /** Name of the driver. */
  readonly protocol: string;
  /** Where the table comes from: manual, repository, standard. */
  readonly source: string;
  /** Default period of its points, ms. */
  readonly every: number;
  /** The driver's own block (function code, byte order, block limits, quirks); checked by the driver. */
  readonly options: unknown;
  readonly points: readonly ProfilePoint[];
  /** What may be believed of the points; the site file may say otherwise. */
  readonly sense?: SenseRules;
}

/** One thing wrong in data from outside; `path` leads to it, e.g. `['points', 3, 'modbus', 'address']`. */
export interface Issue {
  readonly path: readonly (string | number)[];
  /** `expected …, got …` */
  readonly message: string;
  readonly fix?: string;
}
