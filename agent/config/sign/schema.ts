/**
 * The part of the site schema that is about the electronic stop sign: which stop it stands at and whom it speaks to.
 * Where positions come from, what the screen looks like and what it plays are parts of their own beside this one.
 */
import * as z from 'zod';
import { type DailySpan, SIGN_LANGUAGES } from '../../core/sign/sign.ts';
import { duration, id, oneOf, scalar, text, title } from '../values.ts';
import { signFeed } from './feeds.ts';
import { outletKeys } from './outlets.ts';
import { screen } from './screen.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `22:00-06:30`, local time. */
export function dailySpan(example: string) {
  return scalar<DailySpan>({
    expected: 'two local times such as 22:00-06:30',
    json: {
      type: 'string',
      pattern: '^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d$',
      examples: [example],
    },
    read: (raw) => {
      const found = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(String(raw));
      if (found === null) return undefined;
      const [from = 0, to = 0] = [1, 3].map((at) => Number(found[at]) * 60 + Number(found[at + 1]));
      return from === to ? undefined : { from, to };
    },
    write: () => example,
  });
}

export const sign = z
  .strictObject({
    id: id('stop-0817').describe('The device that readings and events of the sign belong to'),
    title: title().optional().describe('Name of the stop; default: as the timetable calls it'),
    stops: z
      .array(text('the id of a stop in quotes', '"370303001"'))
      .min(1)
      .max(16)
      .describe('Ids of the stop in the timetable: one, or all platforms the sign speaks for'),
    extract: text('the path of a file', './stop.extract')
      .optional()
      .describe(
        'What kerbside sign import writes, relative to this file. Default: sign/extract in the state folder',
      ),
    languages: z
      .array(oneOf(SIGN_LANGUAGES, 'zh-CN'))
      .min(1)
      .max(SIGN_LANGUAGES.length)
      .prefault(['zh-CN', 'en'])
      .describe('The first is written large, the second beneath it'),
    quiet: dailySpan('22:00-06:30').optional().describe('Local times between which it does not speak'),
    due: duration(30_000, 15 * MINUTE, '3min')
      .prefault('3min')
      .describe('A bus nearer than this is due: lamps and flows may use it (point bus-due)'),
    horizon: duration(10 * MINUTE, 3 * HOUR, '60min')
      .prefault('60min')
      .describe('How far ahead buses are shown'),
    screen: screen.optional(),
    ...outletKeys,
    feeds: z
      .array(signFeed)
      .max(16)
      .prefault([])
      .describe('Where it hears of buses; absent: the timetable alone'),
  })
  .describe('The electronic stop sign of this agent; absent: it is none');

export type SignFile = z.output<typeof sign>;
