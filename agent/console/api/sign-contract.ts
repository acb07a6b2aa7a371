/** Shapes of the routes of the stop sign, see core/sign/arrival.ts. */
import { z } from 'zod';
import {
  ARRIVAL_ORIGINS,
  ARRIVAL_STATES,
  LINE_STATES,
  PHASES,
  ROW_REASONS,
} from '../../core/sign/arrival.ts';
import { SCREEN_STATES } from '../../core/sign/screen.ts';
import { FEED_CONDITIONS, OCCUPANCIES } from '../../core/sign/transit.ts';

const time = z.number().meta({ description: 'Unix epoch ms' });
const seconds = z.number().meta({ description: 's' });
const translated = z
  .object({ text: z.string(), translations: z.record(z.string(), z.string()).optional() })
  .meta({ id: 'Translated', description: 'a text, and what it is called in other languages by BCP 47 tag' });
const direction = z.union([z.literal(0), z.literal(1)]).optional();

const source = z
  .object({
    source: z.string().meta({ description: 'id of the feed; timetable for the extract' }),
    origin: z.enum(ARRIVAL_ORIGINS),
    age: seconds.optional(),
    weight: z.number().meta({ description: 'its say in the minutes; all of a row are 1' }),
    expected: time.optional(),
    skill: z.number().optional().meta({ description: '% of its predictions that came true here' }),
  })
  .meta({ id: 'ArrivalSource' });

const explanation = z
  .object({
    sources: z.array(source),
    expected: time.optional(),
    early: time.optional(),
    late: time.optional(),
    margin: seconds.optional().meta({ description: 's taken off so that the bus is not missed' }),
    held: z.boolean().optional(),
    distance: z.number().optional().meta({ description: 'm to the stop along the line' }),
    delay: seconds.optional(),
    phase: z.enum(PHASES).optional(),
    because: z.array(z.enum(ROW_REASONS)),
  })
  .meta({ id: 'ArrivalExplanation', description: 'why the row says what it says' });

const row = z
  .object({
    key: z.string(),
    line: z.string(),
    direction,
    lineName: translated,
    terminus: translated,
    stop: z.string(),
    trip: z.string().optional(),
    vehicle: z.string().optional(),
    state: z.enum(ARRIVAL_STATES),
    minutes: z.number().int().optional(),
    due: time.optional(),
    approaching: z.boolean(),
    scheduled: time.optional(),
    stopsAway: z.number().int().optional(),
    age: seconds.optional(),
    headway: z.array(z.number()).length(2).optional().meta({ description: 'minutes, lower and upper' }),
    strip: z.array(z.string()).optional(),
    place: z.object({ after: z.number().int(), share: z.number() }).optional(),
    wheelchair: z.boolean().optional(),
    crowding: z.enum(OCCUPANCIES).optional(),
    first: z.boolean(),
    last: z.boolean(),
    why: explanation,
  })
  .meta({ id: 'ArrivalRow' });

const line = z
  .object({
    line: z.string(),
    direction,
    lineName: translated,
    terminus: translated,
    state: z.enum(LINE_STATES),
    first: time.optional(),
    last: time.optional(),
    lastSoon: z.boolean(),
    next: time.optional(),
  })
  .meta({ id: 'LineBoard' });

const feed = z
  .object({
    feed: z.string(),
    kind: z.string(),
    condition: z.enum(FEED_CONDITIONS),
    age: seconds.optional().meta({ description: 's since something new came in' }),
    reason: z.string().optional(),
    fix: z.string().optional(),
  })
  .meta({ id: 'FeedState' });

export const arrivals = z
  .object({
    at: time,
    clock: z.enum(['trusted', 'untrusted']),
    version: z.number().int(),
    rows: z.array(row),
    lines: z.array(line),
    sources: z.array(feed),
    offlineSince: time.optional(),
    timetable: z.enum(['valid', 'expired', 'missing']),
  })
  .meta({ id: 'ArrivalBoard' });

export const screen = z
  .object({
    state: z.enum(SCREEN_STATES),
    problems: z.array(z.string()).meta({ description: 'what was found wrong last' }),
    restarts: z.number().int(),
    unproven_s: z.number().int().meta({ description: 's since the start without proof of display' }),
    url: z.string(),
    palette: z.enum(['day', 'night']),
    brightness: z.number(),
    stop: z.string(),
    time: z.string().optional(),
    updated: z.string(),
    cover: z.string().optional(),
    headline: z.string().optional(),
    lines: z.array(
      z.object({
        id: z.string(),
        badge: z.string(),
        colour: z.string().optional(),
        to: z.string(),
        note: z.string().optional(),
        times: z.array(z.object({ state: z.string(), text: z.string() })),
        spoken: z.string(),
      }),
    ),
    notices: z.array(z.object({ id: z.string(), kind: z.string(), label: z.string(), text: z.string() })),
    media: z.array(z.string()),
  })
  .meta({ id: 'Screen' });

export type ApiScreen = z.infer<typeof screen>;
export type ApiArrivals = z.infer<typeof arrivals>;
