/** What a monthly report is made of: the account of a settlement period, day by day, with bills, findings and peaks. */

import type { Bill, BuildingAccount, Completeness } from '../../../core/energy/account.ts';
import type { Finding } from '../../../core/energy/diagnosis.ts';
import type { AccountInterval, EnergyConfig } from '../../../core/energy/energy.ts';
import type { EnergyBook } from '../book.ts';
import type { Period } from '../calendar.ts';
import { intervalOf } from '../grid.ts';

const QUARTER = 900_000;

export interface ReportDay {
  readonly date: string;
  /** By circuit. */
  readonly circuits: Readonly<Record<string, AccountInterval>>;
  /** Highest mean of a quarter of an hour of what comes from the grid, kW; null: not known. */
  readonly peak: number | null;
}

export interface ReportData {
  readonly config: EnergyConfig;
  readonly period: Period;
  /** Up to when it is told, Unix epoch ms. */
  readonly until: number;
  readonly account: BuildingAccount;
  readonly completeness: Completeness;
  readonly days: readonly ReportDay[];
  readonly bills: readonly Bill[];
  /** Of the period. */
  readonly findings: readonly Finding[];
}

/** `findings`: all that are known; those that touch the period are taken. `month`: `2027-03`. */
export function reportData(
  config: EnergyConfig,
  book: Pick<EnergyBook, 'account' | 'completeness' | 'bill' | 'grids' | 'calendar'>,
  month: string,
  now: number,
  findings: readonly Finding[],
): ReportData {
  const period = book.calendar.period(month);
  const until = Math.max(period.from, Math.min(period.to, Math.floor(now / QUARTER) * QUARTER));
  const { grids } = book.grids(period.from, until, now);
  const roots = config.circuits.filter(
    ({ fedBy, meter }) => fedBy === undefined && isElectric(config, meter),
  );
  const days = book.calendar.days(period.from, until).map(({ date, start, end }): ReportDay => {
    const to = Math.min(end, until);
    const circuits = Object.fromEntries(
      config.circuits.flatMap(({ id, meter }) => {
        const grid = grids.get(meter);
        return grid === undefined ? [] : [[id, intervalOf(grid, start, to)]];
      }),
    );
    let peak: number | null = null;
    for (let time = start; time < to; time += QUARTER) {
      let kwh: number | null = 0;
      for (const { meter } of roots) {
        const grid = grids.get(meter);
        const one = grid && intervalOf(grid, time, time + QUARTER);
        kwh =
          kwh === null || one === undefined || one.quality === 'missing' || one.quality === 'estimated'
            ? null
            : kwh + (one.quantity ?? 0);
      }
      if (kwh !== null && roots.length > 0) peak = Math.max(peak ?? 0, kwh * 4);
    }
    return { date, circuits, peak };
  });
  const first = days[0]?.date ?? '';
  const last = days.at(-1)?.date ?? '';
  return {
    config,
    period,
    until,
    account: book.account(period.from, until, now),
    completeness: book.completeness(period.from, until, now),
    days,
    bills: config.accounts.map(({ id }) => book.bill(id, month, now)),
    findings: findings.filter((one) => one.since <= last && (one.state === 'open' || one.until >= first)),
  };
}

function isElectric({ meters }: EnergyConfig, id: string): boolean {
  return meters.find((meter) => meter.id === id)?.carrier === 'electricity';
}
