/** Makes readings of what a talking device says: each point at its period, with what is known against the value. */
import type { DriverContext } from '../agent/core/driver.ts';
import type { ProfilePoint } from '../agent/core/profile.ts';
import {
  bad,
  good,
  type Mono,
  type Place,
  type Reading,
  type Reason,
  uncertain,
  type Value,
} from '../agent/core/reading.ts';
import { convert, type Unit } from '../agent/core/unit.ts';
import type { FieldUnits } from './own-line.ts';

/** A value that cannot be trusted (`value` present) or does not exist. */
export interface Doubt {
  readonly reason: Reason;
  readonly value?: Value;
}
/** Fields of one frame under their names; null where the device has none. */
export type Told = Readonly<Record<string, Value | null | Doubt>>;

export interface TellerOptions {
  /** The field of a point. */
  readonly fieldOf: (point: ProfilePoint) => string;
  readonly units?: FieldUnits;
  /** Values within this time from the opening are uncertain with `warming-up`, ms. */
  readonly warmUp?: number;
  /** After this time of one and the same frame its values are uncertain with `frozen`, ms. */
  readonly frozenAfter?: number;
  /** True: every frame is told, whatever the period; for devices that speak only when something happens. */
  readonly everyFrame?: boolean;
}

interface Timed {
  readonly point: ProfilePoint;
  readonly field: string;
  readonly unit: Unit | undefined;
  readonly period: number;
  due: Mono;
}

export class Teller {
  readonly #device: string;
  readonly #emit: (readings: readonly Reading[]) => void;
  readonly #options: TellerOptions;
  readonly #points: readonly Timed[];
  readonly #opened: Mono;
  #last = '';
  #changed: Mono;

  constructor(context: DriverContext, emit: (readings: readonly Reading[]) => void, options: TellerOptions) {
    const { device, clock } = context;
    this.#device = device.id;
    this.#emit = emit;
    this.#options = options;
    this.#opened = clock.mono();
    this.#changed = this.#opened;
    this.#points = device.profile.points.map((point) => {
      const field = options.fieldOf(point);
      const unit = options.units?.[field];
      return {
        point,
        field,
        unit: unit === '' ? undefined : unit,
        period: device.every ?? point.every ?? device.profile.every,
        due: Number.NEGATIVE_INFINITY,
      };
    });
  }

  /** Tells those points of `told` that are due. `fault` makes all of them bad. */
  take(told: Told, time: Mono, fault?: Reason): void {
    const text = this.#options.frozenAfter === undefined ? '' : JSON.stringify(told);
    if (text !== this.#last) {
      this.#last = text;
      this.#changed = time;
    }
    const due = this.#points.filter(
      (point) => Object.hasOwn(told, point.field) && (this.#options.everyFrame === true || point.due <= time),
    );
    if (due.length === 0) return;
    for (const point of due) point.due = time + point.period;
    this.#emit(due.map((point) => this.#reading(point, told[point.field] ?? null, time, fault)));
  }

  #reading(timed: Timed, found: Value | null | Doubt, time: Mono, fault: Reason | undefined): Reading {
    const { point } = timed;
    const at: Place = { device: this.#device, point: point.id, unit: point.unit };
    if (fault !== undefined) return bad(at, fault, time);
    if (found === null) return bad(at, 'not-available', time);
    const doubt = typeof found === 'object' ? found : undefined;
    const raw = typeof found === 'object' ? found.value : found;
    if (raw === undefined) return bad(at, doubt?.reason ?? 'not-available', time);
    const value = typeof raw === 'number' ? inUnit(raw, timed.unit, point.unit) : raw;
    if (typeof value === 'number' && point.range !== undefined) {
      if (value > point.range[1]) return bad(at, 'over-range', time);
      if (value < point.range[0]) return bad(at, 'under-range', time);
    }
    if (doubt !== undefined) return uncertain(at, value, doubt.reason, time);
    const { warmUp = 0, frozenAfter = Number.POSITIVE_INFINITY } = this.#options;
    if (time - this.#opened < warmUp) return uncertain(at, value, 'warming-up', time);
    if (time - this.#changed > frozenAfter) return uncertain(at, value, 'frozen', time);
    return good(at, value, time);
  }
}

function inUnit(value: number, from: Unit | undefined, to: Unit): number {
  if (from === undefined || from === to) return value;
  // Twelve digits: what binary fractions add is not the device's.
  return Number(convert(value, from, to).toPrecision(12));
}
