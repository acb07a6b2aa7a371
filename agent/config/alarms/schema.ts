/** The part of the site schema that is about alarms: which of the shipped ones, those of the site, help buttons, floods. */
import * as z from 'zod';
import { PRIORITIES } from '../../core/alarm/alarm.ts';
import type { Value } from '../../core/reading.ts';
import { EVENT_KINDS } from '../../core/record.ts';
import { unit } from '../device/profile.ts';
import { duration, flag, id, integer, number, oneOf, scalar, text, title } from '../values.ts';
import { SHIPPED_NAMES } from './shipped.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const anything = (example: number) => number(-1e12, 1e12, example);

const value = scalar<Value>({
  expected: 'a number, true, false or text',
  json: { type: ['number', 'boolean', 'string'], examples: [true] },
  read: (raw) => (['number', 'boolean', 'string'].includes(typeof raw) ? (raw as Value) : undefined),
  write: () => 'true',
});

const place = { device: id('board'), point: id('temperature') };

const limit = z
  .strictObject({
    ...place,
    unit: unit.optional().describe('Of the limits; default: that of the point'),
    hi: anything(55).optional().describe('It holds above this'),
    hihi: anything(70).optional().describe('One step more urgent; explains hi'),
    lo: anything(5).optional().describe('It holds below this'),
    lolo: anything(0).optional().describe('One step more urgent; explains lo'),
    deadband: number(0, 1e12, 2).prefault(0).describe('It is over only this much on the good side'),
  })
  .describe('A number beyond a limit');

const rate = z
  .strictObject({
    ...place,
    unit: unit.optional().describe('Of the changes; default: that of the point'),
    within: duration(SECOND, DAY, '10min').describe('The time in which it is looked at'),
    rise: number(1e-9, 1e12, 5).optional().describe('It holds where the value rose by more'),
    fall: number(1e-9, 1e12, 5).optional().describe('It holds where the value fell by more'),
    change: number(1e-9, 1e12, 5).optional().describe('Either way'),
  })
  .describe('A number that changes by more than this within a time');

const stale = z
  .strictObject({
    ...place,
    after: duration(SECOND, 30 * DAY, '10min').describe('So long nothing may be missing'),
  })
  .describe('No reading to be believed for longer than this');

const state = z
  .strictObject({
    ...place,
    is: value.optional().describe('This value'),
    not: value.optional().describe('Any value but this'),
  })
  .describe('A point that has a value, or any but that');

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const event = z
  .strictObject({
    kind: oneOf(EVENT_KINDS, 'store').describe('Kind of the event'),
    device: id('meter-1').optional(),
    where: facts.describe('What the body of the event that begins it has'),
    until: facts.optional().describe('What that of the event has that ends it; absent: a reset ends it'),
  })
  .describe('An event of the agent');

const part = z
  .strictObject({
    device: id('board').optional(),
    point: id('cabinet-door').optional(),
    is: value.optional().describe('The point has this value'),
    not: value.optional().describe('The point has any value but this'),
    above: anything(30).optional().describe('The point is above this'),
    below: anything(5).optional().describe('The point is below this'),
    alarm: id('cabinet-hot').optional().describe('Instead of a point: the condition of another alarm'),
  })
  .describe('One condition of several: a point with is, not, above or below; or alarm:');
const parts = z.array(part).min(1).max(16);

export const CONDITION_KINDS = ['limit', 'rate', 'stale', 'state', 'event', 'all', 'any', 'none'] as const;

export const alarm = z
  .strictObject({
    id: id('cabinet-hot'),
    title: title().optional(),
    device: id('board').optional().describe('What it is about; default: the device of its first point'),
    priority: oneOf(PRIORITIES, 'medium').prefault('medium').describe('How soon somebody has to act'),
    limit: limit.optional(),
    rate: rate.optional(),
    stale: stale.optional(),
    state: state.optional(),
    event: event.optional(),
    all: parts.optional().describe('All of these conditions'),
    any: parts.optional().describe('One of these at least'),
    none: parts.optional().describe('None of these'),
    delay: duration(0, DAY, '10s').prefault('0s').describe('How long it has to hold before it is an alarm'),
    clear_delay: duration(0, DAY, '10s').prefault('0s').describe('How long it has to be over'),
    latch: flag().prefault(false).describe('Stays until somebody resets it'),
    causes: z.array(id('mains-lost')).max(16).prefault([]).describe('Alarms that explain this one'),
    group: id('feeder').optional().describe('Alarms of a group say which came first'),
    remind: duration(5 * SECOND, DAY, '5min')
      .optional()
      .describe('Told again while nobody acknowledged it'),
    by: oneOf(['anyone', 'person'], 'person')
      .prefault('anyone')
      .describe('person: no flow and no rule of a platform acknowledges it'),
    shelve: duration(0, 30 * DAY, '8h')
      .prefault('8h')
      .describe('Longest time it can be shelved; 0s: never'),
    advice: title().optional().describe('What whoever gets it should do'),
    basis: text('a source', 'GB 14287.2-2014').optional().describe('Where its limits come from'),
  })
  .describe('An alarm: one kind of condition, and how it behaves');

const output = z.strictObject({
  device: id('io'),
  point: id('output-1'),
  on: value.prefault(true).describe('Value written while it stands'),
  off: value.prefault(false).describe('Value written when it is over'),
  acknowledged: value.optional().describe('What it shows once somebody has acknowledged; default: as on'),
  tested: flag().prefault(true).describe('false: left out of the self-test'),
});

const localTime = scalar<number>({
  expected: 'a local time such as "10:00"',
  json: { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', examples: ['10:00'] },
  read: (raw) => {
    const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(typeof raw === 'string' ? raw : '');
    return found === null ? undefined : Number(found[1]) * 60 + Number(found[2]);
  },
  write: () => '"10:00"',
});

const sos = z
  .strictObject({
    id: id('sos'),
    title: title().optional(),
    device: id('board'),
    point: id('sos-button'),
    pressed: value.prefault(true).describe('What the point shows while the button is pressed'),
    outputs: z.array(output).max(8).prefault([]).describe('Beacon, sounder: switched on at once'),
    remind: duration(10 * SECOND, 10 * MINUTE, '30s')
      .prefault('30s')
      .describe('Told again while nobody acknowledged it'),
    test: localTime.optional().describe('Time of the daily self-test; absent: none by itself'),
    test_for: duration(500, 10 * SECOND, '2s')
      .prefault('2s')
      .describe('How long outputs are on in the self-test'),
  })
  .describe('A help button: latches, is reminded of, and only a person acknowledges and cancels it');

export const alarms = z
  .strictObject({
    shipped: z
      .array(oneOf(SHIPPED_NAMES, 'cabinet-door'))
      .optional()
      .describe('Which of the shipped alarms; absent: all that fit the devices of the site. []: none'),
    without: z
      .array(id('board-cabinet-door'))
      .max(256)
      .prefault([])
      .describe('Shipped alarms left out, by id'),
    define: z
      .array(alarm)
      .max(512)
      .prefault([])
      .describe('Alarms of the site; one with the id of a shipped one takes its place'),
    sos: z.array(sos).max(8).prefault([]).describe('Help buttons with their beacons'),
    flood: z
      .strictObject({
        most: integer(2, 1000, 10).prefault(10).describe('So many alarms'),
        within: duration(10 * SECOND, HOUR, '10min')
          .prefault('10min')
          .describe('In this time'),
        every: duration(SECOND, 10 * MINUTE, '10s')
          .prefault('10s')
          .describe('In a flood, how often the rest is told'),
      })
      .prefault({})
      .describe('More alarms than this are a flood (ISA-18.2): those below high are told together then'),
  })
  .describe('Alarms; absent: none');

export type AlarmsFile = z.output<typeof alarms>;
export type AlarmFile = z.output<typeof alarm>;
export type AlarmPartFile = z.output<typeof part>;
export type SosFile = z.output<typeof sos>;
