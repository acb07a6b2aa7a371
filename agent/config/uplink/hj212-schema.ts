/** The part of a site file that is about an environment centre (HJ 212). */
import * as z from 'zod';
import { UNITS, type Unit } from '../../core/unit.ts';
import { secret } from '../secret.ts';
import { duration, flag, id, integer, number, oneOf, scalar, url } from '../values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const EDITIONS = ['2005', '2017', '2025'] as const;
const CRC = ['212', 'modbus', 'modbus-swapped', 'arc', 'off'] as const;
/** Interval of minute data (2017 Table 9, 1064), minutes. */
const INTERVALS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

/** A word that may look like a number to YAML. */
function word<const T extends string>(words: readonly T[], example: T) {
  return scalar<T>({
    expected: `one of ${words.join(', ')}`,
    json: { enum: words.flatMap((one) => (/^\d+$/.test(one) ? [one, Number(one)] : [one])) },
    read: (raw) => words.find((one) => one === String(raw)),
    write: () => example,
  });
}

/** Digits and letters that may look like a number to YAML, which would lose leading zeros: quotes keep them. */
function code(what: string, pattern: RegExp, example: string) {
  return scalar<string>({
    expected: what,
    json: { type: ['string', 'integer'], examples: [example] },
    read: (raw) =>
      typeof raw === 'number' || typeof raw === 'string' ? String(raw).match(pattern)?.[0] : undefined,
    write: () => `"${example}"`,
  });
}

const centre = url(['tcp:'], 'tcp://212.bureau.example:5000');
const place = { device: id('air-1'), point: id('pm2-5') };

export const hj212 = z.strictObject({
  url: centre.optional(),
  urls: z
    .array(centre)
    .min(1)
    .max(8)
    .optional()
    .describe(
      'Instead of url: the primary centre first; where one fails the next is used, and the first again later',
    ),
  edition: word(EDITIONS, '2025').describe('HJ/T 212-2005, HJ 212-2017 or HJ 212-2025'),
  mn: code('an MN of up to 24 letters and digits', /^[0-9A-Za-z_-]{1,24}$/, '010000A8900016F000169DC0')
    .optional()
    .describe('Number of this station. Absent (2025 only): the centre gives it'),
  password: secret(`\${env:HJ212_PASSWORD}`).optional().describe('PW, six characters'),
  st: code('a system code of two digits', /^\d{2}$/, '22')
    .prefault('22')
    .describe('22 ambient air, 23 noise, 39 construction dust, 21 surface water …'),
  crc: word(CRC, '212').prefault('212').describe('Check value: 212 is the norm’s own'),
  key: secret('file:./sm4.key')
    .optional()
    .describe('SM4 key of 16 characters: data fields are encrypted (2025). Absent: in clear'),
  points: z
    .array(
      z.strictObject({
        ...place,
        factor: code('a factor code', /^[0-9A-Za-z_]{1,20}$/, 'a34004').describe(
          'Factor code of the standard',
        ),
        unit: oneOf(Object.keys(UNITS) as Unit[], 'ug/m3')
          .optional()
          .describe('On the wire. Default: the factor’s'),
        decimals: integer(0, 6, 1).optional().describe('On the wire. Default: the factor’s'),
      }),
    )
    .min(1)
    .describe('What is reported, each with its factor'),
  real_time: duration(0, HOUR, '60s').prefault('60s').describe('Interval of real-time data (2011); 0s: none'),
  minute: scalar<number>({
    expected: `0min or one of ${INTERVALS.map((one) => `${one}min`).join(', ')}`,
    json: { enum: ['0min', ...INTERVALS.map((one) => `${one}min`)] },
    read: (raw) => [0, ...INTERVALS].find((one) => raw === `${one}min`),
    write: () => '10min',
  })
    .prefault('10min')
    .transform((minutes) => minutes * MINUTE)
    .describe('Interval of minute data (2051); 0min: none'),
  hour: flag().prefault(true).describe('Hour data (2061)'),
  day: flag().prefault(true).describe('Day data (2031)'),
  acknowledge: flag().prefault(true).describe('Reports ask for an answer (9014) and wait for it'),
  timeout: duration(SECOND, HOUR, '10s').prefault('10s').describe('Longest wait for an answer'),
  resends: integer(0, 99, 3).prefault(3).describe('How often a packet goes again'),
  heartbeat: duration(0, HOUR, '60s')
    .prefault('0s')
    .describe('Interval of heart-beats (9015, 2025); 0s: none'),
  flags: flag().optional().describe('Data marks in minute, hour and day data. Default: not in 2005'),
  valid_share: number(0, 1, 0.75).prefault(0.75).describe('Of its values a minute period must have'),
  valid_minutes: integer(1, 60, 45).prefault(45).describe('Minutes an hour must have (GB 3095-2026 Table 4)'),
  valid_hours: integer(1, 24, 20).prefault(20).describe('Hours a day must have (GB 3095-2026 Table 4)'),
  backlog_age: duration(HOUR, 730 * DAY, '30d')
    .prefault('30d')
    .describe('Older periods leave only where the centre asks for them'),
  clock: oneOf(['refuse', 'compare', 'untrusted'], 'refuse')
    .prefault('refuse')
    .describe(
      'A request to set the clock: refuse it, compare and report, or (untrusted) take it where nothing better is known',
    ),
  stopped: z
    .strictObject(place)
    .optional()
    .describe('Point that is true while the source stands still: its data are marked F'),
  actions: z
    .record(
      z.string().regex(/^3\d{3}$/),
      z.strictObject({
        ...place,
        value: z.union([z.number(), z.boolean(), z.string()]).describe('What is written'),
      }),
    )
    .prefault({})
    .describe('Writes that control commands (3011 …) become; others are refused'),
  in_flight: integer(1, 16, 4).prefault(4).describe('Reports on their way at once'),
  replay_rate: number(0, 1000, 0).prefault(0).describe('Reports of backlog per second; 0: no limit'),
});

export type Hj212File = z.output<typeof hj212>;
