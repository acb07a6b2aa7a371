/**
 * A stretch of the drawn street with known truth, seen through the whole pipeline but the network: frames are drawn,
 * encoded, decoded, looked at, tracked and counted; time is what the frames say, so that it runs as fast as it can.
 */
import type { CameraConfig, Spot } from '../agent/core/camera.ts';
import type { Reading } from '../agent/core/reading.ts';
import type { Detector } from '../agent/vision/detector.ts';
import { Observer } from '../agent/vision/observer.ts';
import { decode, measure } from '../agent/vision/picture.ts';
import { Tally } from '../agent/vision/tally.ts';
import { lightAt } from '../hw-sim/camera/light.ts';
import type { Renderer, RenderOptions } from '../hw-sim/camera/renderer.ts';
import { HEIGHT, laneView, type SeenVehicle, WIDTH } from '../hw-sim/camera/scene.ts';
import { createWorld } from '../hw-sim/world/world.ts';

export interface StretchPlan {
  readonly name: string;
  readonly seed: number;
  /** Local hour of the day, 0…23. */
  readonly hour: number;
  readonly seconds: number;
  readonly rate: number;
  /** Factor on the traffic of the hour. */
  readonly density: number;
  readonly look: RenderOptions;
  /** The cycle lane holds two parking bays instead of cycles. */
  readonly bays: boolean;
  /** Second at which the agent is restarted; absent: it is not. */
  readonly restart?: number;
}

export interface StretchResult {
  readonly name: string;
  readonly frames: number;
  readonly passes: number;
  readonly counted: number;
  readonly misses: number;
  /** Counted without a pass that was not counted already. */
  readonly doubles: number;
  readonly wrongDirection: number;
  readonly wrongClass: number;
  readonly bayChanges: number;
  /** Bay changes that were told within a minute, and the longest time one took, s. */
  readonly bayFound: number;
  readonly baySlowest: number;
  /** Told bay changes that were none. */
  readonly bayFalse: number;
}

/** A counted pass and a true one belong together when they are no further apart, ms. */
const TOGETHER = 1200;
const MINUTE = 60_000;
const CLASSES = ['car', 'bus', 'truck', 'motorcycle', 'bicycle'] as const;

/** When cars stand in the two bays, parts of the stretch. */
const PARKED = [
  [[0.25, 0.65]],
  [
    [0, 0.4],
    [0.7, 1],
  ],
] as const;
/** Middles of the bays, metres from the middle of the picture. */
const BAY_AT = [-4.5, 4.5] as const;
const BAY_LANE = 2;

const bayPolygon = (middle: number): readonly Spot[] => {
  const { ground, scale } = laneView(BAY_LANE);
  const [left, right] = [-2.6, 2.6].map((metres) => (WIDTH / 2 + (middle + metres) * scale) / WIDTH);
  const [top, bottom] = [(ground - 110) / HEIGHT, (ground + 20) / HEIGHT];
  return [
    [left ?? 0, top],
    [right ?? 1, top],
    [right ?? 1, bottom],
    [left ?? 0, bottom],
  ];
};

const camera = (bays: boolean, rate: number): CameraConfig => ({
  id: 'bench',
  title: { en: 'Bench' },
  source: 'folder:/',
  rate,
  tasks: ['vehicles'],
  preview: false,
  every: 10_000,
  lines: [{ id: 'gate', title: { en: 'Gate' }, from: [0.5, 0], to: [0.5, 1], classes: CLASSES }],
  bays: bays
    ? BAY_AT.map((middle, i) => ({ id: `bay-${i}`, title: { en: `Bay ${i}` }, polygon: bayPolygon(middle) }))
    : [],
});

interface Pass {
  readonly time: number;
  readonly direction: 1 | -1;
  readonly class: string;
}

export async function playStretch(
  plan: StretchPlan,
  { detector, renderer }: { readonly detector: Detector; readonly renderer: Renderer },
): Promise<StretchResult> {
  const { seconds, rate, hour } = plan;
  const start = Date.UTC(2027, 2, 12, hour - 8);
  const place = { lat: 31.2, lon: 121.5 };
  const world = createWorld({ seed: plan.seed, place, utcOffset: 8, start, density: plan.density });
  const config = camera(plan.bays, rate);
  const observe = (tally: Tally, now: number) =>
    new Observer({ camera: config, detectors: { vehicles: detector }, now, tally });
  let observer = observe(Tally.empty(0), 0);
  const counted: Pass[] = [];
  const told: Reading[] = [];
  let seen = new Map<string, number>();
  let frames = 0;
  let close = config.every;
  let restarted = false;
  for (let time = 1000 / rate; time < seconds * 1000; time += 1000 / rate) {
    const wall = start + time;
    const street = world.trafficAt(wall);
    const vehicles: SeenVehicle[] = street.vehicles.filter(({ lane }) => !plan.bays || lane !== BAY_LANE);
    if (plan.bays) vehicles.push(...parked(time / (seconds * 1000)));
    // The lamp is on at night.
    const light = lightAt(world.sun(wall), world.sun(wall) < -0.83 ? 0.8 : 0);
    const bytes = await renderer.render({ vehicles, faces: [] }, light, wall, plan.look);
    const size = await measure(bytes);
    const pictures = { vehicles: await decode(bytes, size, detector.pack.input) };
    if (plan.restart !== undefined && !restarted && time >= plan.restart * 1000) {
      // What a restart keeps is what the file holds: numbers.
      observer = observe(new Tally(JSON.parse(JSON.stringify(observer.tally.state))), time);
      restarted = true;
    }
    const { news } = await observer.look({ frame: { bytes, time }, size, pictures });
    told.push(...news);
    frames += 1;
    const { counts } = observer.tally.state;
    for (const [point, count] of Object.entries(counts)) {
      const match = /^gate-(left|right)-(.+)$/.exec(point);
      for (let more = count - (seen.get(point) ?? 0); match !== null && more > 0; more--) {
        // From the top down, left of the line is the right of the picture.
        counted.push({ time, direction: match[1] === 'left' ? 1 : -1, class: match[2] ?? '' });
      }
    }
    seen = new Map(Object.entries(counts));
    if (time >= close) {
      observer.close(close);
      seen = new Map();
      close += config.every;
    }
  }
  const passes = world
    .passages(start, start + seconds * 1000)
    .filter(({ lane }) => !plan.bays || lane !== BAY_LANE)
    .map(({ time, direction, class: kind }) => ({ time: time - start, direction, class: kind as string }));
  return {
    name: plan.name,
    frames,
    ...compare(passes, counted, seconds * 1000),
    ...compareBays(plan.bays, told, seconds * 1000),
  };
}

function parked(part: number): SeenVehicle[] {
  return BAY_AT.flatMap((position, bay) => {
    const there = (PARKED[bay] ?? []).some(([from, to]) => part >= from && part < to);
    const vehicle = { id: `parked-${bay}`, class: 'car', lane: BAY_LANE, direction: 1, length: 4.5 } as const;
    return there ? [{ ...vehicle, position, colour: 0.2 + 0.5 * bay }] : [];
  });
}

function compare(passes: readonly Pass[], counted: readonly Pass[], end: number) {
  const open = new Set(passes);
  let [doubles, wrongDirection, wrongClass] = [0, 0, 0];
  for (const pass of counted) {
    const near = [...open]
      .filter((one) => Math.abs(one.time - pass.time) <= TOGETHER)
      .sort((a, b) => rank(a, pass) - rank(b, pass))[0];
    if (near === undefined) {
      doubles += 1;
      continue;
    }
    open.delete(near);
    if (near.direction !== pass.direction) wrongDirection += 1;
    if (near.class !== pass.class) wrongClass += 1;
  }
  // One that crosses with the first or the last frame was not seen on both sides.
  const misses = [...open].filter(({ time }) => time > 500 && time < end - 500).length;
  const out = open.size - misses;
  return {
    passes: passes.length - out,
    counted: counted.length,
    misses,
    doubles,
    wrongDirection,
    wrongClass,
  };
}

function rank(truth: Pass, pass: Pass): number {
  const apart = Math.abs(truth.time - pass.time);
  return apart + (truth.direction === pass.direction ? 0 : 10_000) + (truth.class === pass.class ? 0 : 300);
}

function compareBays(bays: boolean, told: readonly Reading[], end: number) {
  let [bayChanges, bayFound, baySlowest, bayFalse] = [0, 0, 0, 0];
  for (const [i, times] of (bays ? PARKED : []).entries()) {
    const changes = times
      .flatMap(([from, to]) => [
        { time: from * end, value: true },
        { time: to * end, value: false },
      ])
      // One at the very start is no change, one too late cannot be told any more.
      .filter(({ time }) => time > 0 && time < end - 20_000);
    // A state that is told again after a restart is no change.
    const own = told
      .filter(({ point, value }) => point === `bay-${i}-occupied` && value !== null)
      .filter(({ value }, at, all) => value !== all[at - 1]?.value);
    bayChanges += changes.length;
    const used = new Set<Reading>();
    for (const change of changes) {
      const found = own.find(
        (one) => !used.has(one) && one.value === change.value && one.time >= change.time,
      );
      if (found === undefined || found.time - change.time > MINUTE) continue;
      used.add(found);
      bayFound += 1;
      baySlowest = Math.max(baySlowest, Math.round((found.time - change.time) / 100) / 10);
    }
    // The first state is told too.
    bayFalse += Math.max(0, own.length - used.size - 1);
  }
  return { bayChanges, bayFound, baySlowest, bayFalse };
}

/** Sums of several stretches; `percent`: how far the count is from the truth. */
export function total(results: readonly StretchResult[]) {
  const sum = (of: (result: StretchResult) => number) => results.reduce((all, one) => all + of(one), 0);
  const [passes, counted] = [sum(({ passes }) => passes), sum(({ counted }) => counted)];
  return {
    stretches: results.length,
    passes,
    counted,
    percent: Math.round((Math.abs(counted - passes) / passes) * 1000) / 10,
    misses: sum(({ misses }) => misses),
    doubles: sum(({ doubles }) => doubles),
    wrong_direction: sum(({ wrongDirection }) => wrongDirection),
    wrong_class: sum(({ wrongClass }) => wrongClass),
    bay_changes: sum(({ bayChanges }) => bayChanges),
    bay_found: sum(({ bayFound }) => bayFound),
    bay_slowest_s: Math.max(...results.map(({ baySlowest }) => baySlowest)),
    bay_false: sum(({ bayFalse }) => bayFalse),
  };
}

const BAY_SECONDS = 100;

/** The twenty-four stretches of the day, one an hour. */
export function dayPlan(seconds: number, rate: number): readonly StretchPlan[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const rain = hour % 6 === 4 ? 0.8 : 0;
    const before = hour % 5 === 3 ? [430, 900] : [];
    const rush = hour === 8 || hour === 17;
    // In less time no car stays for long enough.
    const bays = seconds >= BAY_SECONDS && hour % 3 === 1;
    const kinds = [
      ...(hour < 6 || hour >= 19 ? ['night'] : ['day']),
      ...(rush ? ['dense'] : []),
      ...(hour < 5 ? ['sparse'] : []),
      ...(rain > 0 ? ['rain'] : []),
      ...(before.length > 0 ? ['occlusion'] : []),
      ...(bays ? ['bays'] : []),
    ];
    return {
      name: `${String(hour).padStart(2, '0')}:00 ${kinds.join(' ')}`,
      seed: 8170 + hour,
      hour,
      seconds,
      rate,
      density: rush ? 1.3 : 1,
      look: { rain, before },
      bays,
      ...(hour % 4 === 0 ? { restart: seconds / 2 } : {}),
    };
  });
}
