/** The part of the site schema that says how lamps are run: programmes, interlocks, who may command what. */
import * as z from 'zod';
import type { Moment } from '../../core/lighting/lighting.ts';
import { duration, flag, id, number, oneOf, scalar, text } from '../values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const UNITS: Readonly<Record<string, number>> = { s: SECOND, min: MINUTE, h: HOUR };

/** `22:00`, `dusk`, `dusk+30min`, `dawn-1h`. */
export function moment() {
  return scalar<Moment>({
    expected: 'a local time "22:30", or dusk or dawn, which may be moved: dusk+30min, dawn-1h',
    json: {
      type: 'string',
      pattern: '^(([01]?[0-9]|2[0-3]):[0-5][0-9]|(dusk|dawn)([+-][0-9]+(s|min|h))?)$',
      examples: ['22:30', 'dusk', 'dawn-1h'],
    },
    read: (raw) => {
      if (typeof raw !== 'string') return undefined;
      const time = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(raw);
      if (time !== null) return { kind: 'time', minutes: Number(time[1]) * 60 + Number(time[2]) };
      const sun = /^(dusk|dawn)(?:([+-])(\d{1,4})(s|min|h))?$/.exec(raw);
      if (sun === null) return undefined;
      const offset = Number(sun[3] ?? 0) * (UNITS[sun[4] ?? 's'] ?? 0) * (sun[2] === '-' ? -1 : 1);
      if (Math.abs(offset) > 12 * HOUR) return undefined;
      return { kind: sun[1] === 'dusk' ? 'dusk' : 'dawn', offset };
    },
    // YAML 1.1 readers make a number of 22:30; whoever writes a number means the hour.
    write: (raw) =>
      typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw < 24 ? `"${raw}:00"` : '"22:30"',
  });
}

function date(expected: string, pattern: RegExp, example: string) {
  return scalar<string>({
    expected,
    json: { type: 'string', pattern: pattern.source, examples: [example] },
    read: (raw) => {
      if (typeof raw !== 'string' || !pattern.test(raw)) return undefined;
      const full = raw.length === 5 ? `2028-${raw}` : raw;
      const parsed = new Date(`${full}T00:00:00Z`);
      return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== full ? undefined : raw;
    },
    write: () => `"${example}"`,
  });
}

const anyValue = scalar<number | boolean | string>({
  expected: 'a number, true, false or text',
  json: { type: ['number', 'boolean', 'string'], examples: [true] },
  read: (raw) =>
    ['number', 'boolean', 'string'].includes(typeof raw) ? (raw as number | boolean | string) : undefined,
  write: () => 'true',
});

const LUX = 1e6;
const level = number(0, 100, 100).describe('Level, %');
const step = z.strictObject({
  from: moment().describe('When it begins; it holds until the next one'),
  level,
});
const levels = z.array(step).min(1).max(48).describe('Levels of the night');

const point = { device: id('board'), point: id('sos') };
const conditionShape = {
  ...point,
  is: anyValue.optional().describe('Holds while the point has this value'),
  above: number(-1e12, 1e12, 30).optional().describe('Holds while it is above this'),
  below: number(-1e12, 1e12, 5).optional().describe('Holds while it is below this'),
};
/** Exactly one of is, above and below is checked in checks of the lighting, where a message can name the place. */
export const condition = z.strictObject(conditionShape).describe('A point and what it has to be');

const photocell = z.strictObject({
  device: id('board'),
  point: id('illuminance'),
  on: number(0, LUX, 15).prefault(15).describe('Dark at or below this, lux'),
  off: number(0, LUX, 25).prefault(25).describe('Light at or above this, lux; at least 1.3 times on'),
  dwell: duration(0, HOUR, '5min')
    .prefault('5min')
    .describe('So long it has to be dark or light before it counts'),
  window: z
    .tuple([number(-18, 20, -6), number(-18, 30, 6)])
    .prefault([-6, 6])
    .describe('Degrees of the sun between which the cell decides; below it is night, above it is day'),
});

const traffic = z.strictObject({
  device: id('camera-1'),
  point: id('vehicles-passed').describe('A count per interval'),
  window: duration(MINUTE, HOUR, '6min').prefault('6min').describe('Over which vehicles are counted'),
  steps: z
    .array(z.strictObject({ above: number(0, 1e5, 0).describe('More vehicles an hour than this'), level }))
    .min(2)
    .max(8)
    .describe('Levels by vehicles an hour, ascending, the first above 0'),
});

const boost = z.strictObject({
  title: text('a title', 'SOS'),
  when: condition,
  level: level.prefault(100),
  hold: duration(0, 12 * HOUR, '5min')
    .prefault('5min')
    .describe('How long it holds after the condition has ended'),
  always: flag().prefault(false).describe('true: also by day'),
});

export const programme = z
  .strictObject({
    id: id('street'),
    elevation: number(-18, 5, -2)
      .prefault(-2)
      .describe('It is night while the sun stands below this, degrees above the horizon'),
    min_burn: duration(0, 6 * HOUR, '15min')
      .prefault('15min')
      .describe('A shorter night is no night'),
    class: number(0, 100, 30).prefault(30).describe('Lowest level while lit, %: the class of the road'),
    fail_safe: number(1, 100, 100).prefault(100).describe('Level when clock and photocell are lost, %'),
    levels: levels.optional().describe('Levels of every night; absent: full light'),
    calendar: z
      .array(
        z.strictObject({
          days: z.array(oneOf(WEEKDAYS, 'fri')).min(1).optional().describe('By the date of the evening'),
          from: date('a day of the year "12-24"', /^\d\d-\d\d$/, '12-24')
            .optional()
            .describe('First evening, every year'),
          to: date('a day of the year "01-02"', /^\d\d-\d\d$/, '01-02')
            .optional()
            .describe('Last evening'),
          levels,
        }),
      )
      .max(64)
      .prefault([])
      .describe('The first entry that fits the evening counts'),
    exceptions: z
      .array(
        z.strictObject({
          title: text('a title', 'Spring Festival'),
          from: date('a date "2027-02-05"', /^\d{4}-\d\d-\d\d$/, '2027-02-05').describe('First evening'),
          to: date('a date "2027-02-12"', /^\d{4}-\d\d-\d\d$/, '2027-02-12').describe('Last evening'),
          levels,
        }),
      )
      .max(366)
      .prefault([])
      .describe('Evenings of certain dates, before the calendar'),
    photocell: photocell.optional().describe('A light sensor that decides around dusk and dawn'),
    traffic: traffic.optional().describe('Dims by the vehicles counted'),
    boosts: z
      .array(boost)
      .max(32)
      .prefault([])
      .describe('Full light while something holds: a help button, a bus that is due'),
    safety: z
      .array(z.strictObject({ title: text('a title', 'leakage'), ...conditionShape }))
      .max(32)
      .prefault([])
      .describe('The lamp is off while one of these holds'),
    maintenance: z
      .strictObject({ when: condition, level: level.prefault(100) })
      .optional()
      .describe('Light for whoever works at the pole'),
  })
  .describe('How lamps are run; what wins over what is in docs/lighting.md');

export const lamp = z.strictObject({
  id: id('lamp-1'),
  device: id('board'),
  point: id('lamp-level'),
  fallback: number(0, 100, 100)
    .optional()
    .describe('Level when nobody commands it and no programme runs it, %. Default 100'),
  programme: id('street').optional().describe('Programme that runs it'),
  override_for: duration(MINUTE, 7 * 24 * HOUR, '1h')
    .prefault('1h')
    .describe('How long a command without a lease holds against the programme'),
  power: z
    .strictObject({
      device: id('meter-lamp'),
      point: id('active-power').describe('Active power of this lamp alone, W or kW'),
      voltage: id('voltage').optional().describe('Of the same meter, ahead of the switch'),
      rated: number(1, 1e5, 120).describe('Power at full light, W'),
      settle: duration(SECOND, HOUR, '1min').prefault('1min').describe('Run-up of the lamp to full light'),
    })
    .optional()
    .describe('The meter that sees this lamp: failures and savings are told from it'),
});

export const interlock = z
  .strictObject({
    ...point,
    value: anyValue.optional().describe('Only this value is locked; absent: every write'),
    only_while: condition,
    reason: text('a sentence', 'the cabinet door is open')
      .optional()
      .describe('What whoever is refused is told'),
  })
  .describe('A write that is refused unless a condition holds');

export const right = z
  .strictObject({
    issuer: text('a pattern with * and ?', 'uplink:city*').describe(
      'Who may: uplink:<id>, console:<name>, flow:<name>, with * and ?',
    ),
    device: text('a pattern with * and ?', 'lamp-*').prefault('*'),
    point: text('a pattern with * and ?', '*').prefault('*'),
  })
  .describe('Whoever is not named here may not command; absent: everybody who may log in may');

export type ProgrammeFile = z.output<typeof programme>;
export type LampFile = z.output<typeof lamp>;
export type InterlockFile = z.output<typeof interlock>;
export type ConditionFile = z.output<typeof condition>;
