/** From the checked part on energy to the types of agent/core/energy/energy.ts. */
import { PULSE_PERIOD } from '../../core/contacts.ts';
import {
  DAY_TYPES,
  type EnergyConfig,
  type EnergyMeter,
  RATES,
  type Rate,
  type Schedule,
  type TariffVersion,
} from '../../core/energy/energy.ts';
import type { DeviceConfig } from '../../core/site.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { LocalTime } from '../../core/time/local-time.ts';
import { definedOnly } from '../device/profile.ts';
import type { EnergyFile, EnergyMeterFile, ScheduleFile, VersionFile } from './schema.ts';
import { bandsOf } from './values.ts';

/** Unix epoch ms of a local time. */
type At = (moment: { readonly day: string; readonly minutes: number }) => number;

export function energyOf(file: EnergyFile, devices: readonly DeviceConfig[], timezone: string): EnergyConfig {
  const local = new LocalTime(timezone);
  const days = new LocalDays(timezone);
  const at: At = ({ day, minutes }) =>
    days.at(local.dayStart(Date.parse(`${day}T00:00:00Z`) / 86_400_000), minutes);
  const titled = ({ id, title }: { readonly id: string; readonly title?: EnergyFile['title'] }) => ({
    id,
    title: title ?? { en: id },
  });
  const { degree_days, demand_limit } = file;
  return {
    ...titled(file),
    ...definedOnly({
      building: file.building,
      area: file.area,
      degreeDays: degree_days,
      demandLimit: demand_limit,
    }),
    codes: file.codes,
    moreCodes: file.more_codes,
    line: file.line,
    meters: file.meters.map((meter) => meterOf(meter, titled(meter), devices, at)),
    circuits: file.circuits.map(({ fed_by, heated_by, code, meter, tolerance, loss, ...rest }) => ({
      ...titled(rest),
      meter,
      ...definedOnly({ code, fedBy: fed_by, heatedBy: heated_by }),
      tolerance,
      loss,
    })),
    accounts: file.accounts.map((account) => ({
      ...titled(account),
      kind: account.kind,
      ...definedOnly({ area: account.area }),
      lines: account.lines,
    })),
    tariffs: file.tariffs.map((tariff) => ({
      ...titled(tariff),
      carrier: tariff.carrier,
      versions: tariff.versions.map(versionOf).sort((a, b) => a.from.localeCompare(b.from)),
    })),
    factors: file.factors.map((factor) => definedOnly(factor)).sort((a, b) => a.from.localeCompare(b.from)),
    holidays: file.holidays.flat(),
    workdays: file.workdays.flat(),
  };
}

function meterOf(
  { carrier, device, point, plus, minus, ratios, power, reactive, rated }: EnergyMeterFile,
  titled: Pick<EnergyMeter, 'id' | 'title'>,
  devices: readonly DeviceConfig[],
  at: At,
): EnergyMeter {
  if (device === undefined || point === undefined)
    return { kind: 'virtual', ...titled, carrier, plus: plus ?? [], minus: minus ?? [] };
  const owner = devices.find(({ id }) => id === device);
  const found = owner?.profile.points.find(({ id }) => id === point);
  const pulses = owner?.contacts?.pulses.some(({ id }) => id === point) === true;
  return {
    kind: 'register',
    ...titled,
    carrier,
    device,
    point,
    unit: found?.unit ?? 'kW.h',
    every: pulses ? PULSE_PERIOD : (owner?.every ?? found?.every ?? owner?.profile.every ?? 900_000),
    ratios: (ratios ?? []).map(({ from, ct = 1, pt = 1, register }) => ({
      from: at(from),
      ct,
      pt,
      ...definedOnly({ register }),
    })),
    ...definedOnly({ power, rated }),
    reactive: reactive ?? [],
  };
}

function versionOf(file: VersionFile): TariffVersion {
  const { from, to, price, prices, schedules = [], surcharge, fixed, demand, capacity, power_factor } = file;
  const all: Partial<Record<Rate, string | undefined>> = prices ?? { flat: price };
  return {
    from,
    ...definedOnly({ to, surcharge, fixed, capacity, powerFactor: power_factor }),
    prices: definedOnly(all),
    schedules: schedules.map(scheduleOf),
    ...(demand === undefined ? {} : { demand: definedOnly(demand) }),
  };
}

function scheduleOf({ dates, days, bands }: ScheduleFile): Schedule {
  return {
    dates: dates ?? [],
    days: days ?? DAY_TYPES,
    bands: RATES.flatMap((rate) => (bands[rate] ?? []).flatMap((span) => bandsOf(rate, span))).sort(
      (a, b) => a.from - b.from,
    ),
  };
}
