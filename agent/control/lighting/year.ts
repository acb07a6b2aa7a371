/** A year of a programme, night by night, as `kerbside light plan` shows it: by sun and calendar alone. */

import type { LightingProgramme } from '../../core/lighting/lighting.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { evaluate } from './evaluate.ts';
import { type Night, Nights } from './night.ts';
import { type Place, sunElevation } from './sun.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Raster of the plan. */
export const RASTER = 5 * MINUTE;
/** A burn shorter than this is worth a remark, ms. */
const SHORT = 30 * MINUTE;

export interface PlannedNight {
  /** Of the evening. */
  readonly date: string;
  /** Unix epoch ms; undefined: the lamp stays off. */
  readonly on: number | undefined;
  readonly off: number | undefined;
  /** Hours lit, and the same reckoned as hours of full light. */
  readonly lit: number;
  readonly full: number;
  /** Level at each raster step from noon to noon. */
  readonly levels: readonly number[];
  readonly remark?: 'always-on' | 'no-night' | 'short-burn';
}

export interface PlannedYear {
  readonly nights: readonly PlannedNight[];
  /** Hours of the year. */
  readonly lit: number;
  readonly full: number;
}

/** Throws `RangeError` for an unknown time zone. `year`: that of the evenings. */
export function planYear(
  programme: LightingProgramme,
  place: Place,
  timezone: string,
  year: number,
): PlannedYear {
  const days = new LocalDays(timezone);
  const nights = new Nights(days, place, programme.elevation);
  const planned: PlannedNight[] = [];
  // From noon of the first day by UTC, which is that day in every zone from −12 to +12; the date decides.
  let night = nights.at(Date.UTC(year, 0, 1, 12) - 24 * HOUR);
  while (night.date < `${year}-01-01`) night = nights.at(night.to + HOUR);
  while (night.date <= `${year}-12-31`) {
    planned.push(planNight(programme, place, nights, night));
    night = nights.at(night.to + HOUR);
  }
  const sum = (of: (one: PlannedNight) => number) => planned.reduce((total, one) => total + of(one), 0);
  return { nights: planned, lit: sum(({ lit }) => lit), full: sum(({ full }) => full) };
}

/** The night that `time` (Unix epoch ms) belongs to, and its bounds. Throws `RangeError` for an unknown time zone. */
export function planTonight(
  programme: LightingProgramme,
  place: Place,
  timezone: string,
  time: number,
): PlannedNight & { readonly from: number; readonly to: number } {
  const nights = new Nights(new LocalDays(timezone), place, programme.elevation);
  const night = nights.at(time);
  return { ...planNight(programme, place, nights, night), from: night.from, to: night.to };
}

function planNight(programme: LightingProgramme, place: Place, nights: Nights, night: Night): PlannedNight {
  const levels: number[] = [];
  for (let time = night.from; time < night.to; time += RASTER) {
    const { level } = evaluate(programme, nights, night, {
      time,
      trusted: true,
      elevation: sunElevation(place, time),
      photocell: undefined,
      safety: undefined,
      boosts: [],
      override: undefined,
      maintenance: undefined,
      traffic: undefined,
    });
    levels.push(level);
  }
  const { dark } = night;
  const burns = dark !== undefined && dark.dawn - dark.dusk >= programme.minBurn;
  const lit = burns ? (dark.dawn - dark.dusk) / HOUR : 0;
  const whole = (night.to - night.from) / HOUR;
  return {
    date: night.date,
    on: burns ? dark.dusk : undefined,
    off: burns ? dark.dawn : undefined,
    lit,
    full: levels.reduce((total, level) => total + (level / 100) * (RASTER / HOUR), 0),
    levels,
    ...(!burns
      ? { remark: 'no-night' as const }
      : lit >= whole - 1 / 60
        ? { remark: 'always-on' as const }
        : lit * HOUR < SHORT
          ? { remark: 'short-burn' as const }
          : {}),
  };
}
