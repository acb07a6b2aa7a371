/** Cameras and privacy in site.yaml. What has to fit together in a camera is in checks.ts. */
import * as z from 'zod';
import { PRIVACY_DEFAULTS, type Spot, VISION_BUDGET, ZONE_KINDS } from '../../core/camera.ts';
import { position } from '../place-schema.ts';
import { secret } from '../secret.ts';
import { duration, flag, id, integer, number, oneOf, scalar, text, title } from '../values.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

export const VEHICLE_CLASSES = ['car', 'bus', 'truck', 'motorcycle', 'bicycle', 'train'] as const;

const STREAMS = ['http:', 'https:', 'rtsp:', 'rtsps:'] as const;
const LOCAL = ['v4l2', 'clip', 'folder'] as const;

const source = scalar<string>({
  expected:
    'an address http(s)://… or rtsp(s)://… without user and password, v4l2:/dev/…, clip:file or folder:path',
  json: {
    type: 'string',
    pattern: '^(https?|rtsps?)://.+|^(v4l2|clip|folder):.+',
    examples: ['http://192.168.1.64/snapshot.jpg', 'rtsp://192.168.1.64/stream1', 'v4l2:/dev/video0'],
  },
  read: (raw) => {
    if (typeof raw !== 'string') return undefined;
    const local = /^([a-z0-9]+):(?!\/\/)(.+)$/.exec(raw);
    if (local !== null && LOCAL.some((name) => name === local[1])) return raw;
    if (!URL.canParse(raw)) return undefined;
    const parsed = new URL(raw);
    if (parsed.username !== '' || parsed.password !== '' || parsed.hostname === '') return undefined;
    return STREAMS.some((name) => name === parsed.protocol) ? raw : undefined;
  },
  write: (raw) => {
    if (typeof raw !== 'string') return 'http://192.168.1.64/snapshot.jpg';
    if (raw.startsWith('/dev/video')) return `v4l2:${raw}`;
    if (/^[./].*\.(mp4|mkv|avi|mov|gif)$/i.test(raw)) return `clip:${raw}`;
    const bare = raw.replace(/^([a-z]+:\/\/)[^@/]*@/i, '$1');
    return /^(https?|rtsps?):\/\/./i.test(bare) && URL.canParse(bare)
      ? bare
      : 'http://192.168.1.64/snapshot.jpg';
  },
});

const spot = scalar<Spot>({
  expected: 'a place in the picture [x, y], both from 0 to 1, from the left and from the top',
  json: {
    type: 'array',
    items: { type: 'number', minimum: 0, maximum: 1 },
    minItems: 2,
    maxItems: 2,
    examples: [[0.5, 0.8]],
  },
  read: (raw) => {
    if (!Array.isArray(raw) || raw.length !== 2) return undefined;
    const [x, y]: readonly unknown[] = raw;
    const inside = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
    return inside(x) && inside(y) ? [x, y] : undefined;
  },
  write: () => '[0.5, 0.8]',
});

/** Ids become part of point ids, which have 64 characters. */
const partId = (example: string) =>
  scalar<string>({
    expected: 'an id of 1 to 32 letters, digits, _ and -',
    json: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,32}$', examples: [example] },
    read: (raw) => (typeof raw === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(raw) ? raw : undefined),
    write: (raw) =>
      String(raw ?? '')
        .replace(/[^A-Za-z0-9_-]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 32) || example,
  });

const line = z.strictObject({
  id: partId('stop-line'),
  title: title().optional(),
  from: spot.describe('One end of the line in the picture'),
  to: spot.describe('The other end'),
  classes: z
    .array(oneOf(VEHICLE_CLASSES, 'car'))
    .prefault([])
    .describe('Classes that get counts of their own, besides all together'),
});

const zone = z.strictObject({
  id: partId('waiting'),
  title: title().optional(),
  polygon: z.array(spot).min(3).max(32).describe('Its corners in the picture'),
  counts: oneOf(ZONE_KINDS, 'vehicles')
    .prefault('vehicles')
    .describe('bus: whether a bus stands at the stop'),
  area: number(0.1, 100_000, 20).optional().describe('m²; with it the density is told'),
  capacity: integer(1, 10_000, 30).optional().describe('More than this many is an alarm'),
});

const lane = z.strictObject({
  id: partId('lane-1'),
  title: title().optional(),
  points: z
    .array(spot)
    .length(4)
    .describe('Corners of a rectangle on the road: start left, start right, end right, end left, as driven'),
  length: number(1, 500, 20).describe('From start to end, m'),
  width: number(0.5, 50, 3.5).prefault(3.5).describe('From left to right, m'),
});

const bay = z.strictObject({
  id: partId('bay-1'),
  title: title().optional(),
  polygon: z.array(spot).min(3).max(32).describe('Its corners in the picture'),
  charger: z
    .strictObject({
      device: id('charger'),
      point: id('power'),
      above: number(0, 1e6, 0.1)
        .prefault(0)
        .describe('It charges where the point is true or above this, in its unit'),
    })
    .optional()
    .describe('With it the bay tells when it is taken but not charging'),
});

const models = (what: string) =>
  z
    .strictObject({
      vehicles: id('nanodet').optional().describe('Model that counts vehicles'),
      faces: id('faceboxes').optional().describe('Model that counts faces'),
    })
    .describe(what);

export const camera = z.strictObject({
  id: id('camera-1'),
  title: title().optional(),
  source: source.describe(
    'JPEG snapshot or MJPEG over HTTP, RTSP, a V4L2 device, a clip or a folder of pictures; all but HTTP and folder need ffmpeg',
  ),
  username: text('a user name', 'viewer').optional(),
  password: secret(`\${env:CAMERA_PASSWORD}`)
    .optional()
    .describe('Basic or digest login, as the camera asks'),
  transport: oneOf(['tcp', 'udp'], 'tcp').optional().describe('Of RTSP. Default tcp'),
  rate: number(0.1, 30, 6).prefault(6).describe('Frames per second asked for'),
  tasks: z
    .array(oneOf(['vehicles', 'faces'], 'vehicles'))
    .min(1)
    .prefault(['vehicles', 'faces'])
    .describe('What it counts'),
  models: models(
    'Model that does a task: centernet (default), nanodet, faceboxes (default), or one added with `kerbside models add`',
  ).optional(),
  shadow: models(
    'Models that look at the same frames for comparison; nothing of theirs is counted',
  ).optional(),
  preview: flag().prefault(true).describe('false: nobody can ever see a picture of this camera'),
  every: duration(SECOND, HOUR, '10s').prefault('10s').describe('Interval of the counts'),
  position: position.optional(),
  lines: z.array(line).max(16).prefault([]).describe('Lines that vehicles are counted at, by direction'),
  zones: z.array(zone).max(32).prefault([]).describe('Areas in which those who are there are counted'),
  lanes: z.array(lane).max(16).prefault([]).describe('Stretches of known length, for speed and occupancy'),
  bays: z.array(bay).max(64).prefault([]).describe('Parking places, taken or free'),
  budget: z
    .strictObject({
      cpu: number(0.05, 4, VISION_BUDGET.cpu)
        .prefault(VISION_BUDGET.cpu)
        .describe('Cores that this camera may use on average'),
      temperature: number(40, 110, VISION_BUDGET.temperature)
        .prefault(VISION_BUDGET.temperature)
        .describe('°C of the processor from which frames become fewer'),
    })
    .optional()
    .describe('Beyond it frames become fewer, and counts uncertain below 6 frames a second'),
});

export const privacy = z.strictObject({
  operator: title().optional().describe("Who answers for the cameras; stands on the pole's label"),
  contact: text('a way to reach them', 'privacy@city.example')
    .optional()
    .describe('Of whoever answers for the pictures; stands on the label of the pole'),
  preview: flag()
    .prefault(PRIVACY_DEFAULTS.preview)
    .describe('false: no camera of this site can ever be looked at'),
  unblur: flag()
    .prefault(PRIVACY_DEFAULTS.unblur)
    .describe('true: an administrator can turn off the blur of faces for some minutes; it is audited'),
  hold_below: integer(0, 1000, 5)
    .prefault(PRIVACY_DEFAULTS.holdBelow)
    .describe('Counts of people and faces from 1 to below this are held back; 0: none are'),
  floor: duration(SECOND, HOUR, '10s').prefault('1s').describe('Shortest interval of the counts'),
});

export type CameraFile = z.output<typeof camera>;
export type PrivacyFile = z.output<typeof privacy>;
