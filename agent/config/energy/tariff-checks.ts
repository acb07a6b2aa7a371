/** Tariffs and factors: on every day exactly one, at every hour exactly one rate, each with its date. */
import { type Band, DAY_TYPES, type DayType, RATES, type Rate } from '../../core/energy/energy.ts';
import type { Say } from '../checks.ts';
import type { Path } from '../problem.ts';
import type { EnergyFile, ScheduleFile, TariffFile, VersionFile } from './schema.ts';
import { bandsOf, clock } from './values.ts';

const DAY = 86_400_000;

function next(day: string, step = 1): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + step * DAY).toISOString().slice(0, 10);
}

export function checkTariffs({ tariffs }: EnergyFile, say: Say): void {
  const taken = new Set<string>();
  tariffs.forEach((tariff, t) => {
    const at: Path = ['energy', 'tariffs', t];
    if (taken.has(tariff.id))
      say([...at, 'id'], `the id "${tariff.id}" is taken by another tariff`, 'write another id');
    taken.add(tariff.id);
    checkVersions(tariff, at, say);
    tariff.versions.forEach((version, v) => {
      checkVersion(tariff, version, [...at, 'versions', v], say);
    });
  });
}

/** Versions follow each other without a day in two of them or in none. */
function checkVersions({ versions }: TariffFile, at: Path, say: Say): void {
  const ordered = versions
    .map((version, v) => ({ ...version, v }))
    .sort((a, b) => a.from.localeCompare(b.from));
  ordered.forEach(({ from, to, v }, i) => {
    const place = [...at, 'versions', v];
    if (to !== undefined && to < from)
      say([...place, 'to'], `it ends before it begins, on ${to}`, `write to: "${from}"`);
    const before = ordered[i - 1];
    if (before === undefined) return;
    if (before.from === from || (before.to !== undefined && before.to >= from))
      say(
        [...place, 'from'],
        `it overlaps versions[${before.v}], which holds from ${before.from}${before.to === undefined ? '' : ` to ${before.to}`}`,
        before.from === from ? 'remove one of them' : `write to: "${next(from, -1)}" there`,
      );
    else if (before.to !== undefined && next(before.to) < from)
      say(
        [...place, 'from'],
        `no version holds from ${next(before.to)} to ${next(from, -1)}`,
        `write from: "${next(before.to)}", or remove to: of versions[${before.v}]`,
      );
  });
}

function checkVersion({ carrier }: TariffFile, version: VersionFile, at: Path, say: Say): void {
  const { price, prices, schedules } = version;
  if ((price === undefined) === (prices === undefined)) {
    say(
      [...at, 'price'],
      `a version has price: or prices:, got ${price === undefined ? 'neither' : 'both'}`,
      'write price: 0.62',
    );
    return;
  }
  if (carrier !== 'electricity')
    for (const key of ['demand', 'capacity', 'power_factor'] as const)
      if (version[key] !== undefined)
        say([...at, key], `${key} is of electricity, not of ${carrier}`, 'remove it');
  if (version.demand !== undefined && version.demand.window % (15 * 60_000) !== 0)
    say([...at, 'demand', 'window'], 'the window is a multiple of 15 min', 'write window: 15min');
  if (schedules === undefined) {
    const rates = RATES.filter((rate) => prices?.[rate] !== undefined);
    if (rates.length > 1 || (rates.length === 1 && rates[0] !== 'flat'))
      say(
        [...at, 'schedules'],
        'missing: prices by rate need times of use',
        'write schedules: [{ bands: { … } }]',
      );
    return;
  }
  const priced: Partial<Record<Rate, unknown>> = prices ?? { flat: price };
  schedules.forEach((schedule, s) => {
    const place = [...at, 'schedules', s];
    for (const rate of RATES)
      if (schedule.bands[rate] !== undefined && priced[rate] === undefined)
        say([...place, 'bands', rate], `the rate ${rate} has no price`, `write prices: { ${rate}: … }`);
    checkBands(schedule, place, say);
  });
  checkDays(schedules, at, say);
}

/** Every minute of the day has one rate. */
function checkBands({ bands }: ScheduleFile, at: Path, say: Say): void {
  const all: (Band & { readonly path: Path })[] = RATES.flatMap((rate) =>
    (bands[rate] ?? []).flatMap((span, i) =>
      bandsOf(rate, span).map((band) => ({ ...band, path: [...at, 'bands', rate, i] })),
    ),
  ).sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  let last: Band | undefined;
  for (const band of all) {
    if (band.from < end && last !== undefined)
      say(
        band.path,
        `${clock(band.from)}-${clock(band.to)} (${band.rate}) overlaps ${clock(last.from)}-${clock(last.to)} (${last.rate})`,
        'end one where the other begins',
      );
    else if (band.from > end) gap(at, end, band.from, say);
    if (band.to > end) {
      end = band.to;
      last = band;
    }
  }
  if (end < 1440) gap(at, end, 1440, say);
}

function gap(at: Path, from: number, to: number, say: Say): void {
  say(
    [...at, 'bands'],
    `no rate from ${clock(from)} to ${clock(to)}`,
    `write flat: ["${clock(from)}-${clock(to)}"], or the rate that holds`,
  );
}

/** Every day of the year has one schedule, whatever day it is. */
function checkDays(schedules: readonly ScheduleFile[], at: Path, say: Say): void {
  const told = new Set<string>();
  for (let time = Date.UTC(2028, 0, 1); time < Date.UTC(2029, 0, 1); time += DAY) {
    const date = new Date(time).toISOString().slice(5, 10);
    for (const type of DAY_TYPES) {
      const fit = schedules.flatMap((one, s) => (holdsOn(one, date, type) ? [s] : []));
      const key = `${type} ${fit.join(',')}`;
      if (fit.length === 1 || told.has(key)) continue;
      told.add(key);
      if (fit.length === 0)
        say([...at, 'schedules'], `no schedule for a ${type} on ${date}`, `add one with days: [${type}]`);
      else
        say(
          [...at, 'schedules', fit[1] ?? 0],
          `a ${type} on ${date} is in schedules[${fit[0]}] and in schedules[${fit[1]}]`,
          'part them by dates: or days:',
        );
    }
  }
}

function holdsOn({ dates, days }: ScheduleFile, date: string, type: DayType): boolean {
  if (days !== undefined && !days.includes(type)) return false;
  return dates === undefined || dates.some(({ from, to }) => inSeason(from, to, date));
}

/** Whether a day of the year lies between two, which may pass the end of the year. */
export function inSeason(from: string, to: string, date: string): boolean {
  return from <= to ? date >= from && date <= to : date >= from || date <= to;
}

/** One factor of a carrier on a day, and something in it. */
export function checkFactors({ factors }: EnergyFile, say: Say): void {
  const taken = new Map<string, number>();
  factors.forEach(({ carrier, from, kgce, kgco2 }, f) => {
    const at: Path = ['energy', 'factors', f];
    const first = taken.get(`${carrier} ${from}`);
    if (first !== undefined)
      say(
        [...at, 'from'],
        `factors[${first}] is of ${carrier} from ${from} too`,
        'write another day, or put both in one',
      );
    else taken.set(`${carrier} ${from}`, f);
    if (kgce === undefined && kgco2 === undefined)
      say([...at, 'kgce'], 'missing: expected kgce: or kgco2:', 'write kgce: 0.1229');
  });
}
