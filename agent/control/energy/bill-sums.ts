/** A bill as a whole: its lines with their sums, by carrier in money, coal and CO₂, per area and per degree day. Pure. */

import type { Bill, BillCarrier, StatementRegister } from '../../core/energy/account.ts';
import {
  type AccountLine,
  CARRIER_UNITS,
  CARRIERS,
  type Carrier,
  type EnergyConfig,
  type EnergyFactor,
  type PayingAccount,
} from '../../core/energy/energy.ts';
import type { LinesOf } from './bill.ts';
import { factorOn, type Period } from './calendar.ts';
import { type Decimal, decimal, money, plain, sum } from './money.ts';
import { worst } from './sum.ts';

export interface BillSums {
  readonly config: EnergyConfig;
  readonly account: PayingAccount;
  readonly period: Period;
  readonly now: number;
  readonly lines: readonly (LinesOf & { readonly line: AccountLine; readonly carrier: Carrier })[];
  readonly statement: readonly StatementRegister[];
  readonly degreeDays: Bill['degreeDays'];
}

export function billOf({ config, account, period, now, lines, statement, degreeDays }: BillSums): Bill {
  const { id, title, kind } = account;
  const all = lines.flatMap((one) => one.lines);
  const quality = worst(lines.map((one) => one.quality));
  const total = sum(all.map(({ amount }) => decimal(amount)));
  const carriers = CARRIERS.flatMap((carrier) => carrierOf(config, carrier, lines));
  const area = account.area ?? (kind === 'supply' ? config.area : undefined);
  return {
    account: id,
    title,
    kind,
    month: period.month,
    from: period.from,
    to: period.to,
    final: now >= period.to && quality !== 'missing',
    quality,
    lines: all,
    total: money(total),
    carriers,
    statement,
    demand: lines.flatMap((one) => one.demand),
    powerFactor: lines.flatMap((one) => one.powerFactor),
    perArea: area === undefined ? null : perArea(carriers, total, decimal(area)),
    degreeDays: degreeDays === null ? null : perDegreeDay(degreeDays, carriers),
  };
}

function carrierOf(config: EnergyConfig, carrier: Carrier, lines: BillSums['lines']): BillCarrier[] {
  const own = lines.filter((one) => one.carrier === carrier);
  if (own.length === 0) return [];
  const amount = sum(own.flatMap((one) => one.lines.map((line) => decimal(line.amount))));
  return [
    {
      carrier,
      unit: CARRIER_UNITS[carrier],
      quantity: plain(sum(own.map(({ quantity }) => quantity)), 6),
      amount: money(amount),
      kgce: byFactor(config, carrier, own, 'kgce'),
      kgco2: byFactor(config, carrier, own, 'kgco2'),
    },
  ];
}

/** Each day by the factor that holds on it; null where one lacks. */
function byFactor(
  { factors }: EnergyConfig,
  carrier: Carrier,
  lines: readonly LinesOf[],
  key: keyof Pick<EnergyFactor, 'kgce' | 'kgco2'>,
): string | null {
  let all: Decimal | undefined;
  for (const { byDay } of lines)
    for (const [date, quantity] of byDay) {
      const factor = factorOn(
        factors.filter((one) => one[key] !== undefined),
        carrier,
        date,
      )?.[key];
      if (factor === undefined) return null;
      all = (all ?? decimal(0)).plus(quantity.times(factor));
    }
  return all === undefined ? null : plain(all, 3);
}

function perArea(
  carriers: readonly BillCarrier[],
  total: Decimal,
  area: Decimal,
): NonNullable<Bill['perArea']> {
  const electricity = carriers.find(({ carrier }) => carrier === 'electricity');
  const known = carriers.every(({ kgce }) => kgce !== null);
  return {
    kwh: plain(decimal(electricity?.quantity ?? '0').div(area), 3),
    kgce: known ? plain(sum(carriers.map(({ kgce }) => decimal(kgce ?? '0'))).div(area), 3) : null,
    amount: plain(total.div(area), 2),
  };
}

/** Heat (and gas where there is no heat) by heating, cold (and electricity where there is none) by cooling degree days. */
function perDegreeDay(
  days: NonNullable<Bill['degreeDays']>,
  carriers: readonly BillCarrier[],
): NonNullable<Bill['degreeDays']> {
  const per = (names: readonly Carrier[], by: number): string | null => {
    const found = names.flatMap((name) => carriers.find(({ carrier }) => carrier === name) ?? [])[0];
    return found === undefined || by === 0 ? null : plain(decimal(found.quantity).div(by), 4);
  };
  return {
    ...days,
    heatPer: per(['heat', 'gas'], days.heating),
    coolingPer: per(['cooling', 'electricity'], days.cooling),
  };
}
