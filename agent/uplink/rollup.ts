/**
 * Closed buckets of the rollups as a log of their own, for the pump: what `send: rollup` lets leave. Numbers are times,
 * so a break, a restart, a crash and a new log repeat them: the buckets of a length are counted from the year 2000, and
 * each takes `PARTS` numbers, over which its points are spread by their names, so that no record is too large for a message.
 */

import { LANES, type Lane } from '../core/point.ts';
import type { Cursor, Heads, Json, LoggedEvent, LoggedRecord, LogSlice, LogSource } from '../core/record.ts';
import type { LocalDays } from '../core/time/local-days.ts';
import {
  BUCKET_MS,
  BUCKETS,
  type Bucket,
  type PeriodLevel,
  type Periods,
  type PeriodValue,
  type PointName,
} from '../core/time/period.ts';
import type { Envelope, UplinkContext } from '../core/uplink.ts';
import type { Naming } from './naming.ts';
import { isoTime, valuesOf } from './payload.ts';
import type { Chooser, Selecting, Selection } from './selection.ts';

/** Numbers of a bucket. */
export const PARTS = 16;
/** Epoch of all lanes of buckets: they go on over the epochs of the log. */
export const ROLLUP_EPOCH = 'rollups';
/** Buckets read at once: their records are long. */
const READ = 4;
const ERA = Date.UTC(2000, 0, 1);
/** Noon less an hour lies in the same date in every zone from UTC−11 to UTC+12; the others are a day beside. */
const MIDDLE = 11 * 3_600_000;
const DIGITS = 12;

interface Facts {
  readonly level: PeriodLevel;
  /** Lane whose place in the pump's order it takes: long ones first, for they are few. */
  readonly slot: Lane;
}
const FACTS: Readonly<Record<Bucket, Facts>> = {
  '1d': { level: 'day', slot: 'event' },
  '1h': { level: 'hour', slot: 'meter' },
  '15min': { level: 'quarter', slot: 'telemetry' },
  '1min': { level: 'minute', slot: 'bulk' },
};

/** What envelopes call the lane in whose place buckets are carried. */
export function rollupLane(slot: Lane): Envelope['lane'] {
  const bucket = bucketIn(slot);
  return bucket === undefined ? slot : `rollup-${bucket}`;
}

export interface RollupParts {
  readonly periods: Periods;
  readonly records: LogSource;
  readonly selection: Selection;
  /** Zone of the site. */
  readonly days: LocalDays;
  readonly naming?: Naming;
  /** Logs of earlier epochs. */
  earlier(): readonly LogSource[];
  /** Under our own names. */
  descriptions: UplinkContext['descriptions'];
  /** Whether the data budget is used up, so that none of them leaves. */
  usedUp(): boolean;
}

/** A record without values, where no point is of its part, is none. */
export class RollupSource implements LogSource, Selecting {
  readonly epoch = ROLLUP_EPOCH;
  readonly #parts: RollupParts;
  readonly #wanted: ReadonlySet<Bucket>;
  #described: ReturnType<UplinkContext['descriptions']> = [];
  #lanes = new Map<string, Lane>();

  constructor(wanted: ReadonlySet<Bucket>, parts: RollupParts) {
    this.#wanted = wanted;
    this.#parts = parts;
  }

  heads(): Heads {
    // Says that the log was replaced, which rollups in the old file would never tell.
    this.#parts.records.heads();
    const closed = this.#parts.periods.closedTo();
    return this.#each((bucket) => (closed === undefined ? 0 : this.#index(bucket, closed) * PARTS));
  }

  tails(): Heads {
    const { periods } = this.#parts;
    return this.#each((bucket) => {
      const oldest = periods.oldest(FACTS[bucket].level) ?? periods.closedTo();
      return oldest === undefined ? 1 : this.#index(bucket, oldest) * PARTS + 1;
    });
  }

  /** Numbers are times, so what was settled while an earlier log was there is settled. */
  cursor(uplink: string, lane: Lane): Cursor {
    const { records, earlier } = this.#parts;
    return [records, ...earlier()]
      .map((log) => log.cursor(uplink, lane))
      .reduce((best, one) => (one.low > best.low ? one : best));
  }

  read(lane: Lane, from: number, limit: number): LogSlice | undefined {
    const bucket = bucketIn(lane);
    if (bucket === undefined) return undefined;
    const first = Math.max(from, this.tails()[lane]);
    const last = Math.min(first + limit - 1, first + READ * PARTS - 1, this.heads()[lane]);
    if (last < first) return undefined;
    const points = this.#points(bucket);
    const records: LoggedRecord[] = [];
    for (let index = indexOf(first); index <= indexOf(last); index++)
      records.push(...this.#bucket(bucket, index, points).filter(({ seq }) => seq >= first && seq <= last));
    return { epoch: this.epoch, lane, first, last, records };
  }

  lane(lane: Lane): Chooser | undefined {
    const { usedUp } = this.#parts;
    return bucketIn(lane) === undefined
      ? undefined
      : { choose: (records) => (usedUp() ? [] : records.filter((one) => valuesOf(one).length > 0)) };
  }

  /** All records of a bucket, one for each part. */
  #bucket(bucket: Bucket, index: number, points: readonly PointName[]): LoggedEvent[] {
    const [start, end] = this.#span(bucket, index);
    const figures = this.#parts.periods.bucket(points, FACTS[bucket].level, start, end);
    const parts = Array.from({ length: PARTS }, () => ({ revision: 0, values: [] as Json[] }));
    for (const [i, name] of points.entries()) {
      const figure = figures[i];
      const part = parts[partOf(name)];
      if (figure === undefined || part === undefined) continue;
      part.revision += figure.revision;
      part.values.push(this.#value(name, figure));
    }
    return parts.map(({ revision, values }, part) => ({
      kind: 'event',
      seq: index * PARTS + part + 1,
      event: 'agent',
      severity: 'info',
      time: start,
      rank: 'ntp',
      body: { from: isoTime(start), to: isoTime(end), revision, values },
    }));
  }

  #value(name: PointName, figure: PeriodValue): Json {
    const { kind, count, bad, expected, revision, states } = figure;
    const { naming } = this.#parts;
    const said = naming?.figure(name, figure.unit) ?? { ...name, unit: figure.unit, of: (value) => value };
    const number = (value: number | null) =>
      value === null ? null : Number(said.of(value).toPrecision(DIGITS));
    const { device, point, unit } = said;
    const share = expected === 0 ? null : Number(Math.min(1, count / expected).toFixed(4));
    const counts = { count, bad, expected: Math.round(expected), share, revision };
    if (states !== undefined)
      return {
        device,
        point,
        unit,
        kind,
        value: figure.value,
        last: states.last,
        states: states.ms,
        ...counts,
      };
    const [value, min, max, last] = [figure.value, figure.min, figure.max, figure.last].map(number);
    return {
      device,
      point,
      unit,
      kind,
      value: value ?? null,
      min: min ?? null,
      max: max ?? null,
      last: last ?? null,
      ...counts,
    };
  }

  /** Points that leave in buckets of this length. */
  #points(bucket: Bucket): readonly PointName[] {
    const { periods, selection } = this.#parts;
    const ms = BUCKET_MS[bucket];
    const lanes = this.#laneOf();
    return periods
      .points()
      .filter(({ device, point }) => selection.rollup(device, point, lanes.get(`${device}/${point}`)) === ms);
  }

  #laneOf(): ReadonlyMap<string, Lane> {
    const described = this.#parts.descriptions();
    if (described !== this.#described) {
      this.#described = described;
      this.#lanes = new Map(
        described.flatMap(({ description: { device, points } }) =>
          points.map(({ id, lane }) => [`${device}/${id}`, lane] as const),
        ),
      );
    }
    return this.#lanes;
  }

  /** Which bucket holds `time`. */
  #index(bucket: Bucket, time: number): number {
    const { days } = this.#parts;
    const shown = bucket === '1d' ? Date.parse(days.date(time).date) : time;
    return Math.max(0, Math.floor((shown - ERA) / BUCKET_MS[bucket]));
  }

  #span(bucket: Bucket, index: number): [start: number, end: number] {
    const ms = BUCKET_MS[bucket];
    const at = ERA + index * ms;
    if (bucket !== '1d') return [at, at + ms];
    const { days } = this.#parts;
    const near = days.start(at + MIDDLE);
    const off = index - this.#index(bucket, near);
    const start = off === 0 ? near : off > 0 ? days.next(near) : days.start(near - 1);
    return [start, days.next(start)];
  }

  #each(of: (bucket: Bucket) => number): Heads {
    const number = (lane: Lane) => {
      const bucket = bucketIn(lane);
      return bucket === undefined || !this.#wanted.has(bucket) ? 0 : of(bucket);
    };
    return Object.fromEntries(LANES.map((lane) => [lane, number(lane)])) as Heads;
  }

  [Symbol.dispose](): void {}
}

function bucketIn(slot: Lane): Bucket | undefined {
  return BUCKETS.find((bucket) => FACTS[bucket].slot === slot);
}

function indexOf(seq: number): number {
  return Math.floor((seq - 1) / PARTS);
}

/** FNV-1a over UTF-16 units: a point keeps its part for ever. */
function partOf({ device, point }: PointName): number {
  const text = `${device}/${point}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 16) % PARTS;
}
