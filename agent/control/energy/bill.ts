/**
 * The bill of an account for a settlement period: energy by rate, demand, capacity, power factor, fixed charges; split at
 * every day on which a price changes. Quantities are differences of registers, so that the lines add up to them. Pure.
 */

import type { BillLine, DemandFigure, PowerFactorFigure } from '../../core/energy/account.ts';
import {
  type AccountLine,
  type AccountQuality,
  CARRIER_UNITS,
  type MeterGrid,
  RATES,
  type Rate,
  type Tariff,
  type TariffVersion,
} from '../../core/energy/energy.ts';
import { UNITS } from '../../core/unit.ts';
import { type BillCalendar, bandsOn, type LocalDay, type Period, versionOn } from './calendar.ts';
import type { DemandWindows } from './demand.ts';
import { endAt, qualityOf, ran } from './grid.ts';
import { type Decimal, decimal, money, ofMicro, plain, sum, toFen, ZERO } from './money.ts';
import { adjustment, powerFactor } from './power-factor.ts';
import { worst } from './sum.ts';

/** Days in a row that one version holds on. */
interface Segment {
  readonly version: TariffVersion;
  readonly days: readonly LocalDay[];
}

/** What a quantity has come to, and what it is worth. */
interface Amount {
  micro: number;
  quality: AccountQuality;
}

export interface LineParts {
  readonly line: AccountLine;
  readonly tariff: Tariff;
  readonly grid: MeterGrid;
  readonly period: Period;
  readonly calendar: BillCalendar;
  /** End of the period, or the last quarter that has passed of it. */
  readonly until: number;
  /** Of its meter, in the period. */
  readonly demand: (windows: DemandWindows) => DemandFigure;
  /** Active and reactive energy of the period; undefined where the meter has no reactive registers. */
  readonly reactive?: () => { readonly active: number; readonly reactive: number };
}

export interface LinesOf {
  readonly lines: readonly BillLine[];
  readonly demand: readonly DemandFigure[];
  readonly powerFactor: readonly PowerFactorFigure[];
  /** Consumption by day, for factors, and of all, with the share of the account. */
  readonly byDay: ReadonlyMap<string, Decimal>;
  readonly quantity: Decimal;
  readonly quality: AccountQuality;
}

/** The lines of one meter on a bill. */
export function linesOf(parts: LineParts): LinesOf {
  const { line, tariff, grid, period, calendar, until } = parts;
  const days = calendar.days(period.from, period.to);
  const lines: BillLine[] = [];
  const demand: DemandFigure[] = [];
  const factors: PowerFactorFigure[] = [];
  const byDay = new Map<string, Decimal>();
  const share = decimal(line.share);
  let quality: AccountQuality = 'measured';
  for (const segment of segmentsOf(tariff, days)) {
    const add = lineAdder(lines, line, segment);
    const energy = energyBy(segment, { grid, calendar, until }, byDay, share);
    const adjusted: Decimal[] = [];
    const unit = UNITS[CARRIER_UNITS[grid.carrier]].symbol;
    let all = ZERO;
    for (const rate of RATES) {
      const amount = energy.get(rate);
      if (amount === undefined) continue;
      const quantity = ofMicro(amount.micro).times(share);
      all = all.plus(quantity);
      quality = worst([quality, amount.quality]);
      const price = segment.version.prices[rate] ?? '0';
      adjusted.push(add('energy', quantity, unit, price, amount.quality, rate));
    }
    const segmentQuality = worst([...energy.values()].map((one) => one.quality));
    adjusted.push(...demandLines(parts, segment, days.length, add, demand));
    const { surcharge, fixed, powerFactor: standard } = segment.version;
    if (standard !== undefined && parts.reactive !== undefined) {
      const figure = factorOf(line.meter, standard, parts.reactive());
      if (!factors.some((one) => one.standard === standard)) factors.push(figure);
      if (figure.adjustment !== null)
        add(
          'power-factor',
          sum(adjusted),
          '¥',
          decimal(figure.adjustment).shiftedBy(-2).toFixed(),
          segmentQuality,
        );
    }
    if (surcharge !== undefined) add('surcharge', all, unit, surcharge, segmentQuality);
    if (fixed !== undefined) add('fixed', shareOfMonth(segment, days.length), 'month', fixed, 'measured');
  }
  return { lines, demand, powerFactor: factors, byDay, quantity: sum(byDay.values()), quality };
}

/** Days without a version are not billed; checks of the site leave none between versions, only before the first. */
function segmentsOf(tariff: Tariff, days: readonly LocalDay[]): readonly Segment[] {
  const segments: { version: TariffVersion; days: LocalDay[] }[] = [];
  for (const day of days) {
    const version = versionOn(tariff, day.date);
    if (version === undefined) continue;
    const last = segments.at(-1);
    if (last?.version === version) last.days.push(day);
    else segments.push({ version, days: [day] });
  }
  return segments;
}

type AddLine = (
  what: BillLine['what'],
  quantity: Decimal,
  unit: string,
  price: string,
  quality: AccountQuality,
  rate?: Rate,
) => Decimal;

/** Adds a line and gives its amount. */
function lineAdder(lines: BillLine[], { meter, tariff }: AccountLine, { days }: Segment): AddLine {
  return (what, quantity, unit, price, quality, rate) => {
    const amount = toFen(quantity.times(price));
    lines.push({
      what,
      meter,
      tariff,
      from: days[0]?.date ?? '',
      to: days.at(-1)?.date ?? '',
      ...(rate === undefined ? {} : { rate }),
      quantity: plain(quantity, 6),
      unit,
      price,
      amount: money(amount),
      quality,
    });
    return amount;
  };
}

/** Consumption of a segment by rate; adds what each day took to `byDay`. */
function energyBy(
  { version, days }: Segment,
  { grid, calendar, until }: Pick<LineParts, 'grid' | 'calendar' | 'until'>,
  byDay: Map<string, Decimal>,
  share: Decimal,
): ReadonlyMap<Rate, Amount> {
  const rates = new Map<Rate, Amount>();
  for (const day of days) {
    if (day.start >= until) break;
    let ofDay = 0;
    for (const { from, to, rate } of bandsOn(version, day)) {
      const [begins, ends] = [calendar.at(day, from), Math.min(calendar.at(day, to), until)];
      if (begins >= ends) continue;
      const { micro, quality } = between(grid, begins, ends);
      ofDay += micro;
      const known = rates.get(rate) ?? { micro: 0, quality: 'measured' };
      rates.set(rate, { micro: known.micro + micro, quality: worst([known.quality, quality]) });
    }
    byDay.set(day.date, (byDay.get(day.date) ?? ZERO).plus(ofMicro(ofDay).times(share)));
  }
  return rates;
}

/** What ran between two moments; as far as is known where it is missing. */
function between(grid: MeterGrid, from: number, to: number): Amount {
  const [a, b] = [endAt(grid, from), endAt(grid, to)];
  const quality = qualityOf(grid, a, b);
  if (quality !== 'missing') return { micro: ran(grid, a, b), quality };
  const least = (grid.known[b] ?? 0) - (grid.known[a] ?? 0);
  return { micro: Number.isNaN(least) ? 0 : Math.max(0, least), quality };
}

/** Part of a month that a segment is of, by days. */
function shareOfMonth({ days }: Segment, all: number): Decimal {
  return decimal(days.length).div(all);
}

/** What is above this share of the contracted demand is paid twice. */
const EXCESS = '1.05';

function demandLines(
  { line, demand: demandOf }: LineParts,
  segment: Segment,
  days: number,
  add: AddLine,
  figures: DemandFigure[],
): Decimal[] {
  const { demand, capacity } = segment.version;
  const month = shareOfMonth(segment, days).times(line.share);
  const amounts: Decimal[] = [];
  if (demand !== undefined) {
    const { method, window, contract, price } = demand;
    const figure = demandOf({ method, window });
    if (!figures.some((one) => one.method === figure.method && one.window === figure.window))
      figures.push(figure);
    const actual = decimal(figure.kw ?? 0);
    const quality = figure.kw === null ? 'missing' : 'measured';
    const limit = contract === undefined ? undefined : decimal(contract).times(EXCESS);
    const excess = limit === undefined || actual.lte(limit) ? ZERO : actual.minus(limit);
    // Up to 105 % of the contract the contract is paid; behind that what was drawn, and the excess once more.
    const paid = contract === undefined || excess.gt(0) ? actual : decimal(contract);
    amounts.push(add('demand', paid.times(month), 'kW', price, quality));
    if (excess.gt(0)) amounts.push(add('demand-excess', excess.times(month), 'kW', price, quality));
  }
  if (capacity !== undefined)
    amounts.push(add('capacity', decimal(capacity.kva).times(month), 'kVA', capacity.price, 'measured'));
  return amounts;
}

function factorOf(
  meter: string,
  standard: NonNullable<TariffVersion['powerFactor']>,
  { active, reactive }: { readonly active: number; readonly reactive: number },
): PowerFactorFigure {
  const hundredths = Number.isNaN(active + reactive) ? null : powerFactor(active, reactive);
  return {
    meter,
    active,
    reactive,
    factor: hundredths === null ? null : hundredths / 100,
    standard,
    adjustment:
      hundredths === null ? null : decimal(adjustment(standard, hundredths)).shiftedBy(-2).toFixed(),
  };
}
