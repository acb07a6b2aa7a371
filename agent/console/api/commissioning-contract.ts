/** Shapes of the routes of commissioning, see core/commissioning.ts. */
import { z } from 'zod';
import { EVIDENCE } from '../../core/commissioning.ts';
import { REASONS } from '../../core/reading.ts';
import { count, id, text, value } from './contract.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });
const key = z.string().max(128).meta({ description: 'names a found device within its scan' });

const port = z
  .object({
    port: z.string().meta({ description: 'as it is written into a site file' }),
    kind: z.enum(['serial', 'tcp']),
    adapter: z.string().optional().meta({ description: 'what the adapter says of itself' }),
    line: z.string().optional().meta({ description: 'line of the site that has it' }),
    devices: count.optional(),
    use: z
      .enum(['free', 'shared', 'refused'])
      .meta({ description: 'shared: its line lends a scan its free time, polls go on' }),
    why: z.enum(['talks', 'not-asked', 'missing']).optional(),
  })
  .meta({ id: 'PortChoice' });
export const ports = z.object({ ports: z.array(port) }).meta({ id: 'PortChoices' });

const candidate = z
  .object({
    profile: z.string(),
    title: text,
    brand: z.string(),
    model: z.string(),
    by: z.enum(EVIDENCE).meta({ description: 'why it fits' }),
    points: count.optional().meta({ description: 'points that were read with a value' }),
    of: count,
  })
  .meta({ id: 'CandidateProfile' });

const trialValue = z
  .object({
    point: z.string(),
    title: text,
    unit: z.string().meta({ description: 'UCUM code' }),
    symbol: z.string(),
    decimals: count.nullable(),
    states: z.record(z.string(), text).nullable(),
    value: value.nullable(),
    quality: z.enum(['good', 'uncertain', 'bad']),
    reason: z.enum(REASONS).nullable(),
    time,
  })
  .meta({ id: 'TrialValue' });

const found = z
  .object({
    key,
    address: z.union([z.number(), z.string()]).optional(),
    setting: z.string(),
    candidates: z.array(candidate).meta({ description: 'best first' }),
    says: z.string().optional().meta({ description: 'what the device says of itself' }),
    known: z.string().optional().meta({ description: 'it is this device of the site' }),
    id: z.string().meta({ description: 'an id to offer, free in the site' }),
    profile: z.string().optional().meta({ description: 'read with this one now' }),
    values: z.array(trialValue),
    read: z.object({ good: count, of: count }).optional(),
    trouble: z.string().optional(),
  })
  .meta({ id: 'FoundDevice' });

export const scan = z
  .object({
    id: z.string(),
    port: z.string(),
    line: z.string().optional(),
    thorough: z.boolean(),
    phase: z.enum(['searching', 'ended', 'stopped', 'failed', 'saved']),
    by: z.string(),
    started: time,
    ended: time.optional(),
    setting: z.string().optional(),
    unit: count.optional(),
    step: count,
    steps: count,
    left_s: z.number().meta({ description: 'what the search still takes if nothing else answers' }),
    noise: z.array(z.string()).meta({ description: 'settings at which bytes came that are no answer' }),
    found: z.array(found),
    reading_until: time.optional(),
    error: z.object({ message: z.string(), fix: z.string().optional() }).optional(),
    saved: z.object({ change: count, line: z.string(), devices: z.array(z.string()) }).optional(),
  })
  .meta({ id: 'Scan' });
export const scans = z.object({ now: time, scans: z.array(scan) }).meta({ id: 'Scans' });

export const scanParams = z.strictObject({ scan: z.string().regex(/^[0-9a-f]{1,32}$/) });
export const scanBody = z
  .strictObject({
    port: z
      .string()
      .max(256)
      .regex(
        /^(\/[\w./:@+-]+|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?)$/,
        'a path of a port, or host:port',
      )
      .meta({ description: 'path of a serial port, or host:port of a Modbus TCP gateway' }),
    thorough: z.boolean().optional().meta({ description: 'every unit at every setting' }),
  })
  .meta({ id: 'NewScan' });
export const readBody = z
  .strictObject({ devices: z.array(z.strictObject({ key, profile: id })).max(64) })
  .meta({ id: 'TrialReading', description: 'an empty list ends the reading' });

export const saveBody = z
  .strictObject({
    line: id.optional().meta({ description: 'id of the new line, where the port has none' }),
    devices: z
      .array(
        z.strictObject({
          key,
          profile: id,
          id: z.string().max(128),
          title: z.strictObject({
            en: z.string().trim().min(1).max(120),
            zh: z.string().trim().min(1).max(120).optional(),
          }),
        }),
      )
      .min(1)
      .max(64),
    name: z.string().trim().min(1).max(64).optional().meta({ description: 'of the person' }),
    why: z.string().trim().max(500).optional(),
  })
  .meta({ id: 'AcceptedDevices' });

export const saveCheck = z
  .object({
    ok: z.boolean(),
    line: z.string(),
    problems: z.array(z.object({ key: key.optional(), message: z.string(), fix: z.string().optional() })),
    load: z
      .object({ before: z.number().optional(), after: z.number().optional() })
      .optional()
      .meta({ description: 'airtime of the line, 1 is all of it' }),
    yaml: z.string().meta({ description: 'the piece of the site file as it will stand' }),
  })
  .meta({ id: 'SaveCheck' });

export const savedDevices = z
  .object({
    scan,
    change: count.meta({ description: 'number of the change in the history of the site file' }),
  })
  .meta({ id: 'SavedDevices' });

export type ApiPortChoice = z.infer<typeof port>;
export type ApiScan = z.infer<typeof scan>;
export type ApiFoundDevice = z.infer<typeof found>;
export type ApiTrialValue = z.infer<typeof trialValue>;
export type ApiSaveCheck = z.infer<typeof saveCheck>;
export type ApiSave = z.infer<typeof saveBody>;
