/** What the programme wants at a moment of the night, before anything that people, sensors or faults want. */
import type { LightingProgramme, LightStep, Moment } from '../../core/lighting/lighting.ts';
import type { Night, Nights } from './night.ts';

export interface Planned {
  readonly level: number;
  /** Which part of the file says so. */
  readonly from: 'exception' | 'calendar' | 'levels' | 'astro';
  readonly title?: string;
}

/** Whether the sun makes it night at `time`: below the elevation, in a night long enough to light lamps for. */
export function nightBySun(programme: LightingProgramme, night: Night, time: number): boolean {
  const { dark } = night;
  if (dark === undefined || dark.dawn - dark.dusk < programme.minBurn) return false;
  return time >= dark.dusk && time < dark.dawn;
}

/** The next moment after `time` at which this night begins, steps or ends, Unix epoch ms; undefined: none any more. */
export function nextStep(
  programme: LightingProgramme,
  nights: Nights,
  night: Night,
  time: number,
): number | undefined {
  const levels = listOf(programme, night)?.levels ?? [];
  const moments = [
    night.dark?.dusk,
    night.dark?.dawn,
    ...levels.map(({ from }) => instant(from, nights, night)),
  ];
  return moments
    .filter((moment) => moment !== undefined && moment > time)
    .reduce((first, moment) => (first === undefined || (moment ?? 0) < first ? moment : first), undefined);
}

/** Level of the night at `time`: exceptions before the calendar before the levels of every night. */
export function planned(programme: LightingProgramme, nights: Nights, night: Night, time: number): Planned {
  const list = listOf(programme, night);
  if (list === undefined) return { level: 100, from: 'astro' };
  const { levels, ...rest } = list;
  return { level: levelOf(levels, nights, night, time), ...rest };
}

/** The steps that count in this night, and which part of the file has them. */
function listOf(
  programme: LightingProgramme,
  night: Night,
): (Omit<Planned, 'level'> & { readonly levels: readonly LightStep[] }) | undefined {
  const exception = programme.exceptions.find(({ from, to }) => night.date >= from && night.date <= to);
  if (exception !== undefined) {
    const { title, levels } = exception;
    return { levels, from: 'exception', ...(title === undefined ? {} : { title }) };
  }
  const entry = programme.calendar.find(({ days, from, to }) => fits(night, days, from, to));
  if (entry !== undefined) return { levels: entry.levels, from: 'calendar' };
  return programme.levels.length === 0 ? undefined : { levels: programme.levels, from: 'levels' };
}

function fits(
  { date, weekday }: Night,
  days: readonly number[] | undefined,
  from: string | undefined,
  to: string | undefined,
): boolean {
  if (days !== undefined && !days.includes(weekday)) return false;
  if (from === undefined || to === undefined) return true;
  const day = date.slice(5);
  // A season may run over the turn of the year.
  return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

/** The last step begun; before the first begins, the last of all: a list may start at 23:00 and mean the evening too. */
function levelOf(steps: readonly LightStep[], nights: Nights, night: Night, time: number): number {
  const begun = steps
    .map(({ from, level }) => ({ at: instant(from, nights, night), level }))
    .filter(({ at }) => at !== undefined && at <= time)
    .sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  return (begun.at(-1) ?? steps.at(-1))?.level ?? 100;
}

/** Undefined: a dusk or dawn this night does not have. */
function instant(moment: Moment, nights: Nights, night: Night): number | undefined {
  if (moment.kind === 'time') return nights.moment(night, moment.minutes);
  const event = night.dark?.[moment.kind];
  return event === undefined ? undefined : event + moment.offset;
}
