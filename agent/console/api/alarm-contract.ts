/** Shapes of the routes of alarms, see core/alarm/alarm.ts. */
import { z } from 'zod';
import { ALARM_ACTS, ALARM_CHANGES, ALARM_STATES, PRIORITIES } from '../../core/alarm/alarm.ts';
import { id, text, value } from './contract.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });

const deed = z
  .object({
    by: z.string().meta({ description: 'issuer: console:<role>, flow:<name>, uplink:<id>' }),
    name: z.string().optional(),
    note: z.string().optional(),
    at: time,
  })
  .meta({ id: 'AlarmDeed' });

export const alarmStatus = z
  .object({
    mark: z.literal('alarm'),
    id: z.string(),
    alarm: z.string(),
    device: z.string(),
    priority: z.enum(PRIORITIES),
    state: z.enum(ALARM_STATES),
    active: z.boolean().meta({ description: 'whether its condition is met, delays included' }),
    count: z.number().int().meta({ description: 'how often it was raised, ever' }),
    raised: time.optional(),
    returned: time.optional(),
    point: z.string().optional(),
    value: value.nullable().optional().meta({ description: 'what raised it' }),
    unit: z.string().optional(),
    limit: z.number().optional(),
    uncertain: z.literal(true).optional().meta({ description: 'its condition cannot be judged now' }),
    acknowledged: deed.optional(),
    latched: z.literal(true).optional(),
    shelved: deed.extend({ until: time }).optional(),
    outOfService: deed.optional(),
    suppressedBy: z.string().optional(),
    suppresses: z.array(z.string()).optional(),
    firstOut: z.literal(true).optional(),
    chattering: z.number().int().optional(),
    reminded: z.number().int().optional(),
  })
  .meta({ id: 'AlarmStatus' });

export const alarmRow = z
  .object({
    title: text,
    advice: text.optional(),
    basis: z.string().optional(),
    group: z.string().optional(),
    acknowledged_by: z.enum(['anyone', 'person']),
    latching: z.boolean(),
    shelving_s: z.number().meta({ description: 'longest time it can be shelved; 0: never' }),
    button: z.boolean().meta({ description: 'a help button with a self-test' }),
    status: alarmStatus,
  })
  .meta({ id: 'Alarm' });

const count = z.number().int();
export const alarms = z
  .object({
    now: time,
    counts: z.object({
      standing: count,
      unacknowledged: count,
      shelved: count,
      suppressed: count,
      flood: z.boolean(),
      raised: count,
      told: count,
      held: count,
    }),
    alarms: z.array(alarmRow),
  })
  .meta({ id: 'Alarms' });

export const alarmsTold = z
  .object({
    told: z.array(z.object({ seq: count, time, change: z.enum(ALARM_CHANGES), status: alarmStatus })),
  })
  .meta({ id: 'AlarmsTold' });
export const toldQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).optional() });

export const alarmParams = z.strictObject({ alarm: id });
export const actBody = z
  .strictObject({
    act: z.enum(ALARM_ACTS),
    name: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'of the person; needed where somebody is logged in' }),
    note: z
      .string()
      .trim()
      .max(500)
      .optional()
      .meta({ description: 'the reason, where an alarm is shelved or put out of service' }),
    for_s: z
      .number()
      .positive()
      .max(30 * 86_400)
      .optional()
      .meta({ description: 'how long it is shelved' }),
  })
  .meta({ id: 'AlarmAct' });

export const sosParams = z.strictObject({ sos: id });
export const sosTest = z
  .object({
    mark: z.literal('sos-test'),
    id: z.string(),
    sos: z.string(),
    device: z.string(),
    at: time,
    ok: z.boolean(),
    failed: z.array(z.string()),
    by: z.string(),
  })
  .meta({ id: 'SosTest' });

export type ApiAlarms = z.infer<typeof alarms>;
export type ApiAlarm = z.infer<typeof alarmRow>;
export type ApiAlarmsTold = z.infer<typeof alarmsTold>;
export type ApiSosTest = z.infer<typeof sosTest>;
