/** Days of a tariff: settlement periods, kinds of days, which version and which rate holds when. Pure. */
import type {
  Band,
  DayType,
  EnergyConfig,
  EnergyFactor,
  Schedule,
  Tariff,
  TariffVersion,
} from '../../core/energy/energy.ts';
import type { LocalDays } from '../../core/time/local-days.ts';

export interface LocalDay {
  readonly date: string;
  /** First instant of it and of the next one. */
  readonly start: number;
  readonly end: number;
  readonly type: DayType;
}

export interface Period {
  readonly month: string;
  readonly from: number;
  readonly to: number;
}

/** No zone is further from UTC by much more than half a day. */
const HALF = 43_200_000;

export class BillCalendar {
  readonly #days: LocalDays;
  readonly #settlementDay: number;
  readonly #holidays: ReadonlySet<string>;
  readonly #workdays: ReadonlySet<string>;

  constructor(
    days: LocalDays,
    settlementDay: number,
    { holidays, workdays }: Pick<EnergyConfig, 'holidays' | 'workdays'>,
  ) {
    this.#days = days;
    this.#settlementDay = settlementDay;
    this.#holidays = new Set(holidays);
    this.#workdays = new Set(workdays);
  }

  /** First instant of a local day. */
  startOf(date: string): number {
    const noon = Date.parse(`${date}T12:00:00Z`);
    const within = [noon, noon - HALF, noon + HALF].find((time) => this.date(time) === date);
    return this.#days.start(within ?? noon);
  }

  date(time: number): string {
    return this.#days.date(time).date;
  }

  /**
   * The settlement period of a month (`2027-03`): the one whose last day lies in it. With settlement day 26 that is from
   * 26 February to 25 March, with 1 the month itself.
   */
  period(month: string): Period {
    const day = this.#settlementDay;
    const end = day === 1 ? nextMonth(month, 1) : month;
    const at = (of: string) => this.startOf(`${of}-${String(day).padStart(2, '0')}`);
    return { month, from: at(nextMonth(end, -1)), to: at(end) };
  }

  /** A local day. */
  day(date: string): { readonly from: number; readonly to: number } {
    const from = this.startOf(date);
    return { from, to: this.#days.next(from) };
  }

  /** The month whose period holds `time`. */
  monthOf(time: number): string {
    const { date } = this.#days.date(time);
    const month = date.slice(0, 7);
    return this.#settlementDay > 1 && Number(date.slice(8)) >= this.#settlementDay
      ? nextMonth(month, 1)
      : month;
  }

  /** The local days that begin in `from` ≤ t < `to`. */
  days(from: number, to: number): readonly LocalDay[] {
    const days: LocalDay[] = [];
    for (let start = this.#days.start(from); start < to; start = this.#days.next(start)) {
      const { date, weekday } = this.#days.date(start);
      days.push({ date, start, end: this.#days.next(start), type: this.#typeOf(date, weekday) });
    }
    return days;
  }

  #typeOf(date: string, weekday: number): DayType {
    if (this.#holidays.has(date)) return 'holiday';
    if (this.#workdays.has(date)) return 'workday';
    return weekday === 0 || weekday === 6 ? 'weekend' : 'workday';
  }

  /** The instant at which clocks of a day show `minutes` after midnight. */
  at({ start, end }: LocalDay, minutes: number): number {
    return minutes === 1440 ? end : this.#days.at(start, minutes);
  }
}

function nextMonth(month: string, step: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + step, 1)).toISOString().slice(0, 7);
}

/** The version that holds on a day; undefined where none does. */
export function versionOn({ versions }: Pick<Tariff, 'versions'>, date: string): TariffVersion | undefined {
  const version = versions.findLast(({ from }) => from <= date);
  return version?.to !== undefined && version.to < date ? undefined : version;
}

/** The factor of a carrier on a day. Factors ascend by day. */
export function factorOn(
  factors: readonly EnergyFactor[],
  carrier: EnergyFactor['carrier'],
  date: string,
): EnergyFactor | undefined {
  return factors.findLast((one) => one.carrier === carrier && one.from <= date);
}

const WHOLE: readonly Band[] = [{ from: 0, to: 1440, rate: 'flat' }];

/** Times of use of a day. */
export function bandsOn({ schedules }: TariffVersion, { date, type }: LocalDay): readonly Band[] {
  if (schedules.length === 0) return WHOLE;
  return schedules.find((one) => holds(one, date.slice(5), type))?.bands ?? WHOLE;
}

function holds({ dates, days }: Schedule, date: string, type: DayType): boolean {
  if (!days.includes(type)) return false;
  if (dates.length === 0) return true;
  return dates.some(({ from, to }) => (from <= to ? date >= from && date <= to : date >= from || date <= to));
}
