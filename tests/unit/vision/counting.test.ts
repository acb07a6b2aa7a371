/** Zones, lanes and bays on drawn-up tracks: what is counted, and when it is told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CameraConfig, Spot } from '../../../agent/core/camera.ts';
import { silent } from '../../../agent/core/log.ts';
import { bad, good, type Reading } from '../../../agent/core/reading.ts';
import type { Detection } from '../../../agent/core/view.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { watchBays } from '../../../agent/vision/bay-charging.ts';
import { Counting } from '../../../agent/vision/counting.ts';
import { cameraDescription, cameraPoints } from '../../../agent/vision/description.ts';
import { FacesPassed } from '../../../agent/vision/faces-passed.ts';
import { homography } from '../../../agent/vision/homography.ts';
import { Tally } from '../../../agent/vision/tally.ts';
import { Tracker } from '../../../agent/vision/tracker.ts';
import { withhold } from '../../../agent/vision/withhold.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FRAME = { width: 1000, height: 1000 };
const BASE: CameraConfig = {
  id: 'cam-1',
  title: { en: 'Street' },
  source: 'http://127.0.0.1:1/',
  rate: 6,
  tasks: ['vehicles', 'faces'],
  preview: false,
  every: 10_000,
};
const title = { en: 'Zone', zh: '区域' };
const LEFT: readonly Spot[] = [
  [0, 0],
  [0.5, 0],
  [0.5, 1],
  [0, 1],
];

/** A box whose foot is at x, y. */
const at = (x: number, y: number, size = 100, name = 'car', score = 0.6): Detection => ({
  class: name,
  score,
  box: [x - size / 2, y - size, x + size / 2, y],
});

/** Frames of one camera at six a second, each given by a function of its time in s. */
function play(
  camera: Partial<CameraConfig>,
  seconds: number,
  frames: (s: number) => { vehicles?: Detection[]; people?: Detection[] },
  from = 0,
) {
  const tally = Tally.empty(from);
  const counting = new Counting({ ...BASE, ...camera }, tally);
  const [vehicles, people] = [new Tracker(), new Tracker({ life: 1000, longLife: 3000 })];
  const news: Reading[] = [];
  let time = from;
  for (let i = 0; i < seconds * 6; i++) {
    time = from + (i * 1000) / 6;
    const shown = frames((time - from) / 1000);
    tally.frame();
    news.push(
      ...counting.update(
        {
          vehicles: vehicles.update(shown.vehicles ?? [], time),
          people: people.update(shown.people ?? [], time),
        },
        FRAME,
        time,
      ),
    );
  }
  const end = from + seconds * 1000;
  const states = Object.fromEntries(counting.states(end).map((reading) => [reading.point, reading]));
  return { tally, counting, news, states, end };
}

describe('a line', () => {
  test('counts by direction and class, and names its points', () => {
    const lines = [{ id: 'gate', title, from: [0.5, 0], to: [0.5, 1], classes: ['bus'] }] as const;
    const { tally } = play({ lines }, 4, (s) => ({
      vehicles: [at(300 + 120 * s, 300), at(700 - 120 * s, 800, 200, 'bus')],
    }));
    // Seen from the top down, left of the line is the right of the picture.
    expect(tally.state.counts).toEqual({ 'gate-left': 1, 'gate-right': 1, 'gate-right-bus': 1 });
    const ids = cameraPoints({ ...BASE, lines }).map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining(['gate-left', 'gate-left-bus', 'gate-right', 'gate-right-bus']),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a zone', () => {
  const zone = { id: 'plaza', title, polygon: LEFT, counts: 'people', area: 20, capacity: 3 } as const;
  const crowd = (count: number) =>
    Array.from({ length: count }, (_, i) => at(60 + i * 90, 500, 60, 'person'));

  test('tells how many, how dense, who stands', () => {
    const { states } = play({ zones: [zone] }, 6, () => ({
      people: [...crowd(2), at(900, 500, 60, 'person')],
    }));
    expect(states['plaza-occupancy']).toMatchObject({ value: 2, quality: 'good' });
    expect(states['plaza-density']).toMatchObject({ value: 0.1, unit: '/m2' });
    expect(states['plaza-queue']).toMatchObject({ value: 2 });
    expect(states['plaza-crowded']).toMatchObject({ value: false });
    // Nobody has left yet.
    expect(states['plaza-dwell']).toMatchObject({ value: null, quality: 'bad', reason: 'not-available' });
  });

  test('tells how long somebody stayed', () => {
    const { states } = play({ zones: [zone] }, 12, (s) => ({ people: s < 8 ? crowd(1) : [] }));
    expect(states['plaza-dwell']?.value).toBeGreaterThan(7.5);
    expect(states['plaza-dwell']?.value).toBeLessThan(8.5);
  });

  test('rings at once when it is too full, and not at every one that comes and goes', () => {
    const { news } = play({ zones: [zone] }, 60, (s) => ({
      people: crowd(s < 10 ? 2 : s < 40 ? (Math.floor(s) % 2 === 0 ? 5 : 4) : 1),
    }));
    expect(news.filter(({ point }) => point === 'plaza-crowded').map(({ value }) => value)).toEqual([
      false,
      true,
      false,
    ]);
    const alarm = cameraDescription({ ...BASE, zones: [zone] }).points.find(
      ({ id }) => id === 'plaza-crowded',
    );
    expect(alarm?.lane).toBe('alarm');
  });

  test('those who walk stand in no queue', () => {
    const { states } = play({ zones: [zone] }, 3, (s) => ({ people: [at(50 + 100 * s, 500, 60, 'person')] }));
    expect(states['plaza-occupancy']).toMatchObject({ value: 1 });
    expect(states['plaza-queue']).toMatchObject({ value: 0 });
  });

  test('before five frames nothing is known, and zero is not said', () => {
    const { states } = play({ zones: [zone] }, 0.5, () => ({}));
    expect(states['plaza-occupancy']).toMatchObject({ value: null, quality: 'bad', reason: 'warming-up' });
  });

  test('a bus that stops is at the stop, one that passes is not', () => {
    const stop = { id: 'stop', title, polygon: LEFT, counts: 'bus' } as const;
    const bus = (x: number) => ({ vehicles: [at(x, 500, 300, 'bus'), at(200, 700)] });
    const passing = play({ zones: [stop] }, 8, (s) => bus(-200 + 300 * s));
    expect(passing.news.filter(({ value }) => value === true)).toEqual([]);
    const stopping = play({ zones: [stop] }, 30, (s) =>
      bus(s < 3 ? 100 * s : s < 20 ? 300 : 300 + 200 * (s - 20)),
    );
    expect(stopping.news.map(({ value }) => value)).toEqual([false, true, false]);
    const [, arrived, left] = stopping.news;
    expect(arrived?.time).toBeGreaterThan(4500);
    expect(arrived?.time).toBeLessThan(7500);
    expect(left?.time).toBeLessThan(25_000);
  });
});

describe('a bay', () => {
  const bays = [{ id: 'bay-1', title, polygon: LEFT }];

  test('is taken by who parks, not by who passes, and free when they have gone', () => {
    const { news } = play({ bays }, 120, (s) => ({
      vehicles: [
        // Passes in front every ten seconds.
        at(-100 + 300 * (s % 10), 600),
        ...(s > 40 && s < 80 ? [at(250, 500, 200)] : []),
      ],
    }));
    const told = news.filter(({ point }) => point === 'bay-1-occupied');
    expect(told.map(({ value }) => value)).toEqual([false, true, false]);
    const [, taken, free] = told.map(({ time }) => time / 1000);
    expect(taken).toBeLessThan(60);
    expect(free).toBeLessThan(110);
  });

  test('a bus that hides it for some seconds does not free it; nor do misses of the network', () => {
    const { news } = play({ bays }, 60, (s) => ({
      vehicles: (s > 20 && s < 30) || Math.round(s * 6) % 5 === 0 ? [] : [at(250, 500, 200)],
    }));
    expect(news.map(({ value }) => value)).toEqual([true]);
  });
});

describe('a lane', () => {
  // A road that runs away from the camera: 40 m long, 4 m wide.
  const lanes = [
    {
      id: 'in',
      title,
      points: [
        [0.2, 0.9],
        [0.8, 0.9],
        [0.6, 0.3],
        [0.4, 0.3],
      ],
      length: 40,
      width: 4,
    },
  ] as const satisfies CameraConfig['lanes'];
  const [points] = lanes.map((lane) => lane.points);
  const toPicture = (across: number, along: number): Spot => {
    // The way back of the homography, from its own four points.
    const corners = [
      [0, 0],
      [4, 0],
      [4, 40],
      [0, 40],
    ] as const;
    return homography(corners, points ?? lanes[0].points)([across, along]);
  };

  test('the homography and its way back are inverse', () => {
    const road = homography(lanes[0].points, [
      [0, 0],
      [4, 0],
      [4, 40],
      [0, 40],
    ]);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 40, noNaN: true }),
        (u, v) => {
          const [x, y] = road(toPicture(u, v));
          expect(x).toBeCloseTo(u, 6);
          expect(y).toBeCloseTo(v, 6);
        },
      ),
      { seed: 20271129, numRuns: 200 },
    );
  });

  test.each([8, 14])('measures %i m/s and the time between two', (speed) => {
    const { states, tally } = play({ lanes }, 40, (s) => ({
      vehicles: [0, 1, 2].flatMap((i) => {
        const along = (s - 6 * i) * speed - 5;
        if (along < -4 || along > 44) return [];
        const [x, y] = toPicture(2, along);
        return [at(x * 1000, y * 1000, 100 * (1 - along / 80))];
      }),
    }));
    expect(tally.get('in-vehicles')).toBe(3);
    expect(states['in-speed']?.unit).toBe('km/h');
    expect(Math.abs(Number(states['in-speed']?.value) / (speed * 3.6) - 1)).toBeLessThan(0.05);
    expect(states['in-headway']?.value).toBeCloseTo(6, 1);
  });

  test('nobody came: no speed, which is not 0', () => {
    const { states } = play({ lanes }, 10, () => ({}));
    expect(states['in-speed']).toMatchObject({ value: null, reason: 'not-available' });
  });
});

describe('a bay with a charger', () => {
  const bays = [
    { id: 'bay-1', title, polygon: LEFT, charger: { device: 'charger', point: 'power', above: 100 } },
  ];
  const hub = () =>
    new Hub({
      clock: new VirtualClock(),
      log: silent,
      window: 5000,
      lane: () => 'telemetry',
      append: async () => {},
    });
  const said = (device: string, point: string, value: number | boolean | null, time: number): Reading =>
    value === null
      ? bad({ device, point, unit: '1' }, 'communication-failure', time)
      : good({ device, point, unit: '1' }, value, time);

  test('is told when it is taken for three minutes and nothing flows', async () => {
    await using own = hub();
    const told: Reading[] = [];
    const events: (readonly [number, unknown])[] = [];
    own.onEvent(({ time, body }) => void events.push([time / 1000, body.is]));
    using _ = watchBays([{ ...BASE, bays }], own);
    using __ = own.onReadings(
      (all) => void told.push(...all.filter(({ point }) => point.endsWith('charging'))),
    );
    const at = (s: number, occupied: boolean | null, power: number | null) => {
      own.readings([said('charger', 'power', power, s * 1000)]);
      own.readings([said('cam-1', 'bay-1-occupied', occupied, s * 1000)]);
      return told.at(-1);
    };
    expect(at(0, false, 0)).toMatchObject({ value: false, quality: 'good' });
    expect(at(60, true, 0)).toMatchObject({ value: false });
    expect(at(200, true, 0)).toMatchObject({ value: false });
    expect(at(250, true, 0)).toMatchObject({ value: true, quality: 'good' });
    expect(at(260, true, 7000)).toMatchObject({ value: false, quality: 'good' });
    // Charged: it stands there without need.
    at(4000, true, 0);
    expect(at(4190, true, 0)).toMatchObject({ value: true });
    expect(at(4200, true, null)).toMatchObject({ value: null, reason: 'communication-failure' });
    expect(at(4210, null, 0)).toMatchObject({ value: null });
    expect(at(4220, false, 0)).toMatchObject({ value: false });
    // Each time it begins and ends is an event; what nobody knows is none.
    expect(events).toEqual([
      [250, true],
      [260, false],
      [4190, true],
      [4220, false],
    ]);
  });
});

test('in trouble everything of a camera is bad for the same reason', () => {
  const camera = {
    zones: [{ id: 'z', title, polygon: LEFT, counts: 'vehicles', area: 3, capacity: 5 }],
    bays: [{ id: 'b', title, polygon: LEFT }],
  } as const;
  const { counting } = play(camera, 10, () => ({ vehicles: [at(200, 500)] }));
  const readings = counting.unknown('source-moved', 10_000);
  expect(readings.map(({ point }) => point).sort()).toEqual(
    ['b-occupied', 'z-crowded', 'z-density', 'z-dwell', 'z-occupancy', 'z-queue'].sort(),
  );
  for (const one of readings)
    expect(one).toMatchObject({ value: null, quality: 'bad', reason: 'source-moved' });
});

describe('tracks', () => {
  test('an unsure detection carries a track on and begins none', () => {
    const tracker = new Tracker();
    expect(tracker.update([at(500, 500, 100, 'car', 0.2)], 0, 0.3)).toEqual([]);
    const [first] = tracker.update([at(100, 500)], 100, 0.3);
    tracker.update([at(130, 500)], 266, 0.3);
    const [carried] = tracker.update([at(160, 500, 100, 'car', 0.2)], 432, 0.3);
    expect(carried?.id).toBe(first?.id);
    expect(carried?.hits).toBe(3);
  });

  test('one that passes behind a pole for a second comes out as itself', () => {
    const tracker = new Tracker({ life: 700, longLife: 1200 });
    let id: number | undefined;
    for (let i = 0; i < 6; i++) id = tracker.update([at(100 + 40 * i, 500)], i * 166)[0]?.id;
    expect(tracker.update([at(100 + 40 * 11, 500)], 11 * 166)[0]?.id).toBe(id);
  });

  test('thousands of detections in a frame cost no more than some hundred', () => {
    const many = Array.from({ length: 5000 }, (_, i) => at((i * 37) % 1000, (i * 91) % 1000, 20));
    expect(new Tracker().update(many, 0).length).toBe(300);
  });

  test('a hand that looks like a face now and then is soon none; a face that is unsure but steady stays one', () => {
    const passed = new FacesPassed();
    const scores = [0.71, 0, 0.6, 0, 0.59, 0.67, 0.75];
    const counts = scores.map((score, i) => {
      const hand = score === 0 ? [] : [at(600, 300, 50, 'face', score)];
      return passed.update([at(200, 300, 50, 'face', 0.6), ...hand], i * 500, 0.55).count;
    });
    expect(counts).toEqual([2, 1, 1, 1, 1, 1, 1]);
  });

  test('faces that come are counted once each, a flash is not', () => {
    const passed = new FacesPassed();
    let came = 0;
    for (let i = 0; i < 40; i++) {
      const faces = [
        ...(i < 20 ? [at(200, 300, 50, 'face')] : []),
        ...(i > 10 ? [at(600, 300, 50, 'face')] : []),
      ];
      if (i === 5) faces.push(at(900, 900, 50, 'face'));
      came += passed.update(faces, i * 500).came;
    }
    expect(came).toBe(2);
  });
});

describe('small counts of people', () => {
  const zones = [{ id: 'z', title, polygon: LEFT, counts: 'people', area: 20 }] as const;
  const camera: CameraConfig = { ...BASE, zones, holdBelow: 5 };
  const reading = (point: string, value: number): Reading => ({
    device: 'cam-1',
    point,
    value,
    unit: '1',
    quality: 'good',
    time: 1,
  });

  test('are held back, others and zero are not', () => {
    const told = withhold(camera, [
      reading('faces', 4),
      reading('faces', 5),
      reading('faces', 0),
      reading('vehicles', 1),
      reading('z-occupancy', 1),
      reading('z-density', 0.05),
      reading('z-density', 0.3),
    ]);
    expect(told.map(({ value, reason }) => value ?? reason)).toEqual([
      'withheld',
      5,
      0,
      1,
      'withheld',
      'withheld',
      0.3,
    ]);
    expect(withhold(BASE, [reading('faces', 1)])[0]?.value).toBe(1);
  });
});
