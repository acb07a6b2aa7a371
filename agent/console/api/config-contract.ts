/** Shapes of the routes of changes of the site file, see core/config-change.ts. Times are Unix epoch ms; `_s` is seconds. */
import { z } from 'zod';
import { count, text, time } from './contract.ts';

/** Largest text of a site file, bytes; in JSON it may take twice that. */
export const MOST_TEXT = 1024 * 1024;
export const MOST_CONFIG_BODY = 2 * MOST_TEXT + 16 * 1024;

const revision = z
  .string()
  .meta({ description: '16 hex digits: names the texts of site file and templates' });

const problem = z
  .object({
    file: z.string(),
    line: count,
    column: count,
    path: z.string().meta({ description: '`devices[2].baud`; empty for the file as a whole' }),
    message: z.string(),
    fix: z.string().optional(),
  })
  .meta({ id: 'ConfigProblem' });

const partChange = z
  .object({
    part: z.string().meta({ description: 'line, device, uplink, alarms …' }),
    id: z.string().optional(),
    change: z.enum(['added', 'removed', 'changed']),
  })
  .meta({ id: 'ConfigPartChange' });

export const configCheck = z
  .object({
    ok: z.boolean(),
    revision,
    running: revision,
    problems: z.array(problem),
    patch: z
      .string()
      .optional()
      .meta({ description: 'what differs from the text that runs, a unified diff' }),
    changes: z.array(partChange).optional(),
    budget: z
      .array(
        z.object({
          line: z.string(),
          before: z
            .number()
            .nullable()
            .optional()
            .meta({ description: '1 is all of the line; null: not known' }),
          after: z.number().nullable().optional(),
        }),
      )
      .optional()
      .meta({ description: 'airtime of each line' }),
    stops: z
      .array(z.object({ part: z.string(), for_s: z.number() }))
      .optional()
      .meta({
        description: 'what stands still and about how long; `agent`: everything restarts in its process',
      }),
    trials: z
      .array(
        z.object({
          device: z.string(),
          title: text,
          result: z.enum(['answered', 'partly', 'silent', 'untried']),
          message: z.string().optional(),
          fix: z.string().optional(),
          readings: z.array(
            z.object({
              point: z.string(),
              value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
              unit: z.string(),
            }),
          ),
        }),
      )
      .optional(),
  })
  .meta({ id: 'ConfigCheck' });

export const configChange = z
  .object({
    id: count,
    state: z.enum(['committed', 'watching', 'returning', 'kept', 'returned', 'superseded']),
    from: revision.optional(),
    to: revision,
    by: z
      .string()
      .meta({ description: '`console:<role>`, `api:<name>`, `uplink:<id>`, `file` (by hand), `agent`' }),
    name: z.string().optional(),
    why: z.string(),
    at: time,
    ended: time.optional(),
    changes: z.array(partChange),
    watch_s: z.number(),
    until: time.optional(),
    worse: z.array(z.string()).optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'ConfigChange' });

export const configChangeText = configChange
  .extend({ patch: z.string().optional().meta({ description: 'what it did to the text, a unified diff' }) })
  .meta({ id: 'ConfigChangeText' });

export const configState = z
  .object({
    now: time,
    file: z.string(),
    running: revision,
    good: revision.meta({ description: 'the last one that was kept' }),
    text: z.string(),
    watch_s: z.number(),
    open: configChange.optional(),
    wrong: z
      .object({ since: time, problems: z.array(problem) })
      .optional()
      .meta({ description: 'what is on the disk does not run' }),
  })
  .meta({ id: 'ConfigState' });

export const configHistory = z
  .object({ now: time, changes: z.array(configChange) })
  .meta({ id: 'ConfigHistory' });
export const changeParams = z.strictObject({ change: z.coerce.number().int().positive() });
export const revisionParams = z.strictObject({ revision: z.string().regex(/^[0-9a-f]{16}$/) });
export const revisionText = z.object({ revision, text: z.string() }).meta({ id: 'ConfigRevision' });

const whole = z.string().max(MOST_TEXT).meta({ description: 'the whole site file' });
export const checkBody = z
  .strictObject({
    text: whole,
    base: z.string().optional().meta({ description: 'revision it was edited from' }),
    try: z.boolean().optional().meta({ description: 'ask changed and added devices once, up to 20 s' }),
  })
  .meta({ id: 'ConfigProposal' });

const author = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'of the person; needed of a logged-in one' }),
  why: z.string().trim().min(1).max(500),
};
const how = {
  watch_s: z.number().min(10).max(86_400).optional(),
  anyway: z.boolean().optional().meta({ description: 'although a device did not answer' }),
  try: z.boolean().optional().meta({ description: 'default: yes' }),
};
export const applyBody = z
  .strictObject({ text: whole, base: z.string().optional(), ...author, ...how })
  .meta({ id: 'ConfigApply' });
export const returnBody = z.strictObject({ ...author, ...how }).meta({ id: 'ConfigReturn' });
export const endBody = z
  .strictObject({ how: z.enum(['keep', 'return']), ...author, why: z.string().trim().max(500).optional() })
  .meta({ id: 'ConfigEnd' });

export type ApiConfigState = z.infer<typeof configState>;
export type ApiConfigCheck = z.infer<typeof configCheck>;
export type ApiConfigChange = z.infer<typeof configChange>;
export type ApiConfigChangeText = z.infer<typeof configChangeText>;
export type ApiConfigHistory = z.infer<typeof configHistory>;
export type ApiConfigProblem = z.infer<typeof problem>;
