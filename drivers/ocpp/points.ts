/** The points of one charger: what is told of each, and when it was told last. */
import type { DriverContext } from '../../agent/core/driver.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import {
  bad,
  good,
  type Mono,
  type Place,
  type Reading,
  type Reason,
  type Value,
} from '../../agent/core/reading.ts';
import { convert, convertible } from '../../agent/core/unit.ts';
import { pick, type Sample } from './meter-values.ts';
import { type Field, type Wire, wireSchema } from './schema.ts';

export interface Wired {
  readonly point: ProfilePoint;
  readonly wire: Wire;
  /** When it was told last. */
  told: Mono;
  /** Of a limit or a configuration key: what the charger has, as far as it has said. */
  held: Value | undefined;
}

/** What holds whether the charger is there or not. */
const OURS: ReadonlySet<Field> = new Set([
  'connected',
  'boots',
  'energy-total',
  'sessions',
  'session-id',
  'session-energy',
  'session-duration',
]);

export class ChargerPoints {
  readonly all: readonly Wired[];
  readonly #context: DriverContext;
  readonly #emit: (readings: readonly Reading[]) => void;

  constructor(context: DriverContext, emit: (readings: readonly Reading[]) => void) {
    this.#context = context;
    this.#emit = emit;
    this.all = context.device.profile.points.map((point) => ({
      point,
      wire: wireSchema.parse(point.wire),
      told: Number.NEGATIVE_INFINITY,
      held: undefined,
    }));
  }

  find(id: string): Wired | undefined {
    return this.all.find(({ point }) => point.id === id);
  }

  /** All fields as they are known now. */
  tellFields(connected: boolean, field: (name: Field) => Value | undefined): void {
    const now = this.#context.clock.mono();
    this.#say(
      this.all.flatMap((wired): Reading[] => {
        const { point, wire } = wired;
        if (wire.field === undefined) return [];
        wired.told = now;
        const place = this.#place(point);
        if (!connected && !OURS.has(wire.field)) return [bad(place, 'communication-failure', now)];
        const value = field(wire.field);
        return [value === undefined ? bad(place, 'not-available', now) : this.#reading(point, value, now)];
      }),
    );
  }

  /** What samples of one moment say of the measured points. */
  tellSamples(samples: readonly Sample[], time: Mono): void {
    const readings: Reading[] = [];
    for (const wired of this.all) {
      const { point, wire } = wired;
      const { measurand, phase, location } = wire;
      const sample = measurand && pick(samples, { measurand, phase, location });
      if (!sample) continue;
      const known = sample.unit !== undefined && convertible(sample.unit, point.unit);
      readings.push(
        known
          ? this.#reading(
              point,
              convert(sample.value, sample.unit ?? point.unit, point.unit) * wire.scale,
              time,
            )
          : bad(this.#place(point), 'configuration', time),
      );
      wired.told = Math.max(wired.told, time);
    }
    this.#say(readings);
  }

  /** Limits and keys, as the charger has them; those that it has not said are not available. */
  tellHeld(): void {
    for (const wired of this.all) if (wired.held !== undefined) this.tellOne(wired, wired.held);
    this.tellMissing(({ wire, held }) => wire.measurand === undefined && held === undefined, 'not-available');
  }

  /** That there is no value for points that are no fields. */
  tellMissing(which: (wired: Wired) => boolean, reason: Reason): void {
    const now = this.#context.clock.mono();
    this.#say(
      this.all
        .filter((wired) => wired.wire.field === undefined && wired.point.access !== 'write' && which(wired))
        .map((wired) => {
          wired.told = now;
          return bad(this.#place(wired.point), reason, now);
        }),
    );
  }

  tellOne(wired: Wired, value: Value): Reading {
    const { point } = wired;
    const now = this.#context.clock.mono();
    wired.told = now;
    if (point.access !== 'write') wired.held = value;
    const reading = this.#reading(point, value, now);
    this.#say([reading]);
    return reading;
  }

  /** The charger is away: what it has nobody knows. */
  forget(): void {
    for (const wired of this.all) wired.held = undefined;
  }

  #place(point: ProfilePoint): Place {
    return { device: this.#context.device.id, point: point.id, unit: point.unit };
  }

  #reading(point: ProfilePoint, value: Value, time: Mono): Reading {
    const place = this.#place(point);
    if (typeof value !== 'number') return good(place, value, time);
    const factor = 10 ** (point.decimals ?? 9);
    // + 0: a rounded −0.00 is 0.
    const rounded = Math.round(value * factor) / factor + 0;
    const [min, max] = point.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (rounded < min) return bad(place, 'under-range', time);
    return rounded > max ? bad(place, 'over-range', time) : good(place, rounded, time);
  }

  #say(readings: readonly Reading[]): void {
    if (readings.length > 0) this.#emit(readings);
  }
}
