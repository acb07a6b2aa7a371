/** Shapes of the routes of tests on site and of the report of the commissioning, see core/acceptance.ts. */
import { z } from 'zod';
import { TEST_FACTS, TEST_FAULTS, TEST_KINDS, TEST_STATES } from '../../core/acceptance.ts';
import { REASONS } from '../../core/reading.ts';
import { count, position, text, value } from './contract.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });
const unit = z.string().meta({ description: 'UCUM code' });

const fact = z
  .object({
    what: z.enum(TEST_FACTS),
    of: z.string().optional(),
    value: value.nullable(),
    unit: unit.optional(),
  })
  .meta({ id: 'TestFact', description: 'what was seen' });

export const test = z
  .object({
    id: z.string(),
    kind: z.enum(TEST_KINDS),
    title: text,
    state: z.enum(TEST_STATES),
    begun: time.optional(),
    ended: time.optional(),
    by: z.string().optional(),
    name: z.string().optional(),
    facts: z.array(fact),
    fault: z.enum(TEST_FAULTS).optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'AcceptanceTest' });
export const tests = z.object({ now: time, tests: z.array(test) }).meta({ id: 'AcceptanceTests' });

export const testBody = z
  .strictObject({
    test: z.string().max(200),
    name: z.string().trim().min(1).max(64).optional().meta({ description: 'of the person' }),
  })
  .meta({ id: 'NewAcceptanceTest' });

const point = z
  .object({
    point: z.string(),
    title: text,
    unit,
    decimals: count.optional(),
    states: z.record(z.string(), text).optional(),
    value: value.nullable(),
    quality: z.enum(['good', 'uncertain', 'bad']).optional().meta({ description: 'absent: never read' }),
    reason: z.enum(REASONS).optional(),
    time: time.optional(),
  })
  .meta({ id: 'ReportPoint' });

const device = z
  .object({
    device: z.string(),
    title: text,
    brand: z.string(),
    model: z.string(),
    asset: z.string().optional(),
    line: z.string().optional(),
    address: z.union([z.number(), z.string()]).optional(),
    profile: z.string().optional(),
    hash: z.string(),
    points: z.array(point),
  })
  .meta({ id: 'ReportDevice' });

export const reportQuery = z.strictObject({ name: z.string().trim().min(1).max(64).optional() });
export const report = z
  .object({
    v: z.literal(1),
    site: z.object({ id: z.string(), title: text, timezone: z.string(), position }),
    agent: z.string(),
    made: time,
    by: z.string(),
    name: z.string().optional(),
    versions: z.object({
      kerbside: z.string(),
      node: z.string(),
      system: z.string(),
      models: z.array(z.string()),
    }),
    revision: z.string().optional().meta({ description: 'of the site file that runs' }),
    devices: z.array(device),
    uplinks: z.array(
      z.object({
        uplink: z.string(),
        connected: z.boolean(),
        stored: count,
        acknowledged: count,
        backlog: count,
      }),
    ),
    tests: z.array(test),
  })
  .meta({ id: 'CommissioningReport' });

export const pageQuery = reportQuery.extend({ lang: z.enum(['zh', 'en', 'both']).optional() });

export type ApiAcceptanceTest = z.infer<typeof test>;
