/** From the checked part on lighting to the types of agent/core: levels, days and conditions as the controllers take them. */
import type { Condition } from '../../core/condition.ts';
import type { LightingProgramme, LightStep } from '../../core/lighting/lighting.ts';
import type { Interlock, LampConfig } from '../../core/site.ts';
import { definedOnly } from '../device/profile.ts';
import {
  type ConditionFile,
  type InterlockFile,
  type LampFile,
  type ProgrammeFile,
  WEEKDAYS,
} from './schema.ts';

export function lampOf({ override_for, ...lamp }: LampFile): LampConfig {
  const { power, ...rest } = lamp;
  return {
    ...definedOnly(rest),
    overrideFor: override_for,
    ...(power === undefined ? {} : { power: definedOnly(power) }),
  };
}

export function programmeOf(file: ProgrammeFile): LightingProgramme {
  const { min_burn, fail_safe, levels, calendar, exceptions, photocell, traffic, boosts, maintenance } = file;
  return {
    id: file.id,
    elevation: file.elevation,
    minBurn: min_burn,
    class: file.class,
    failSafe: fail_safe,
    levels: stepsOf(levels ?? []),
    calendar: calendar.map(({ days, levels: steps, from, to }) => ({
      ...definedOnly({ from, to }),
      ...(days === undefined ? {} : { days: days.map((day) => WEEKDAYS.indexOf(day)) }),
      levels: stepsOf(steps),
    })),
    exceptions: exceptions.map((exception) => ({ ...exception, levels: stepsOf(exception.levels) })),
    ...definedOnly({ photocell, traffic }),
    boosts: boosts.map((boost) => ({ ...boost, when: conditionOf(boost.when) })),
    safety: file.safety.map(({ title, ...rest }) => ({ ...conditionOf(rest), title })),
    ...(maintenance === undefined
      ? {}
      : { maintenance: { when: conditionOf(maintenance.when), level: maintenance.level } }),
  };
}

export function interlockOf(file: InterlockFile): Interlock {
  const { device, point, value, only_while, reason } = file;
  const onlyWhile = conditionOf(only_while);
  return {
    device,
    point,
    ...definedOnly({ value }),
    onlyWhile,
    reason: reason ?? `${onlyWhile.device} ${onlyWhile.point} does not allow it`,
  };
}

function stepsOf(steps: readonly LightStep[]): readonly LightStep[] {
  return steps.map(({ from, level }) => ({ from, level }));
}

function conditionOf({ device, point, is, above, below }: ConditionFile): Condition {
  return { device, point, ...definedOnly({ is, above, below }) };
}
