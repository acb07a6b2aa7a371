/** What each tenant of a pole has taken in a month, from the registers of its meters, through exchanges and resets. Pure. */

import type { StatementRegister } from '../../core/energy/account.ts';
import type { RegisterName, RegisterSeries } from '../../core/energy/energy.ts';
import type { TenantConfig } from '../../core/pole.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { convertible } from '../../core/unit.ts';
import { CountedRegister, MICRO } from '../energy/register.ts';
import { statementOf } from '../energy/statement.ts';

/** As in the energy account: `missing` has no quantity, only what has run at least. */
export type TenantQuality = 'measured' | 'repaired' | 'estimated' | 'missing';

export interface TenantMeter extends StatementRegister {
  readonly share: number;
  /** kWh of the tenant's share, three decimals; null where an end is not known. */
  readonly quantity: number | null;
  readonly atLeast: number;
  readonly quality: TenantQuality;
}

export interface TenantStatement {
  readonly tenant: string;
  readonly title: TenantConfig['title'];
  /** `2027-03` */
  readonly month: string;
  /** Unix epoch ms; `to` is not after now. */
  readonly from: number;
  readonly to: number;
  /** Whether the month is over. */
  readonly closed: boolean;
  readonly meters: readonly TenantMeter[];
  readonly quantity: number | null;
  readonly quality: TenantQuality;
}

const ORDER: readonly TenantQuality[] = ['measured', 'repaired', 'estimated', 'missing'];

/** First instants of a local month and of the next. Throws `RangeError` for what is no month. */
export function monthOf(month: string, days: LocalDays): { readonly from: number; readonly to: number } {
  const found = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (found === null) throw new RangeError(`expected a month as 2027-03, got "${month}"`);
  const [year, index] = [Number(found[1]), Number(found[2]) - 1];
  // Noon of the first by UTC is the first or its neighbour in every zone.
  const first = (at: number): number => {
    const wanted = new Date(at).toISOString().slice(0, 10);
    let start = days.start(at);
    while (days.date(start).date > wanted) start = days.start(start - 1);
    while (days.date(start).date < wanted) start = days.next(start);
    return start;
  };
  return { from: first(Date.UTC(year, index, 1, 12)), to: first(Date.UTC(year, index + 1, 1, 12)) };
}

/** Registers that statements of `tenants` are made of. */
export function registersOf(tenants: readonly TenantConfig[]): readonly RegisterName[] {
  const names = tenants.flatMap(({ meters }) => meters.map(({ device, point }) => ({ device, point })));
  return names.filter(
    (one, i) => names.findIndex(({ device, point }) => one.device === device && one.point === point) === i,
  );
}

/** `series`: of `registersOf`, as the log has them. `now`: Unix epoch ms; a month that runs ends there. */
export function tenantStatement(
  tenant: TenantConfig,
  month: string,
  days: LocalDays,
  now: number,
  series: readonly RegisterSeries[],
): TenantStatement {
  const { from, to: end } = monthOf(month, days);
  const to = Math.max(from, Math.min(end, now));
  const meters = tenant.meters.map((meter): TenantMeter => {
    const own = series.find(({ device, point }) => device === meter.device && point === meter.point);
    const facts = {
      kind: 'register',
      id: meter.device,
      title: tenant.title,
      carrier: 'electricity',
      device: meter.device,
      point: meter.point,
      unit: own?.unit ?? 'kW.h',
      every: meter.every,
      ratios: [],
      reactive: [],
    } as const;
    const shown = statementOf(facts, own, from, to);
    const { share } = meter;
    // The log has nothing of it yet.
    if (own === undefined || own.times.length === 0 || !convertible(own.unit, 'kW.h'))
      return { ...shown, share, quantity: null, atLeast: 0, quality: 'missing' };
    const counted = new CountedRegister(facts, own);
    const [begin, finish] = [counted.at(from), counted.at(to)];
    const known = [begin.known, finish.known];
    const total = ((finish.total - begin.total) / MICRO) * share;
    const seen = Math.max(
      0,
      ((finish.seen - (Number.isNaN(begin.total) ? begin.seen : begin.total)) / MICRO) * share,
    );
    const quality: TenantQuality = Number.isNaN(total)
      ? 'missing'
      : known.includes('between')
        ? 'estimated'
        : shown.breaks.length > 0
          ? 'repaired'
          : 'measured';
    const quantity = Number.isNaN(total) ? null : thousandths(total);
    return { ...shown, share, quantity, atLeast: thousandths(quantity ?? seen), quality };
  });
  const worst = Math.max(...meters.map(({ quality }) => ORDER.indexOf(quality)));
  const whole = meters.every(({ quantity }) => quantity !== null);
  return {
    tenant: tenant.id,
    title: tenant.title,
    month,
    from,
    to,
    closed: now >= end,
    meters,
    quantity: whole ? thousandths(meters.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0)) : null,
    quality: ORDER[worst] ?? 'missing',
  };
}

function thousandths(kwh: number): number {
  return Math.round(kwh * 1000) / 1000;
}
