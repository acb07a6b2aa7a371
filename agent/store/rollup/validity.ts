/**
 * How much of an interval has to be measured for its value to count, by factor and interval, each row with the clause it
 * comes from. Values below the minimum are kept and said to be insufficient, never left out.
 */
import type { LoggedPoint } from '../points.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

export interface Minimum {
  /** Least share of valid values, 0…1. */
  readonly share: number;
  /** For days: least number of hours that are sufficient themselves, instead of the share. */
  readonly hours?: number;
  /** Standard and clause, or that the choice is Kerbside's own. */
  readonly clause: string;
}

interface Row extends Minimum {
  /** Ids of points, without their ending (`pm2-5-2` is `pm2-5`); absent: all of the kind. */
  readonly factors?: readonly string[];
  readonly kind?: LoggedPoint['aggregation'];
  /** Length of the bucket, ms. */
  readonly bucket: number;
}

const GASES = ['so2', 'no2', 'no', 'nox', 'co', 'o3'];
const PARTICLES = ['pm10', 'pm2-5'];

/** The first row that fits counts. */
export const MINIMA: readonly Row[] = [
  {
    factors: GASES,
    bucket: HOUR,
    share: 45 / 60,
    clause: 'GB 3095-2026 table 4: 45 min of sampling an hour',
  },
  {
    factors: PARTICLES,
    bucket: HOUR,
    share: 45 / 60,
    clause: 'own choice: as GB 3095-2026 table 4 asks of gases',
  },
  {
    factors: [...GASES.filter((gas) => gas !== 'o3'), ...PARTICLES],
    bucket: DAY,
    share: 20 / 24,
    hours: 20,
    clause: 'GB 3095-2026 table 4: 20 hour means a day',
  },
  { factors: ['tsp'], bucket: DAY, share: 1, clause: 'GB 3095-2026 table 4: 24 h of sampling a day' },
  { kind: 'leq', bucket: MINUTE, share: 0.75, clause: 'own choice: HJ 906-2017 chapter 6 was not at hand' },
  { kind: 'leq', bucket: HOUR, share: 45 / 60, clause: 'own choice: HJ 906-2017 chapter 6 was not at hand' },
  { kind: 'leq', bucket: DAY, share: 0.75, clause: 'own choice: HJ 906-2017 chapter 6 was not at hand' },
  { bucket: MINUTE, share: 0.75, clause: 'own choice' },
  { bucket: 15 * MINUTE, share: 0.75, clause: 'own choice' },
  { bucket: HOUR, share: 0.75, clause: 'own choice' },
  { bucket: DAY, share: 0.75, clause: 'own choice' },
];

/** What is asked of a bucket of `bucket` ms of a point; undefined for kinds that are no means. */
export function minimumFor(
  { point, aggregation }: Pick<LoggedPoint, 'point' | 'aggregation'>,
  bucket: number,
): Minimum | undefined {
  if (aggregation === 'state' || aggregation === 'last' || aggregation === 'counter') return undefined;
  return MINIMA.find(
    (row) =>
      row.bucket === bucket &&
      (row.kind === undefined || row.kind === aggregation) &&
      (row.factors === undefined ||
        row.factors.some((factor) => point === factor || new RegExp(`^${factor}-\\d+$`).test(point))),
  );
}

/** Values there should be in `ms` of time at a period of `every` ms; undefined where the period is unknown. */
export function expectedIn(ms: number, every: number | undefined): number | undefined {
  return every === undefined || every <= 0 ? undefined : Math.max(1, Math.round(ms / every));
}
