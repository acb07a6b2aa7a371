/**
 * From the stream of readings to one value of each function and period. What is chosen depends on the readings and on
 * what was reported before, which outlives a session: after a break nothing of a period is reported twice.
 */

import { classUnit } from '../../core/energy/codes.ts';
import type { LoggedReading } from '../../core/record.ts';
import type { BuildingEnergyUplinkConfig } from '../../core/site.ts';
import type { LocalTime } from '../../core/time/local-time.ts';
import { convert, type Unit } from '../../core/unit.ts';
import type { PeriodBooks } from '../../core/uplink.ts';

/** A function of a meter and where its value comes from. */
export interface Spec {
  readonly meter: number;
  readonly id: string;
  readonly code: string | undefined;
  readonly unit: Unit | undefined;
}

/** A value for a report. */
export interface Sample {
  readonly spec: Spec;
  /** Beginning of the period, true time in ms. */
  readonly period: number;
  /** Time it is reported under, ms. */
  readonly time: number;
  readonly quality: LoggedReading['quality'];
  /** Text of the value; empty where there is none. */
  readonly value: string;
  /** Number in the log. */
  readonly seq: number;
}

/** Periods remembered of each function. */
const REMEMBERED = 64;

export class Sampler {
  #every: number;
  /** Beginning of the first period the books are about. */
  #first: number | undefined;
  /** Values sent and not acknowledged, so that each counts once however often it goes. */
  readonly #underWay = new Set<string>();
  #sent = 0;
  #acknowledged = 0;
  readonly specs: readonly Spec[];
  readonly #byPoint = new Map<string, Spec[]>();
  readonly #reported = new Map<Spec, Map<number, 'good' | 'bad'>>();
  readonly #latest = new Map<Spec, Sample>();
  readonly #align: number;
  readonly #local: LocalTime;

  constructor(
    { meters, every, align }: Pick<BuildingEnergyUplinkConfig, 'meters' | 'every' | 'align'>,
    local: LocalTime,
  ) {
    this.#every = every;
    this.#align = align;
    this.#local = local;
    this.specs = meters.flatMap(({ functions }, meter) =>
      functions.map(({ id, device, point, code, unit }) => {
        const spec: Spec = {
          meter,
          id,
          code,
          unit: unit ?? (code === undefined ? undefined : classUnit(code).unit),
        };
        const key = `${device}/${point}`;
        this.#byPoint.set(key, [...(this.#byPoint.get(key) ?? []), spec]);
        return spec;
      }),
    );
  }

  /** Period of the reports, ms. */
  get every(): number {
    return this.#every;
  }

  /** Another period: books of the one before say nothing of it. */
  setPeriod(ms: number): void {
    if (ms === this.#every) return;
    this.#every = ms;
    this.#first = undefined;
    this.#underWay.clear();
    this.#sent = 0;
    this.#acknowledged = 0;
  }

  /** Beginning of the period that holds `time`, in local time of the site. */
  periodOf(time: number): number {
    const offset = this.#local.offset(time);
    return Math.floor((time + offset) / this.#every) * this.#every - offset;
  }

  /** Samples that a reading stands for; those of a function and period that was reported well already are left out. */
  take(reading: LoggedReading): readonly Sample[] {
    const specs = this.#byPoint.get(`${reading.device}/${reading.point}`);
    if (specs === undefined) return [];
    const period = this.periodOf(reading.time);
    this.#first = Math.min(this.#first ?? period, period);
    const late = reading.time - period > this.#align;
    const time = late ? Math.floor(reading.time / 1000) * 1000 : period;
    const samples: Sample[] = [];
    for (const spec of specs) {
      const { quality, value } = judged(reading, spec);
      const sample = { spec, period, time, quality, value, seq: reading.seq };
      const before = this.#latest.get(spec);
      if (before === undefined || before.time <= reading.time)
        this.#latest.set(spec, { ...sample, time: reading.time });
      const reported = this.#reported.get(spec)?.get(period);
      if (reported === 'good' || (reported === 'bad' && quality === 'bad')) continue;
      samples.push(sample);
    }
    return samples;
  }

  /** A reading that answers questions and is no part of any report. */
  know(reading: LoggedReading): void {
    for (const spec of this.#byPoint.get(`${reading.device}/${reading.point}`) ?? []) {
      const { quality, value } = judged(reading, spec);
      const { time, seq } = reading;
      this.#latest.set(spec, { spec, period: this.periodOf(time), time, quality, value, seq });
    }
  }

  /** What is on its way for the first time, or again. */
  sent({ spec, period }: Sample): void {
    const key = this.#keyOf(spec, period);
    if (this.#reported.get(spec)?.has(period) === true || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    this.#sent += 1;
  }

  /**
   * Values of functions, by period, since the first that this agent has seen: due up to the period that holds `now`,
   * sent, acknowledged.
   */
  books(now: number): PeriodBooks {
    const periods = this.#first === undefined ? 0 : (this.periodOf(now) - this.#first) / this.#every + 1;
    const expected = Math.max(0, Math.round(periods)) * this.specs.length;
    const acknowledged = this.#acknowledged;
    const waiting = Math.max(0, expected - acknowledged);
    return { expected, sent: this.#sent, acknowledged, empty: 0, waiting, dropped: 0 };
  }

  #keyOf(spec: Spec, period: number): string {
    return `${this.specs.indexOf(spec)} ${period}`;
  }

  /** What became the centre's. */
  reported({ spec, period, quality }: Sample): void {
    if (this.#underWay.delete(this.#keyOf(spec, period))) this.#acknowledged += 1;
    let periods = this.#reported.get(spec);
    if (periods === undefined) {
      periods = new Map();
      this.#reported.set(spec, periods);
    }
    periods.delete(period);
    periods.set(period, quality === 'bad' ? 'bad' : 'good');
    for (const oldest of periods.keys()) {
      if (periods.size <= REMEMBERED) break;
      periods.delete(oldest);
    }
  }

  /** Newest sample of every function that was heard of, with its own time. */
  latest(): readonly Sample[] {
    return this.specs.flatMap((spec) => this.#latest.get(spec) ?? []);
  }
}

function judged({ value, unit, quality }: LoggedReading, spec: Spec): Pick<Sample, 'quality' | 'value'> {
  if (value === null || typeof value === 'string') return { quality: 'bad', value: '' };
  if (typeof value === 'boolean') return { quality, value: value ? '1' : '0' };
  try {
    const told = spec.unit === undefined ? value : convert(value, unit, spec.unit);
    return { quality, value: decimal(told) };
  } catch {
    // A unit that is not of the code's kind: checked before, but a profile may have changed since.
    return { quality: 'bad', value: '' };
  }
}

/** Without exponent, twelve digits: what binary fractions add is not the meter's. */
function decimal(value: number): string {
  const short = Number(value.toPrecision(12));
  const text = String(short);
  return text.includes('e') ? short.toFixed(12).replace(/\.?0+$/, '') : text;
}
