/**
 * The account book: reads registers of a stretch of time and makes of them the account, a bill, completeness. What it is
 * given reads synchronously; it runs in a thread of its own, in the command line, and in tests.
 */

import { midnightId } from '../../core/derived.ts';
import type { Bill, BuildingAccount, Completeness, DemandFigure } from '../../core/energy/account.ts';
import {
  type EnergyConfig,
  type MeterGrid,
  QUARTER,
  type RegisterMeter,
  type RegisterName,
  type RegisterSeries,
} from '../../core/energy/energy.ts';
import { AgentError } from '../../core/errors.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { accountOf } from './account.ts';
import { linesOf } from './bill.ts';
import { billOf } from './bill-sums.ts';
import { BillCalendar, type Period } from './calendar.ts';
import type { Counted, Counting, DayFigures, Tick } from './calls.ts';
import { completenessOf, registersBehind, rowsOf } from './completeness.ts';
import { type DemandWindows, maximumDemand, type TotalAt } from './demand.ts';
import { endAt, gridsOf, qualityOf } from './grid.ts';
import { itemCircuits } from './items.ts';
import { CountedRegister } from './register.ts';
import { statementOf } from './statement.ts';
import { worst } from './sum.ts';

const DAY = 86_400_000;

/** Minutes of rollups are kept so long; a sliding demand of earlier periods is reckoned by quarters. */
export type SeriesLevel = 'minute' | 'quarter';

export interface BookParts {
  readonly config: EnergyConfig;
  readonly timezone: string;
  /** Day of the month on which bills begin; 1 where the site has none. */
  readonly settlementDay: number;
  /** Registers in the order of `names`, in `from` ≤ t < `to`. */
  read(
    names: readonly RegisterName[],
    from: number,
    to: number,
    level: SeriesLevel,
  ): readonly RegisterSeries[];
  /** Mean of a point in each local day, °C; null where there is none. */
  dayMeans(
    name: RegisterName,
    days: readonly { readonly start: number; readonly end: number }[],
  ): readonly (number | null)[];
}

interface Read {
  readonly grids: Map<string, MeterGrid>;
  readonly series: ReadonlyMap<string, RegisterSeries>;
}

export class EnergyBook {
  readonly #parts: BookParts;
  readonly calendar: BillCalendar;

  constructor(parts: BookParts) {
    this.#parts = parts;
    this.calendar = new BillCalendar(new LocalDays(parts.timezone), parts.settlementDay, parts.config);
  }

  /** Grids of all meters, or of those behind `ids`, in `from` ≤ t < `to` (made whole quarters). */
  grids(from: number, to: number, now: number, ids?: readonly string[]): Read {
    const { config } = this.#parts;
    const wanted = ids === undefined ? undefined : this.#closure(ids);
    const meters = config.meters.filter(({ id }) => wanted?.has(id) !== false);
    const registers = meters.filter((meter) => meter.kind === 'register');
    const span = { from: down(from), to: up(to), now };
    const names = registers.flatMap(({ device, point }) => [
      { device, point },
      { device, point: midnightId(point) },
    ]);
    const all = this.#parts.read(names, span.from, Math.min(span.to, up(now)), 'quarter');
    const series = new Map(registers.map(({ id }, i) => [id, all[2 * i] as RegisterSeries]));
    const midnights = new Map(registers.map(({ id }, i) => [id, all[2 * i + 1] as RegisterSeries]));
    // A register that was never read owes its readings since the account began.
    const begun = [...series.values()].flatMap(({ since }) => since ?? []);
    const began = begun.length === 0 ? undefined : Math.min(...begun);
    const grids = gridsOf(meters, span, ({ id }) => {
      const own = series.get(id);
      const since = own?.since ?? began;
      return {
        ...(own === undefined || own.times.length === 0 ? {} : { series: own }),
        ...(since === undefined ? {} : { since }),
        ...(midnights.has(id) ? { midnights: midnights.get(id) as RegisterSeries } : {}),
      };
    });
    return { grids, series };
  }

  /** Ids of the meters themselves and of all that they are made of. */
  #closure(ids: readonly string[]): ReadonlySet<string> {
    const byId = new Map(this.#parts.config.meters.map((meter) => [meter.id, meter]));
    const found = new Set<string>();
    const walk = (id: string): void => {
      const meter = byId.get(id);
      if (meter === undefined || found.has(id)) return;
      found.add(id);
      if (meter.kind === 'virtual') for (const part of [...meter.plus, ...meter.minus]) walk(part);
    };
    for (const id of ids) walk(id);
    return found;
  }

  account(from: number, to: number, now: number): BuildingAccount {
    const end = Math.min(down(to), down(now));
    const { grids } = this.grids(from, Math.max(end, from), now);
    return accountOf(this.#parts.config, grids, down(from), Math.max(end, down(from)));
  }

  completeness(from: number, to: number, now: number): Completeness {
    const end = Math.max(down(from), Math.min(down(to), down(now)));
    const { grids } = this.grids(from, end, now);
    return completenessOf(this.#parts.config, grids, down(from), end, this.calendar.days(from, end));
  }

  /** What is told at the end of every quarter of an hour; `dayStart`: of the local day that runs. */
  tick(dayStart: number, end: number, counting: readonly Counting[]): Tick {
    const { config } = this.#parts;
    const from = Math.min(dayStart, end - DAY);
    const { grids } = this.grids(from, end, end);
    const [building] = rowsOf(config, grids, dayStart, end);
    if (building === undefined) throw new Error('no row of the building');
    return {
      today: building,
      branches: accountOf(config, grids, end - DAY, end).branches,
      counted: counting.map((one) => this.#count(one, end, one.from >= from ? grids : undefined)),
    };
  }

  #count(
    { of, id, from }: Counting,
    end: number,
    known: ReadonlyMap<string, MeterGrid> | undefined,
  ): Counted {
    const meters =
      of === 'meter' ? [id] : itemCircuits(this.#parts.config.circuits, id).map(({ meter }) => meter);
    const grids = known ?? this.grids(from, end, end, meters).grids;
    const parts = meters.flatMap((meter) => grids.get(meter) ?? []);
    const first = parts[0];
    if (first === undefined) return { of, id, values: [] };
    const total = (end: number) => parts.reduce((sum, { totals }) => sum + (totals[end] ?? Number.NaN), 0);
    const settled = Math.min(...parts.map((grid) => grid.settled));
    let begin = endAt(first, from);
    // Before the first reading of a part nothing is known of the sum.
    while (begin < settled && Number.isNaN(total(begin))) begin++;
    const values: Counted['values'][number][] = [];
    for (let i = begin + 1; i <= settled; i++) {
      const quality = worst(parts.map((grid) => qualityOf(grid, i - 1, i)));
      const micro = total(i) - total(begin);
      if (!Number.isNaN(micro)) values.push({ time: first.from + i * QUARTER, micro, quality });
    }
    return { of, id, values };
  }

  /** Completeness and coverage of a closed stretch, without its days. */
  day(from: number, to: number): DayFigures {
    const { config } = this.#parts;
    const { grids } = this.grids(from, to, to);
    const [row] = rowsOf(config, grids, from, to);
    if (row === undefined) throw new Error('no row of the building');
    return { row, coverage: accountOf(config, grids, from, to).coverage };
  }

  /** Throws `AgentError` `unsupported` for an account or a month that there is none of. */
  bill(accountId: string, month: string, now: number): Bill {
    const { config } = this.#parts;
    const account = config.accounts.find(({ id }) => id === accountId);
    if (account === undefined)
      throw new AgentError('unsupported', `reckoning of the bill failed: there is no account ${accountId}`, {
        fix: `ask for one of ${config.accounts.map(({ id }) => id).join(', ')}`,
      });
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new AgentError('unsupported', `reckoning of the bill failed: ${month} is no month`, {
        fix: 'write it as 2027-03',
      });
    const period = this.calendar.period(month);
    const until = Math.max(period.from, Math.min(period.to, down(now)));
    const ids = account.lines.map(({ meter }) => meter);
    const { grids, series } = this.grids(period.from, period.to, now, ids);
    const lines = account.lines.flatMap((line) => {
      const tariff = config.tariffs.find(({ id }) => id === line.tariff);
      const grid = grids.get(line.meter);
      if (tariff === undefined || grid === undefined) return [];
      const reactive = this.#reactive(line.meter, period, until);
      const parts = {
        line,
        tariff,
        grid,
        period,
        calendar: this.calendar,
        until,
        demand: (windows: DemandWindows) => this.#demand(line.meter, windows, period.from, until, now),
        ...(reactive === undefined ? {} : { reactive }),
      };
      return [{ line, carrier: grid.carrier, ...linesOf(parts) }];
    });
    const registers = registersBehind(config, ids);
    const statement = config.meters.flatMap((meter) =>
      meter.kind === 'register' && registers.includes(meter.id)
        ? [statementOf(meter, series.get(meter.id), period.from, until)]
        : [],
    );
    return billOf({
      config,
      account,
      period,
      now,
      lines,
      statement,
      degreeDays: this.#degreeDays(period, until),
    });
  }

  /** Maximum demand of a meter between two moments. */
  demand(meter: string, windows: DemandWindows, from: number, to: number, now: number): DemandFigure {
    return this.#demand(meter, windows, from, Math.min(to, down(now)), now);
  }

  #demand(meter: string, windows: DemandWindows, from: number, to: number, now: number): DemandFigure {
    if (windows.method === 'block' && windows.window % QUARTER === 0) {
      const grid = this.grids(from, to, now, [meter]).grids.get(meter);
      const at: TotalAt = (time) => {
        const i = grid === undefined ? -1 : Math.round((time - grid.from) / QUARTER);
        return grid?.ends[i] === 2 ? Number.NaN : (grid?.totals[i] ?? Number.NaN);
      };
      return maximumDemand(meter, at, windows, from, to);
    }
    const minutes = maximumDemand(meter, this.#totalAt(meter, from, to, 'minute'), windows, from, to);
    // Minutes that are not kept any more: what quarters tell, and said so.
    if (minutes.kw !== null || to <= from) return minutes;
    const blocks = { method: 'block', window: windows.window } as const;
    return maximumDemand(meter, this.#totalAt(meter, from, to, 'quarter'), blocks, from, to);
  }

  /** Totals of a meter at any moment, from its registers or those it is made of. */
  #totalAt(id: string, from: number, to: number, level: SeriesLevel): TotalAt {
    const { config } = this.#parts;
    const registers = config.meters.filter(
      (meter): meter is RegisterMeter =>
        meter.kind === 'register' && registersBehind(config, [id]).includes(meter.id),
    );
    const all = this.#parts.read(registers, from, up(to), level);
    const counted = new Map(
      registers.map((meter, i) => [meter.id, new CountedRegister(meter, all[i] as RegisterSeries)]),
    );
    const byId = new Map(config.meters.map((meter) => [meter.id, meter]));
    const totalOf = (meterId: string, time: number): number => {
      const meter = byId.get(meterId);
      if (meter?.kind === 'virtual') {
        const sum = (ids: readonly string[]) => ids.reduce((all, one) => all + totalOf(one, time), 0);
        return sum(meter.plus) - sum(meter.minus);
      }
      const at = counted.get(meterId)?.at(time);
      return at?.known === 'at' ? at.total : Number.NaN;
    };
    return (time) => totalOf(id, time);
  }

  /** Active and reactive energy of a meter in a period. */
  #reactive(id: string, period: Period, until: number) {
    const meter = this.#parts.config.meters.find((one) => one.id === id);
    if (meter?.kind !== 'register' || meter.reactive.length === 0) return undefined;
    return () => {
      const names = [meter.point, ...meter.reactive].map((point) => ({ device: meter.device, point }));
      const ran = this.#parts.read(names, period.from, up(until), 'quarter').map((series, i) => {
        const register = new CountedRegister(meter, series, i === 0 ? 'kW.h' : 'kvar.h');
        return (register.at(until).total - register.at(period.from).total) / 1e6;
      });
      const [active = Number.NaN, ...reactive] = ran;
      return { active, reactive: reactive.reduce((sum, one) => sum + one, 0) };
    };
  }

  #degreeDays(period: Period, until: number): Bill['degreeDays'] {
    const terms = this.#parts.config.degreeDays;
    if (terms === undefined) return null;
    const days = this.calendar.days(period.from, until);
    const means = this.#parts.dayMeans(terms, days);
    const known = means.filter((mean) => mean !== null);
    if (known.length === 0) return null;
    const sum = (of: (mean: number) => number) =>
      Math.round(known.reduce((all, mean) => all + Math.max(0, of(mean)), 0) * 10) / 10;
    return {
      heating: sum((mean) => (mean < terms.heating ? terms.heating - mean : 0)),
      cooling: sum((mean) => mean - terms.cooling),
      days: known.length,
      heatPer: null,
      coolingPer: null,
    };
  }
}

function down(time: number): number {
  return Math.floor(time / QUARTER) * QUARTER;
}

function up(time: number): number {
  return Math.ceil(time / QUARTER) * QUARTER;
}
