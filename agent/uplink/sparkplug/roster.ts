/**
 * What an edge node has told or will tell: its own metrics and those of its devices, with their aliases, types and newest
 * values. Lives as long as its configuration, so that an alias never changes its meaning while the agent runs.
 */

import type { Point, ValueType } from '../../core/point.ts';
import type { Value } from '../../core/reading.ts';
import { EVENT_KINDS, type LoggedReading } from '../../core/record.ts';
import type { Description } from '../../core/site.ts';
import type { WrittenType } from './payload.ts';

/** Names of our own metrics of the node. */
export const NODE = {
  rebirth: 'Node Control/Rebirth',
  /** Value: empty. Carries the books of a message that has no records. */
  ledger: 'Kerbside/Ledger',
  /** Value: JSON `{device, point, reason}`: a reading without a value of a device whose death is told. */
  unreached: 'Kerbside/Unreached',
  /** Value: JSON of a command's result. */
  result: 'Kerbside/Command result',
  event: (kind: string) => `Event/${kind}`,
} as const;

export interface Known {
  readonly alias: number;
  readonly name: string;
  readonly type: WrittenType;
  /** Told in births beside the value. */
  readonly properties: Readonly<Record<string, string>>;
  /** Commands are taken. */
  readonly writable: boolean;
  /** Newest value; undefined where none was ever seen. */
  newest?: LoggedReading;
  /** A text that does not change. */
  readonly text?: string;
}

export interface Device {
  readonly id: string;
  /** By point, or for texts by name. */
  readonly metrics: Map<string, Known>;
  /** What it has told is not all any more: it is to be born (again). */
  stale: boolean;
  /** Its death was told, or it was never born in this session. */
  alive: boolean;
  /** Born for readings of its past alone: when the last of them was sent, monotonic ms. */
  replayed?: number | undefined;
}

const TYPES: Readonly<Record<ValueType, WrittenType>> = {
  number: 'Double',
  boolean: 'Boolean',
  string: 'String',
};
/** Reasons that say that a device cannot be reached at all. */
const UNREACHED: ReadonlySet<string> = new Set(['communication-failure', 'timeout']);

export class Roster {
  readonly node = new Map<string, Known>();
  readonly devices = new Map<string, Device>();
  readonly #byAlias = new Map<number, { readonly device: Device | undefined; readonly metric: Known }>();
  #described = new Map<string, string>();
  #aliases = 0;
  /** Changes whenever something is added: what was planned before is out of date. */
  version = 0;

  constructor(texts: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(texts))
      this.#add(undefined, name, { name, type: 'String', text });
    for (const name of [NODE.ledger, NODE.unreached, NODE.result, ...EVENT_KINDS.map(NODE.event)]) {
      this.#add(undefined, name, { name, type: 'String' });
    }
  }

  /** Takes descriptions over; a device whose description has changed is to be born again. */
  describe(described: readonly { readonly hash: string; readonly description: Description }[]): void {
    for (const { hash, description } of described) {
      const { device: id, title, class: kind, brand, model, asset, points } = description;
      if (this.#described.get(id) === hash) continue;
      this.#described.set(id, hash);
      const device = this.device(id);
      const texts = { Title: title.en, Class: kind, Brand: brand, Model: model, Asset: asset };
      for (const [name, text] of Object.entries(texts)) {
        const called = `Properties/${name}`;
        if (text !== undefined) this.#add(device, called, { name: called, type: 'String', text });
      }
      for (const point of points) this.#point(device, point);
    }
  }

  #point(device: Device, { id, type, unit, title, access, range }: Point): void {
    this.#add(device, id, {
      name: id,
      type: TYPES[type],
      writable: access !== 'read',
      properties: {
        ...(unit === '1' ? {} : { engUnit: unit }),
        description: title.en,
        ...(range === undefined ? {} : { engLow: String(range[0]), engHigh: String(range[1]) }),
      },
    });
  }

  device(id: string): Device {
    let device = this.devices.get(id);
    if (device === undefined) {
      device = { id, metrics: new Map(), stale: true, alive: false };
      this.devices.set(id, device);
    }
    return device;
  }

  /** The metric that `reading` is of; made where it was not known, or known with values of another type. */
  metricOf(device: Device, { point, value, unit }: LoggedReading): Known {
    const known = device.metrics.get(point);
    if (known !== undefined && known.text === undefined && fits(known.type, value)) return known;
    return this.#add(device, point, {
      name: point,
      type: value === null ? 'Double' : TYPES[typeof value as ValueType],
      properties: unit === '1' ? {} : { engUnit: unit },
      ...(known === undefined ? {} : { writable: known.writable }),
    });
  }

  /** The metric of a command, by name or alias. */
  find(device: string | undefined, name: string | undefined, alias: number | undefined): Known | undefined {
    if (name !== undefined) {
      const metrics = device === undefined ? this.node : this.devices.get(device)?.metrics;
      return [...(metrics?.values() ?? [])].find((metric) => metric.name === name);
    }
    const found = alias === undefined ? undefined : this.#byAlias.get(alias);
    return found?.device?.id === device ? found?.metric : undefined;
  }

  /** Takes a reading as the newest of its point, unless a newer one is known. */
  see(reading: LoggedReading): void {
    const metric = this.metricOf(this.device(reading.device), reading);
    if (metric.newest === undefined || metric.newest.time <= reading.time) metric.newest = reading;
  }

  /** True where nothing of the device can be read: every point of which anything is known says so. */
  unreached(device: Device): boolean {
    const newest = [...device.metrics.values()].flatMap((metric) => metric.newest ?? []);
    return (
      newest.length > 0 &&
      newest.every(({ quality, reason }) => quality === 'bad' && UNREACHED.has(reason ?? ''))
    );
  }

  /** Pairs of names of one device (undefined: the node) that differ only by upper and lower case. */
  alike(): readonly { readonly device: string | undefined; readonly names: readonly [string, string] }[] {
    return [{ id: undefined, metrics: this.node }, ...this.devices.values()].flatMap(({ id, metrics }) => {
      const seen = new Map<string, string>();
      return [...metrics.values()].flatMap(({ name }) => {
        const before = seen.get(name.toLowerCase());
        seen.set(name.toLowerCase(), name);
        return before === undefined ? [] : [{ device: id, names: [before, name] as const }];
      });
    });
  }

  /** A new session: nobody has been told anything. */
  begin(): void {
    for (const device of this.devices.values()) {
      device.stale = true;
      device.alive = false;
      device.replayed = undefined;
    }
  }

  #add(device: Device | undefined, key: string, facts: Partial<Known> & Pick<Known, 'name' | 'type'>): Known {
    const metrics = device?.metrics ?? this.node;
    const before = metrics.get(key);
    const metric: Known = {
      properties: {},
      writable: false,
      ...facts,
      alias: before?.alias ?? ++this.#aliases,
      ...(before?.newest === undefined ? {} : { newest: before.newest }),
    };
    metrics.set(key, metric);
    this.#byAlias.set(metric.alias, { device, metric });
    this.version += 1;
    if (device !== undefined) device.stale = true;
    return metric;
  }
}

function fits(type: WrittenType, value: Value | null): boolean {
  return value === null || TYPES[typeof value as ValueType] === type;
}
