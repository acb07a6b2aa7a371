/**
 * Data marks (2017 Table 5): N normal, F source stands still, M maintenance, S entered by hand, D instrument fault,
 * C calibration, T above the range, B communication fault. Rollups do not keep why a value was missing; the log does, as
 * long as it lasts.
 */

import type { Lane } from '../../core/point.ts';
import type { Reason } from '../../core/reading.ts';
import type { LoggedRecord, LogSource } from '../../core/record.ts';
import type { PointName } from '../../core/time/period.ts';

export const MARKS = ['N', 'F', 'M', 'S', 'D', 'C', 'T', 'B'] as const;
export type Mark = (typeof MARKS)[number];

const BY_REASON: Readonly<Record<Reason, Mark>> = {
  'communication-failure': 'B',
  timeout: 'B',
  'device-failure': 'D',
  'sensor-fault': 'D',
  'not-available': 'D',
  'over-range': 'T',
  'under-range': 'D',
  'warming-up': 'D',
  frozen: 'D',
  implausible: 'D',
  maintenance: 'M',
  calibration: 'C',
  'manual-entry': 'S',
  substituted: 'S',
  simulated: 'N',
  'clock-untrusted': 'N',
  'low-rate': 'D',
  'source-dark': 'D',
  'source-frozen': 'D',
  configuration: 'D',
  'source-covered': 'D',
  'source-moved': 'D',
  withheld: 'D',
  'outside-conditions': 'D',
};

export function markOf(reason: Reason | undefined): Mark {
  return reason === undefined ? 'N' : BY_REASON[reason];
}

/** Readings of one point in a period by mark. */
export type Tally = Partial<Record<Mark, number>>;

/** The mark that most readings but normal ones have; undefined where all are normal. */
export function commonest(tally: Tally): Mark | undefined {
  let best: Mark | undefined;
  for (const mark of MARKS)
    if (mark !== 'N' && (tally[mark] ?? 0) > (best === undefined ? 0 : (tally[best] ?? 0))) best = mark;
  return best;
}

const SCANNED: readonly Lane[] = ['telemetry', 'meter'];
/** Readings come to the log out of order by so much, ms. */
const SLACK = 30_000;
/** Most records looked at for one period. */
const MOST = 400_000;
const PAGE = 500;

/** A place in a lane: all records before `seq` are older than `time`. */
interface Place {
  readonly seq: number;
  readonly time: number;
}

/** So many places are remembered of each lane: where live data, the backlog and a history left off. */
const PLACES = 4;
/** Reading on from a place is cheaper than a search when it lies so near, ms. */
const NEAR = 2 * 3_600_000;

export class MarkScan {
  readonly #source: LogSource;
  readonly #places = new Map<Lane, Place[]>();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * Marks of the readings of `points` in `from` ≤ t < `to`, in their order. What retention has taken is not counted.
   * Throws what the log throws.
   */
  tallies(points: readonly PointName[], from: number, to: number): readonly Tally[] {
    const found: Tally[] = points.map(() => ({}));
    const index = new Map<string, number[]>();
    for (const [i, { device, point }] of points.entries()) {
      const name = `${device}/${point}`;
      index.set(name, [...(index.get(name) ?? []), i]);
    }
    for (const lane of SCANNED) this.#scan(lane, from, to, (record) => count(record, from, to, index, found));
    return found;
  }

  #scan(lane: Lane, from: number, to: number, take: (record: LoggedRecord) => void): void {
    const source = this.#source;
    const head = source.heads()[lane];
    let seq = this.#begin(lane, from - SLACK, head);
    let next: Place | undefined;
    for (let seen = 0; seq <= head && seen < MOST; ) {
      const slice = source.read(lane, seq, PAGE);
      if (slice === undefined) break;
      for (const record of slice.records) {
        take(record);
        if (next === undefined && record.time >= to - SLACK) next = { seq: record.seq, time: to - SLACK };
      }
      seen += slice.records.length;
      seq = slice.last + 1;
      const last = slice.records.at(-1);
      if (last !== undefined && last.time >= to + SLACK) break;
    }
    if (next === undefined) return;
    const places = (this.#places.get(lane) ?? []).filter(({ time }) => time !== next.time);
    this.#places.set(lane, [next, ...places].slice(0, PLACES));
  }

  /** First number whose record is not before `time`: times rise with the numbers but for `SLACK`. */
  #begin(lane: Lane, time: number, head: number): number {
    const source = this.#source;
    const tail = Math.max(1, source.tails()[lane]);
    const near = this.#places
      .get(lane)
      ?.filter((place) => place.time <= time && time - place.time < NEAR && place.seq >= tail)
      .sort((a, b) => b.time - a.time)[0];
    if (near !== undefined) return near.seq;
    let low = tail;
    let high = head + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const record = source.read(lane, middle, 1)?.records[0];
      if (record === undefined) high = middle;
      else if (record.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function count(
  record: LoggedRecord,
  from: number,
  to: number,
  index: ReadonlyMap<string, readonly number[]>,
  found: Tally[],
): void {
  if (record.kind !== 'reading' || record.time < from || record.time >= to) return;
  const mark = markOf(record.reason);
  for (const i of index.get(`${record.device}/${record.point}`) ?? []) {
    const tally = found[i];
    if (tally !== undefined) tally[mark] = (tally[mark] ?? 0) + 1;
  }
}
