/**
 * A made-up transit city: a grid of streets, six lines with two directions each, an evening, a night that goes on past
 * 24:00, a line by headway, a loop that comes by twice. The same for the same seed.
 */
import { chance, keyOf } from '../../world/random.ts';

export interface CityStop {
  readonly id: string;
  readonly name: string;
  readonly english: string;
  readonly lat: number;
  readonly lon: number;
  readonly station?: string;
}

export interface CityLine {
  readonly id: string;
  readonly name: string;
  readonly english: string;
  readonly colour: string;
}

/** A way of a line: stops in order, and the corners of the streets between them. */
export interface CityPattern {
  readonly id: string;
  readonly line: string;
  readonly direction: 0 | 1;
  readonly stops: readonly CityStop[];
  readonly shape: readonly { readonly lat: number; readonly lon: number }[];
  readonly headsign: string;
  readonly headsignEnglish: string;
}

export interface CityTrip {
  readonly id: string;
  readonly pattern: CityPattern;
  readonly service: 'weekday' | 'weekend' | 'daily';
  readonly block: string;
  /** Departure at each stop, s after the start of the service day. */
  readonly times: readonly number[];
  readonly wheelchair: boolean;
  /** s; the trip is one of a headway, and has no timetable. */
  readonly headway?: { readonly from: number; readonly to: number; readonly every: number };
}

export interface TransitCity {
  readonly seed: number;
  readonly timezone: string;
  readonly stops: readonly CityStop[];
  readonly lines: readonly CityLine[];
  readonly patterns: readonly CityPattern[];
  readonly trips: readonly CityTrip[];
  /** The stop that signs stand at: all lines call there, in direction 0 at its first platform. */
  readonly centre: { readonly station: string; readonly platforms: readonly [string, string] };
  readonly from: string;
  readonly to: string;
}

/** Zhangdian in Zibo, roughly. */
const ORIGIN = { lat: 36.81, lon: 118.05 };
const DEGREE = 111_320;
const SPACING = 450;
/** m/s between stops by the timetable, and s at each. */
const PACE = 7.5;
const DWELL = 20;

const NAMES: readonly (readonly [string, string])[] = [
  ['人民公园', 'Renmin Park'],
  ['火车站', 'Railway Station'],
  ['市立医院', 'City Hospital'],
  ['柳泉路', 'Liuquan Road'],
  ['共青团路', 'Gongqingtuan Road'],
  ['体育场', 'Stadium'],
  ['图书馆', 'Library'],
  ['东站', 'East Station'],
  ['西客站', 'West Terminal'],
  ['师范学院', 'Normal College'],
];

interface Place {
  readonly lat: number;
  readonly lon: number;
}

interface Plan {
  readonly line: CityLine;
  /** Stops before and behind the centre. */
  readonly before: number;
  readonly behind: number;
  /** Streets: whether it comes along the parallel or the meridian. */
  readonly axis: 'x' | 'y';
  readonly lane: number;
  readonly times: readonly {
    readonly from: number;
    readonly to: number;
    readonly every: number;
    readonly service: CityTrip['service'];
  }[];
  readonly byHeadway?: true;
  readonly loop?: true;
}

const H = 3600;

const PLANS: readonly Plan[] = [
  {
    line: { id: 'L7', name: '7路', english: '7', colour: '0055A4' },
    before: 11,
    behind: 9,
    axis: 'x',
    lane: 0,
    times: [
      { from: 5.5 * H, to: 22.5 * H, every: 600, service: 'weekday' },
      { from: 6 * H, to: 22 * H, every: 900, service: 'weekend' },
    ],
  },
  {
    line: { id: 'L15', name: '15路', english: '15', colour: 'C8102E' },
    before: 8,
    behind: 12,
    axis: 'y',
    lane: 0,
    times: [{ from: 6 * H, to: 21 * H, every: 720, service: 'daily' }],
  },
  {
    line: { id: 'L90', name: '90路', english: '90', colour: '007A33' },
    before: 14,
    behind: 4,
    axis: 'x',
    lane: 1,
    times: [{ from: 6.25 * H, to: 20.25 * H, every: 1200, service: 'daily' }],
  },
  {
    line: { id: 'N1', name: '夜1路', english: 'Night 1', colour: '4B0082' },
    before: 9,
    behind: 9,
    axis: 'y',
    lane: 1,
    // The last leaves at 26:20 of its service day.
    times: [{ from: 23 * H, to: 26.5 * H, every: 1800, service: 'daily' }],
  },
  {
    line: { id: 'K2', name: '快2路', english: 'Rapid 2', colour: 'FF8200' },
    before: 5,
    behind: 6,
    axis: 'x',
    lane: 2,
    times: [{ from: 6.5 * H, to: 21.5 * H, every: 480, service: 'daily' }],
    byHeadway: true,
  },
  {
    line: { id: 'H1', name: '环1路', english: 'Loop 1', colour: '00A3AD' },
    before: 2,
    behind: 10,
    axis: 'y',
    lane: 2,
    times: [{ from: 7 * H, to: 19 * H, every: 1800, service: 'weekday' }],
    loop: true,
  },
];

/** `from`, `to`: first and last day of service, `20270601`. `place`: where its centre lies. */
export function transitCity(seed: number, from: string, to: string, place: Place = ORIGIN): TransitCity {
  const stops = new Map<string, CityStop>();
  const station = 'C';
  const platforms = ['C1', 'C2'] as const;
  const centre = (direction: 0 | 1): CityStop => ({
    id: platforms[direction],
    name: '市民中心',
    english: 'Civic Centre',
    ...shifted(place, direction === 0 ? -6 : 6, direction === 0 ? -6 : 6),
    station,
  });
  const patterns: CityPattern[] = [];
  const trips: CityTrip[] = [];
  for (const plan of PLANS) {
    for (const direction of [0, 1] as const) {
      const pattern = patternOf(plan, direction, centre(direction), seed, place);
      patterns.push(pattern);
      for (const stop of pattern.stops) stops.set(stop.id, stop);
      trips.push(...tripsOf(plan, pattern, seed));
    }
  }
  return {
    seed,
    timezone: 'Asia/Shanghai',
    stops: [...stops.values()],
    lines: PLANS.map(({ line }) => line),
    patterns,
    trips,
    centre: { station, platforms },
    from,
    to,
  };
}

/** Metres east and north of the centre as degrees. */
function shifted({ lat, lon }: Place, x: number, y: number): Place {
  return { lat: lat + y / DEGREE, lon: lon + x / (DEGREE * Math.cos((lat * Math.PI) / 180)) };
}

function patternOf(plan: Plan, direction: 0 | 1, centre: CityStop, seed: number, place: Place): CityPattern {
  const { line, before, behind, axis, lane, loop } = plan;
  const reach: { readonly x: number; readonly y: number; readonly index: number }[] = [];
  for (let k = -before; k <= behind; k++) {
    const along = k * SPACING * (0.8 + 0.4 * chance(seed, keyOf(line.id), k));
    // Beside the centre all lines share its street; further out each has its own.
    const across = Math.abs(k) <= 1 ? 0 : (lane * 2 - 2) * SPACING * 0.5 * Math.sign(k);
    reach.push(axis === 'x' ? { x: along, y: across, index: k } : { x: across, y: along, index: k });
  }
  if (loop === true) reach.push({ x: 0, y: 0, index: 0 });
  if (direction === 1) reach.reverse();
  const side = direction === 0 ? -6 : 6;
  const stops = reach.map(({ x, y, index }, i): CityStop => {
    if (index === 0 && x === 0 && y === 0) return centre;
    const [name, english] = NAMES[(keyOf(line.id) + index * 7 + 70_000_000) % NAMES.length] ?? ['站', 'Stop'];
    return {
      id: `${line.id}-${direction}-${String(i).padStart(2, '0')}`,
      name: `${name}${index < 0 ? '北' : '南'}${Math.abs(index)}`,
      english: `${english} ${index < 0 ? 'N' : 'S'}${Math.abs(index)}`,
      ...shifted(place, x + side, y + side),
    };
  });
  const shape = stops.flatMap((stop, i) => {
    const next = stops[i + 1];
    if (next === undefined) return [stop];
    // Around the corner, not across the block.
    return [stop, axis === 'x' ? { lat: stop.lat, lon: next.lon } : { lat: next.lat, lon: stop.lon }];
  });
  const end = stops.at(-1);
  return {
    id: `${line.id}-${direction}`,
    line: line.id,
    direction,
    stops,
    shape: shape.map(({ lat, lon }) => ({ lat, lon })),
    headsign: end?.name ?? '',
    headsignEnglish: end?.english ?? '',
  };
}

function tripsOf(plan: Plan, pattern: CityPattern, seed: number): CityTrip[] {
  const steps = [0];
  for (let i = 1; i < pattern.stops.length; i++) {
    const [a, b] = [pattern.stops[i - 1], pattern.stops[i]];
    const metres = a === undefined || b === undefined ? 0 : span(a, b);
    steps.push((steps[i - 1] ?? 0) + Math.round(metres / PACE) + DWELL);
  }
  const trips: CityTrip[] = [];
  for (const { from, to, every, service } of plan.times) {
    const shift = pattern.direction === 0 ? 0 : Math.round(every / 2);
    if (plan.byHeadway === true) {
      trips.push({
        id: `${pattern.id}-${service}-h`,
        pattern,
        service,
        block: '',
        times: steps.map((step) => from + step),
        wheelchair: true,
        headway: { from: from + shift, to: to + shift, every },
      });
      continue;
    }
    // A bus runs to the end and back; so many blocks carry one headway.
    const blocks = Math.ceil((2 * (steps.at(-1) ?? 0) + 1200) / every);
    for (let n = 0; from + n * every <= to; n++) {
      const start = from + shift + n * every;
      trips.push({
        id: `${pattern.id}-${service}-${String(n).padStart(3, '0')}`,
        pattern,
        service,
        block: `${plan.line.id}-${service}-${n % blocks}`,
        times: steps.map((step) => start + step),
        wheelchair: chance(seed, keyOf(pattern.id), n) < 0.7,
      });
    }
  }
  return trips;
}

/** Metres along the streets between two stops. */
function span(a: CityStop, b: CityStop): number {
  const narrow = Math.cos((a.lat * Math.PI) / 180);
  return Math.abs(a.lat - b.lat) * DEGREE + Math.abs(a.lon - b.lon) * DEGREE * narrow;
}
