/**
 * The shapes of the local API, version 1. Requests are checked against them, OpenAPI is made of them, the pages take
 * their types from them. Unknown properties of requests are refused; readers of answers must bear new ones.
 * Times are Unix epoch ms; `_s` is seconds.
 */
import { z } from 'zod';
import { REJECTIONS } from '../../core/command.ts';
import { ID_PATTERN } from '../../core/point.ts';
import { REASONS } from '../../core/reading.ts';
import { ROLES } from '../access/role.ts';
import { SCOPES } from '../access/scope.ts';

export const id = z.string().regex(ID_PATTERN);
export const time = z.number();
export const value = z.union([z.number(), z.boolean(), z.string().max(1024)]);
export const count = z.number().int();

export const text = z.object({ en: z.string(), zh: z.string().optional() }).meta({ id: 'Text' });
export const position = z
  .object({ lat: z.number(), lon: z.number(), datum: z.enum(['WGS84', 'GCJ02', 'CGCS2000']) })
  .meta({ id: 'Position' });

export const reading = z
  .object({
    device: z.string(),
    point: z.string(),
    value: value.nullable().meta({ description: 'null where quality is bad' }),
    unit: z.string().meta({ description: 'UCUM code' }),
    quality: z.enum(['good', 'uncertain', 'bad']),
    reason: z.enum(REASONS).optional(),
    time,
  })
  .meta({ id: 'Reading' });

export const pointRow = z
  .object({
    device: z.string(),
    point: z.string(),
    title: text,
    type: z.enum(['number', 'boolean', 'string']),
    unit: z.string().meta({ description: 'UCUM code' }),
    symbol: z.string().meta({ description: 'the unit as people read it' }),
    decimals: z.number().int().nullable(),
    range: z.tuple([z.number(), z.number()]).nullable(),
    access: z.enum(['read', 'write', 'read-write']),
    states: z.record(z.string(), text).nullable(),
    value: value.nullable(),
    quality: z
      .enum(['good', 'uncertain', 'bad'])
      .nullable()
      .meta({ description: 'null before the first reading' }),
    reason: z.enum(REASONS).nullable(),
    time: time.nullable(),
    age_s: z.number().nullable(),
    stale_after_s: z
      .number()
      .nullable()
      .meta({ description: 'age from which a reading is older than its plan' }),
  })
  .meta({ id: 'Point' });
export const points = z.object({ now: time, points: z.array(pointRow) }).meta({ id: 'Points' });

const level = z.number().nullable();
export const bucket = z
  .object({
    time: time.meta({ description: 'start of the bucket' }),
    count,
    min: z.number().nullable(),
    mean: z.number().nullable(),
    max: z.number().nullable(),
    last: z.number().nullable(),
    bad: count.optional().meta({ description: 'readings without a value' }),
    marked: count.optional().meta({ description: 'measured during maintenance or calibration: in no mean' }),
    revision: count.optional().meta({ description: 'how often it was changed after it had been closed' }),
    expected: count.optional().meta({ description: 'values there should be' }),
    share: z.number().optional().meta({ description: 'of the expected values that there is, 0 to 1' }),
    sufficient: z.boolean().optional().meta({ description: 'whether that is enough' }),
    clause: z.string().optional().meta({ description: 'what asks for it' }),
    noise: z
      .object({
        l10: level,
        l50: level,
        l90: level,
        ld: level.optional(),
        ln: level.optional(),
        ldn: level.optional(),
      })
      .optional()
      .meta({ description: 'of a sound level, dB; ld, ln and ldn of days' }),
    vector: z
      .object({ length: z.number(), steadiness: z.number().nullable() })
      .optional()
      .meta({ description: 'of a direction: the mean vector' }),
    durations_ms: z.record(z.string(), z.number()).optional().meta({ description: 'of a state' }),
  })
  .meta({ id: 'Bucket' });
export const history = z
  .object({ device: z.string(), point: z.string(), bucket_s: z.number(), buckets: z.array(bucket) })
  .meta({ id: 'History' });
/** Longest row of buckets one question may ask for. */
export const MOST_BUCKETS = 5000;
export const BUCKETS_S = [60, 900, 3600, 86_400] as const;
export const historyQuery = z.strictObject({
  device: id,
  point: id,
  from: z.coerce.number().int().min(0).max(1e14),
  to: z.coerce.number().int().min(0).max(1e14),
  bucket_s: z.enum(['60', '900', '3600', '86400']),
});

export const part = z
  .object({
    part: z.string(),
    state: z.enum(['ok', 'degraded', 'down', 'starting', 'off']),
    since: time,
    message: z.string().optional(),
    fix: z.string().optional(),
    facts: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  })
  .meta({ id: 'PartHealth' });
export const health = z.object({ now: time, parts: z.array(part) }).meta({ id: 'Health' });

export const ledger = z
  .object({
    uplink: z.string(),
    connected: z.boolean(),
    epoch: z.string(),
    stored: count,
    acknowledged: count,
    refused: count,
    dropped: count,
    backlog: count,
    omitted: count
      .optional()
      .meta({ description: 'of the acknowledged ones: left out by selection, and counted to the receiver' }),
    earlier: count.optional().meta({ description: 'of earlier epochs, not settled yet; in no other number' }),
    oldest: time
      .optional()
      .meta({ description: 'when the oldest record that waits was measured; absent: none waits for long' }),
    data: z
      .object({ bytes: count, forecast: count.nullable(), thinned: z.string() })
      .optional()
      .meta({ description: 'bytes on the wire this month, where a data budget is set' }),
    resent: count.meta({ description: 'sent again after a break; the receiver drops them by number' }),
    missing: count.meta({ description: 'stored − acknowledged − refused − dropped − backlog where above 0' }),
    doubled: count.meta({ description: 'the same where below 0: settled more than was stored' }),
    heads: z.record(z.string(), count),
    periods: z
      .record(
        z.string(),
        z.object({
          expected: count,
          sent: count,
          acknowledged: count,
          empty: count,
          waiting: count,
          dropped: count,
        }),
      )
      .optional()
      .meta({
        description:
          'by period (minute, hour, day), where the uplink reports periods; all numbers are reports then',
      }),
  })
  .meta({ id: 'Ledger' });
export const ledgers = z.object({ ledgers: z.array(ledger) }).meta({ id: 'Ledgers' });

const describedPoint = z.object({
  id: z.string(),
  title: text,
  type: z.enum(['number', 'boolean', 'string']),
  unit: z.string(),
  decimals: z.number().int().optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  access: z.enum(['read', 'write', 'read-write']),
  aggregation: z.string(),
  weight: z.string().optional(),
  lane: z.string(),
  states: z.record(z.string(), text).optional(),
});
export const description = z
  .object({
    device: z.string(),
    title: text,
    class: z.string(),
    brand: z.string(),
    model: z.string(),
    asset: z.string().optional(),
    position: position.optional(),
    points: z.array(describedPoint),
  })
  .meta({ id: 'Description' });
export const descriptions = z
  .object({ descriptions: z.array(z.object({ hash: z.string(), description })) })
  .meta({ id: 'Descriptions' });

const spot = z.tuple([z.number(), z.number()]).meta({ description: 'x y, 0…1 from the left and the top' });
const drawing = z
  .object({
    kind: z.enum(['line', 'zone', 'lane', 'bay']),
    id: z.string(),
    title: text,
    spots: z.array(spot),
  })
  .meta({ id: 'Drawing' });
const camera = z
  .object({
    id: z.string(),
    title: text,
    preview: z.boolean(),
    unblur: z.boolean().meta({ description: 'whether an administrator can turn off the blur of faces' }),
    drawings: z.array(drawing).meta({ description: 'what is counted where' }),
  })
  .meta({ id: 'Camera' });
export const newDrawing = z
  .strictObject({
    kind: z.enum(['line', 'zone', 'lane', 'bay']),
    id,
    spots: z
      .array(z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]))
      .min(2)
      .max(32)
      .meta({ description: 'a line has 2, a lane 4, a zone or bay 3 or more' }),
    counts: z.enum(['vehicles', 'faces']).optional().meta({ description: 'of a zone' }),
    length: z.number().positive().max(500).optional().meta({ description: 'of a lane, m' }),
    width: z.number().positive().max(50).optional().meta({ description: 'of a lane, m' }),
    name: z.string().trim().max(64).optional().meta({ description: 'of the person' }),
  })
  .meta({ id: 'NewDrawing' });
export const drawn = z
  .object({ change: count.meta({ description: 'of the history of the site file' }), state: z.string() })
  .meta({ id: 'Drawn' });
export const cameras = z.object({ cameras: z.array(camera) }).meta({ id: 'Cameras' });
export const viewingBody = z.strictObject({
  faces: z.enum(['blurred', 'shown']),
  reason: z
    .string()
    .trim()
    .min(3)
    .max(200)
    .optional()
    .meta({ description: 'needed where faces are shown; goes into the audit trail' }),
});
export const viewing = z
  .object({ camera: z.string(), faces: z.enum(['blurred', 'shown']), until: time })
  .meta({ id: 'Viewing' });
export const detections = z
  .object({
    camera: z.string(),
    time,
    width: z.number().int(),
    height: z.number().int(),
    detections: z.array(
      z.object({
        class: z.string(),
        score: z.number(),
        box: z
          .tuple([z.number(), z.number(), z.number(), z.number()])
          .meta({ description: 'x1 y1 x2 y2, pixels' }),
      }),
    ),
  })
  .meta({ id: 'Detections' });

export const site = z
  .object({
    id: z.string(),
    title: text,
    timezone: z.string(),
    position,
    agent: z.string(),
    now: time,
    rate: z.number().meta({ description: 'wall time per real time; 1 in the field' }),
    devices: z.array(
      z.object({ id: z.string(), title: text, class: z.string(), brand: z.string(), model: z.string() }),
    ),
    cameras: z.array(camera),
    lamps: z.array(z.object({ id: z.string(), device: z.string(), point: z.string() })),
    node_red: z.boolean(),
    has: z
      .object({
        alarms: z.boolean(),
        energy: z.boolean(),
        peak_limit: z.boolean(),
        sign: z.boolean(),
        screen: z.boolean(),
      })
      .meta({ description: 'parts of the site that not every site has' }),
  })
  .meta({ id: 'Site' });

/** Longest life of a command given here, seconds. */
export const LONGEST_LIFE_S = 3600;
export const commandBody = z
  .strictObject({
    id: id.meta({ description: 'chosen by the sender; the same id is never applied twice' }),
    device: id,
    point: id,
    value,
    expires_in_s: z.number().positive().max(LONGEST_LIFE_S).optional(),
    expires: time.optional(),
    lease_s: z
      .number()
      .positive()
      .max(7 * 86_400)
      .optional()
      .meta({ description: 'the local program takes over again after this' }),
  })
  .meta({ id: 'NewCommand', description: 'Exactly one of expires_in_s and expires is given.' });
export const commandResult = z
  .object({
    id: z.string(),
    state: z.enum(['accepted', 'done', 'rejected', 'expired', 'unknown']),
    readback: value.optional(),
    code: z.enum(REJECTIONS).optional(),
    reason: z.string().optional(),
    at: time,
  })
  .meta({ id: 'CommandResult' });
const command = z
  .object({
    id: z.string(),
    device: z.string(),
    point: z.string(),
    value,
    issuer: z.string(),
    issued: time,
    expires: time,
    lease_s: z.number().optional(),
  })
  .meta({ id: 'Command' });
export const commands = z
  .object({ commands: z.array(z.object({ command, result: commandResult })) })
  .meta({ id: 'Commands' });
export const commandsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).optional() });

const scopes = z.array(z.string()).meta({ description: 'what it is for; absent: all that the role may' });
export const session = z
  .object({
    kind: z.enum(['session', 'token']),
    name: z.string(),
    role: z.enum(ROLES),
    scopes: scopes.optional(),
    /** Of the person behind a session. */
    handle: z.string().optional().meta({ description: 'of the session, in the list of sessions' }),
  })
  .meta({ id: 'Session' });
export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    scopes: z.array(z.enum(SCOPES)),
    created: time,
  })
  .meta({ id: 'Token' });
export const tokens = z.object({ tokens: z.array(token) }).meta({ id: 'Tokens' });
export const tokenBody = z
  .strictObject({
    name: id,
    role: z.enum(ROLES),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .optional()
      .meta({ description: 'absent: those of the role' }),
  })
  .meta({ id: 'NewToken' });
export const newToken = z.object({ token, secret: z.string() }).meta({ id: 'IssuedToken' });
export const linkBody = z
  .strictObject({ role: z.enum(ROLES), person: id.optional().meta({ description: 'who it is for' }) })
  .meta({ id: 'NewLink' });
export const link = z
  .object({
    link: z.string(),
    code: z.string(),
    short: z.string().meta({ description: 'to be typed on another device, instead of the link' }),
    qr: z
      .array(z.string())
      .meta({ description: 'the link as QR code: rows of 0 and 1, with their quiet zone' }),
    expires: time,
  })
  .meta({ id: 'Link' });
export const loggedIn = z
  .object({
    key: z.string().meta({ description: 'second half of the session, for the header x-kerbside-key' }),
  })
  .meta({ id: 'LoggedIn' });
export const ticket = z.object({ url: z.string() }).meta({ id: 'Ticket' });
export const nothing = z.strictObject({});
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    fix: z.string().optional(),
    facts: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'what a text in another language fills in' }),
  })
  .meta({ id: 'Problem' });

export type PointRow = z.infer<typeof pointRow>;
export type ApiReading = z.infer<typeof reading>;
export type ApiLedger = z.infer<typeof ledger>;
export type ApiPart = z.infer<typeof part>;
export type ApiSite = z.infer<typeof site>;
export type ApiBucket = z.infer<typeof bucket>;
export type ApiCommands = z.infer<typeof commands>;
export type ApiCommandResult = z.infer<typeof commandResult>;
export type ApiDrawing = z.infer<typeof drawing>;
export type ApiNewDrawing = z.infer<typeof newDrawing>;
export type ApiDrawn = z.infer<typeof drawn>;
export type ApiDetections = z.infer<typeof detections>;
