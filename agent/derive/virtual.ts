/**
 * Virtual points: what flows and programs give is checked against the declaration and published like any other reading.
 * A point that nobody gives a value for longer than its age is bad, so that a flow that stopped is seen.
 */

import type { Publisher, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import { bad, good, uncertain, type Value } from '../core/reading.ts';
import type { Description } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { convert, convertible } from '../core/unit.ts';
import {
  type VirtualActs,
  type VirtualDevice,
  type VirtualOutcome,
  type VirtualPoint,
  type VirtualRefusal,
  type VirtualRow,
  type VirtualValue,
  virtualPoints,
} from '../core/virtual.ts';

/** Least time between two values of a point, ms: a flow that goes round must not fill the log. */
const LEAST = 100;
/** How often ages are looked at, ms. */
const LOOK = 1000;

export interface VirtualParts {
  readonly devices: readonly VirtualDevice[];
  readonly clock: Clock;
  readonly hub: Publisher & Pick<Subscription, 'latest'>;
  readonly log: Log;
}

interface Given {
  readonly at: number;
  readonly source: string;
  /** It was said that there is no value any more. */
  readonly expired: boolean;
}

export class VirtualPoints implements VirtualActs, Disposable {
  readonly #parts: VirtualParts;
  #points: ReadonlyMap<string, { readonly device: string; readonly point: VirtualPoint }>;
  readonly #given = new Map<string, Given>();
  readonly #begun: number;
  #timer: Disposable;

  constructor(parts: VirtualParts) {
    this.#parts = parts;
    this.#points = byKey(parts.devices);
    this.#begun = parts.clock.mono();
    this.#timer = parts.clock.after(LOOK, () => this.#look());
  }

  /** Other points are declared; those that stay keep what they have. */
  reconfigure(devices: readonly VirtualDevice[]): void {
    this.#points = byKey(devices);
    for (const key of this.#given.keys()) if (!this.#points.has(key)) this.#given.delete(key);
  }

  rows(): readonly VirtualRow[] {
    return [...this.#points].map(([key, { device, point }]) => {
      const source = this.#given.get(key)?.source;
      return { device, point, ...(source === undefined ? {} : { source }) };
    });
  }

  give({ device, point: id, value, unit, quality = 'good', source }: VirtualValue): VirtualOutcome {
    const { clock, hub } = this.#parts;
    const key = `${device}/${id}`;
    const point = this.#points.get(key)?.point;
    if (point === undefined) {
      const known = [...this.#points.keys()].slice(0, 12).join(', ');
      return refused(
        'unknown-point',
        `publishing to ${key} failed: the site file declares no such virtual point`,
        known === '' ? 'write it into the section virtual: of the site file' : `it declares ${known}`,
      );
    }
    const now = clock.mono();
    const before = this.#given.get(key);
    if (before !== undefined && !before.expired && now - before.at < LEAST) {
      return refused(
        'too-fast',
        `publishing to ${key} failed: more than one value in ${LEAST} ms`,
        'send less often: a rate limit or “changes only” in the flow',
      );
    }
    const checked = check(key, point, value, unit);
    if (typeof checked === 'object' && checked !== null) return checked;
    if (before?.source !== source) this.#tellSource(device, id, source);
    this.#given.set(key, { at: now, source, expired: false });
    const at = { device, point: id, unit: point.unit };
    const reading =
      checked === null || quality === 'bad'
        ? bad(at, 'not-available', now)
        : quality === 'uncertain'
          ? uncertain(at, checked, 'substituted', now)
          : good(at, checked, now);
    hub.readings([reading]);
    return { ok: true, reading };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #look(): void {
    const { clock, hub } = this.#parts;
    this.#timer = clock.after(LOOK, () => this.#look());
    const now = clock.mono();
    for (const [key, { device, point }] of this.#points) {
      const given = this.#given.get(key);
      if (given?.expired || now - (given?.at ?? this.#begun) < point.maxAge) continue;
      this.#given.set(key, { at: now, source: given?.source ?? '', expired: true });
      hub.readings([bad({ device, point: point.id, unit: point.unit }, 'timeout', now)]);
    }
  }

  #tellSource(device: string, point: string, source: string): void {
    const { hub, clock, log } = this.#parts;
    log.info('virtual.source', { device, point, source });
    const body = { what: 'virtual-source', point, source };
    hub.event({ event: 'device', severity: 'info', device, time: clock.mono(), body });
  }
}

/** The value as it is published, null for none, or why it is refused. */
function check(
  key: string,
  { type, unit, range, decimals, values }: VirtualPoint,
  value: Value | null,
  given: VirtualPoint['unit'] | undefined,
): Value | null | Extract<VirtualOutcome, { ok: false }> {
  if (value === null) return null;
  const what = `publishing to ${key} failed`;
  if (typeof value !== type)
    return refused('wrong-type', `${what}: it is a ${type}, got a ${typeof value}`, `send a ${type}`);
  if (typeof value === 'string' && values !== undefined && !values.includes(value))
    return refused(
      'unknown-value',
      `${what}: ${JSON.stringify(value)} is none of its values`,
      `send ${values.join(', ')}`,
    );
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value))
    return refused(
      'out-of-range',
      `${what}: ${value} is no number to measure with`,
      'send null for no value',
    );
  if (given !== undefined && !convertible(given, unit))
    return refused('wrong-unit', `${what}: ${given} does not convert to ${unit}`, `send it in ${unit}`);
  const converted = given === undefined ? value : convert(value, given, unit);
  const power = 10 ** (decimals ?? 0);
  const shown = decimals === undefined ? converted : Math.round(converted * power) / power;
  const [min, max] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (shown < min || shown > max)
    return refused(
      'out-of-range',
      `${what}: ${shown} ${unit} is outside ${min}…${max}`,
      'mend the flow, or the range in the site file',
    );
  return shown;
}

function refused(code: VirtualRefusal, reason: string, fix: string): Extract<VirtualOutcome, { ok: false }> {
  return { ok: false, code, reason, fix };
}

function byKey(devices: readonly VirtualDevice[]) {
  return new Map(
    devices.flatMap(({ id: device, points }) =>
      points.map((point) => [`${device}/${point.id}`, { device, point }] as const),
    ),
  );
}

/** The device that virtual points belong to. */
export function virtualDescription(device: VirtualDevice): Description {
  return {
    device: device.id,
    title: device.title,
    class: 'virtual',
    brand: 'kerbside',
    model: 'virtual',
    points: virtualPoints(device),
  };
}
