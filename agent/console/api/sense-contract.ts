/** Shapes of the routes by which people tell the agent of its devices, see core/mark.ts and core/sense.ts. */
import { z } from 'zod';
import { BREAK_KINDS } from '../../core/mark.ts';
import { ID_PATTERN } from '../../core/point.ts';
import { EXPLANATIONS } from '../../core/sense.ts';
import { id } from './contract.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });
const person = z.string().trim().min(1).max(100);
const note = z.string().max(500);
const serial = z.string().max(64);
const ratio = z.number().positive().max(1e6);

export const counterBreak = z
  .object({
    mark: z.literal('break'),
    id: z.string(),
    device: z.string(),
    point: z.string(),
    unit: z.string(),
    boot: z.string(),
    mono: z.number(),
    at: time,
    kind: z.enum(BREAK_KINDS),
    state: z.enum(['provisional', 'open', 'settled']),
    closing: z.number(),
    opening: z.number(),
    before: z.number(),
    after: z.number(),
    by: z.string().optional(),
  })
  .meta({
    id: 'CounterBreak',
    description: 'A counter went on at `opening` what it ended at `closing`; both as its readings are',
  });

const registers = z.record(
  z.string().regex(ID_PATTERN),
  z.strictObject({ closing: z.number(), opening: z.number() }),
);

export const meterExchange = z
  .object({
    mark: z.literal('exchange'),
    id: z.string(),
    device: z.string(),
    at: time,
    declared: time,
    by: z.string(),
    note: z.string().optional(),
    oldSerial: z.string().optional(),
    newSerial: z.string().optional(),
    ct: z.number().optional(),
    pt: z.number().optional(),
    registers: z.record(z.string(), z.object({ closing: z.number(), opening: z.number() })),
    found: z.array(z.string()),
    state: z.enum(['pending', 'done', 'withdrawn']),
  })
  .meta({ id: 'MeterExchange', description: 'Registers as the displays of the two meters showed them' });

export const exchangeBody = z
  .strictObject({
    at: time.optional(),
    by: person,
    note: note.optional(),
    oldSerial: serial.optional(),
    newSerial: serial.optional(),
    ct: ratio.optional(),
    pt: ratio.optional(),
    registers,
    force: z.boolean().optional(),
  })
  .meta({ id: 'NewMeterExchange' });

export const explainBody = z
  .strictObject({ point: id.optional(), as: z.enum(EXPLANATIONS), by: person })
  .meta({ id: 'NewExplanation' });
export const breaks = z.object({ breaks: z.array(counterBreak) }).meta({ id: 'CounterBreaks' });

export const meterTasks = z
  .object({ tasks: z.array(z.union([counterBreak, meterExchange])) })
  .meta({ id: 'MeterTasks' });

export const counters = z
  .object({
    counters: z.array(
      z.object({
        device: z.string(),
        point: z.string(),
        unit: z.string(),
        decimals: z.number().int().optional(),
        last: z.object({ value: z.number(), at: time }).optional(),
        jump: z.object({ id: z.string(), before: z.number(), after: z.number(), at: time }).optional(),
      }),
    ),
  })
  .meta({ id: 'Counters', description: 'Numbers as the displays show them, without ratios' });

export const maintenanceWindow = z
  .object({
    mark: z.literal('maintenance'),
    id: z.string(),
    device: z.string(),
    by: z.string(),
    why: z.string(),
    since: time,
    until: time,
    ended: time.optional(),
    endedBy: z.string().optional(),
  })
  .meta({ id: 'MaintenanceWindow' });
export const maintenanceWindows = z
  .object({ windows: z.array(maintenanceWindow) })
  .meta({ id: 'MaintenanceWindows' });
export const maintenanceBody = z
  .strictObject({
    by: person,
    why: z.string().trim().min(1).max(500),
    until: time.optional(),
    for_s: z
      .number()
      .positive()
      .max(30 * 86_400)
      .optional(),
  })
  .meta({ id: 'NewMaintenanceWindow', description: 'Exactly one of until and for_s is given.' });

const calibrationPoint = z.strictObject({ reference: z.number(), raw: z.number(), at: time });
export const correction = z
  .object({
    mark: z.literal('correction'),
    id: z.string(),
    device: z.string(),
    point: z.string().optional(),
    slope: z.number(),
    offset: z.number(),
    ct: z.number(),
    pt: z.number(),
    since: time,
    by: z.string(),
    note: z.string().optional(),
    calibration: z.array(calibrationPoint).optional(),
  })
  .meta({ id: 'Correction', description: 'value = raw × ct × pt × slope + offset' });
export const correctionBody = z
  .strictObject({
    point: id.optional(),
    slope: z.number().optional(),
    offset: z.number().optional(),
    ct: ratio.optional(),
    pt: ratio.optional(),
    by: person,
    note: note.optional(),
    calibration: z.array(calibrationPoint).max(10).optional(),
  })
  .meta({ id: 'NewCorrection' });
export const rawValue = z
  .object({ raw: z.number(), value: z.number(), unit: z.string(), at: time })
  .meta({ id: 'RawValue' });

export const marks = z
  .object({ marks: z.array(z.looseObject({ mark: z.string(), id: z.string(), device: z.string() })) })
  .meta({ id: 'Marks' });
export const marksQuery = z.strictObject({ device: id.optional() });
export const deviceParams = z.strictObject({ device: id });
export const idParams = z.strictObject({ id });
