/** Shapes of the routes on findings and peak limit, see core/energy/diagnosis.ts and core/energy/peak-limit.ts. */
import { z } from 'zod';
import { CHECKS } from '../../core/energy/diagnosis.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });
const day = z.string().meta({ description: 'local day, 2027-03-15' });
const kw = z.number().nullable().meta({ description: 'kW; null: not known' });
const text = z.object({ en: z.string(), zh: z.string().optional() }).meta({ id: 'WordsOfFinding' });

export const finding = z
  .object({
    id: z.string(),
    check: z.enum(CHECKS),
    branch: z.string().meta({ description: 'id of the circuit' }),
    branchTitle: text,
    title: text,
    advice: text,
    severity: z.enum(['info', 'warning']),
    since: day,
    until: day,
    state: z.enum(['open', 'closed']),
    stake: z
      .number()
      .nullable()
      .meta({ description: 'at stake within 30 days, in unit; null: cannot be said' }),
    unit: z.string(),
    evidence: z.record(z.string(), z.union([z.number(), z.string()])),
    labels: z.record(z.string(), text).meta({ description: 'what the evidence is called' }),
  })
  .meta({ id: 'Finding', description: 'what is wrong with a branch, since when, and what to do' });

export const findings = z.object({ findings: z.array(finding) });

const action = z
  .object({
    load: z.string(),
    what: z.enum(['shed', 'restore']),
    why: z.enum(['demand', 'room', 'longest-time', 'limit-off']),
    at: time,
  })
  .meta({ id: 'ShedAction' });

const plan = z
  .object({
    from: time,
    to: time,
    limit: z.number(),
    measured: kw,
    planned: kw,
    measuredAbove: z.number().int().meta({ description: 'minutes whose window lay above the limit' }),
    plannedAbove: z.number().int(),
    actions: z.array(action),
    loads: z.record(z.string(), z.object({ minutes: z.number(), kwh: z.number() })),
    curve: z.array(z.object({ time, measured: kw, planned: kw })),
  })
  .meta({ id: 'ShedPlan', description: 'what the plan would have done with the power that was measured' });

export const peakLimit = z.object({
  armed: z.boolean(),
  limit: z.number(),
  demand: kw,
  forecast: kw,
  power: kw,
  shed: z.array(z.string()),
  recent: z.array(action),
  blocked: z.enum(['power-unknown']).optional(),
  dryRun: plan
    .nullable()
    .meta({ description: 'of the last hours asked for; null where no power was logged' }),
});

export const hoursQuery = z.object({
  hours: z.coerce.number().int().min(1).max(72).default(24).meta({ description: 'of the dry run' }),
});

export type ApiFindings = z.output<typeof findings>;
export type ApiPeakLimit = z.output<typeof peakLimit>;
