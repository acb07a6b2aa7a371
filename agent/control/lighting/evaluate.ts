/**
 * The level of a lamp as a function of what is known now; the first rung that applies wins. Nothing is remembered and
 * nothing restored: after a boot at any hour the first evaluation gives what the lamp should show.
 *
 * 1 safety · 2 boost (SOS, incident, a bus that comes) · 3 override with an end · 4 maintenance · 5 exception of the
 * calendar · 6 traffic, which only raises · 7 calendar · 8 sun alone · 9 fail-safe where the clock is lost
 */
import type { LightingProgramme } from '../../core/lighting/lighting.ts';
import type { Night, Nights } from './night.ts';
import { nightBySun, planned } from './programme.ts';

export const RUNGS = [
  'safety',
  'boost',
  'override',
  'maintenance',
  'exception',
  'traffic',
  'calendar',
  'astro',
  'day',
  'photocell',
  'fail-safe',
] as const;
export type Rung = (typeof RUNGS)[number];

export interface LightInputs {
  /** Unix epoch ms, by the agent's clock. */
  readonly time: number;
  /** Whether `time` can be believed. */
  readonly trusted: boolean;
  /** Degrees above the horizon at `time`. */
  readonly elevation: number;
  /** What the photocell says; undefined: there is none, or it is ill. */
  readonly photocell: 'dark' | 'light' | undefined;
  /** Title of the safety condition that holds. */
  readonly safety: string | undefined;
  /** Boosts that hold. */
  readonly boosts: readonly { readonly title: string; readonly level: number; readonly always: boolean }[];
  readonly override: { readonly level: number; readonly issuer: string } | undefined;
  readonly maintenance: number | undefined;
  /** Level the traffic asks for; undefined: no rule. */
  readonly traffic: number | undefined;
}

export interface Decision {
  /** % */
  readonly level: number;
  readonly rung: Rung;
  /** Whether it is night for the lamp, whatever the level. */
  readonly lit: boolean;
  /** For people: title of the boost, issuer of the override … */
  readonly why?: string;
}

/** Pure: equal inputs give equal decisions. */
export function evaluate(
  programme: LightingProgramme,
  nights: Nights,
  night: Night,
  inputs: LightInputs,
): Decision {
  const lit = isNight(programme, night, inputs);
  if (inputs.safety !== undefined) return { level: 0, rung: 'safety', lit, why: inputs.safety };
  const base = local(programme, nights, night, inputs, lit);
  const boost = inputs.boosts
    .filter(({ always }) => lit || always)
    .reduce<LightInputs['boosts'][number] | undefined>(
      (best, one) => (best === undefined || one.level > best.level ? one : best),
      undefined,
    );
  const under = inputs.override?.level ?? inputs.maintenance ?? base.level;
  // A boost only raises: a lamp that people have set brighter stays so.
  if (boost !== undefined && boost.level > under) {
    return { level: boost.level, rung: 'boost', lit, why: boost.title };
  }
  if (inputs.override !== undefined) {
    return { level: inputs.override.level, rung: 'override', lit, why: inputs.override.issuer };
  }
  if (inputs.maintenance !== undefined) return { level: inputs.maintenance, rung: 'maintenance', lit };
  return { ...base, lit };
}

/** Night by the sun; in its window by the photocell; with a lost clock by the photocell alone, and night without one. */
function isNight(
  programme: LightingProgramme,
  night: Night,
  { time, trusted, elevation, photocell }: LightInputs,
): boolean {
  if (!trusted) return photocell !== 'light';
  const window = programme.photocell?.window;
  if (window === undefined || photocell === undefined) return nightBySun(programme, night, time);
  if (elevation < window[0]) return true;
  return elevation <= window[1] && photocell === 'dark';
}

function local(
  programme: LightingProgramme,
  nights: Nights,
  night: Night,
  inputs: LightInputs,
  lit: boolean,
): Pick<Decision, 'level' | 'rung' | 'why'> {
  // Without the time there is no programme: a photocell tells day from night, and night is bright.
  if (!inputs.trusted) {
    return {
      level: lit ? programme.failSafe : 0,
      rung: inputs.photocell === undefined ? 'fail-safe' : 'photocell',
    };
  }
  if (!lit) return { level: 0, rung: 'day' };
  const plan = planned(programme, nights, night, inputs.time);
  const level = Math.max(plan.level, programme.class);
  if (plan.from === 'exception') {
    return { level, rung: 'exception', ...(plan.title === undefined ? {} : { why: plan.title }) };
  }
  if (inputs.traffic !== undefined && inputs.traffic > level) {
    return { level: inputs.traffic, rung: 'traffic' };
  }
  return { level, rung: plan.from === 'astro' ? 'astro' : 'calendar' };
}
