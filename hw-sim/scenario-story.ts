/** What a scenario tells of its street beside devices and faults: how fast it runs, its weather, its city. */
import * as z from 'zod';
import type { BoardTakeover } from './city/content-desk.ts';
import type { FleetScenario } from './fleet/in-street.ts';
import { durationSchema } from './scenario-values.ts';
import type { Storm } from './world/storm.ts';

const words = z.strictObject({ en: z.string().min(1).max(500), zh: z.string().min(1).max(500) });

/** In street time since the street opened. */
const storm = z
  .strictObject({
    at: durationSchema,
    peak: durationSchema,
    end: durationSchema,
    wind: z.number().min(0).max(60).default(22),
    rain: z.number().min(0).max(200).default(55),
    water: z.number().min(0).max(2000).default(420),
  })
  .refine(({ at, peak, end }) => at < peak && peak < end, {
    error: 'a storm begins (`at`) before its `peak`, and ends (`end`) after it',
  });

/** In street time since the street opened. */
const takeover = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/, 'expected small letters, digits and -, at most 40'),
  at: durationSchema,
  for: durationSchema,
  severity: z.enum(['info', 'warning', 'emergency']).default('warning'),
  title: words,
  text: words,
});

export const storyKeys = {
  /** How many times as fast as life it runs where nobody asks for another speed. */
  speed: z.number().min(1).max(3600).default(1),
  /** What the times of `faults` count in. */
  clock: z.enum(['real', 'street']).default('real'),
  storm: storm.optional(),
  /** The city takes the stop sign over, by a signed document. */
  takeovers: z.array(takeover).default([]),
  /** Other agents of the city at the same broker. */
  fleet: z
    .strictObject({
      agents: z.int().min(1).max(500).default(50),
      /** Readings a second of each. */
      rate: z.number().min(0.1).max(20).default(1),
      wrong_clocks: z.int().min(0).max(500).default(0),
    })
    .refine((one) => one.wrong_clocks <= one.agents, { error: 'more wrong clocks than agents' })
    .optional(),
};

export function stormOf(plan: z.output<typeof storm>, start: number): Storm {
  const { at, peak, end, ...rest } = plan;
  return { begin: start + at, peak: start + peak, end: start + end, ...rest };
}

export function takeoversOf(
  plans: readonly z.output<typeof takeover>[],
  start: number,
): readonly BoardTakeover[] {
  const both = ({ en, zh }: z.output<typeof words>) => ({ en, 'zh-CN': zh });
  return plans.map(({ id, severity, title, text, ...when }) => ({
    id,
    severity,
    title: both(title),
    text: both(text),
    from: start + when.at,
    until: start + when.at + when.for,
  }));
}

export function fleetOf(
  plan: { readonly agents: number; readonly rate: number; readonly wrong_clocks: number },
  seed: number,
): FleetScenario {
  const { agents, rate, wrong_clocks: wrongClocks } = plan;
  return { agents, rate, wrongClocks, seed };
}
