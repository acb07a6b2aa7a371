/** Letterbox, tracker, line, interval and condition: pure functions of what goes in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CameraConfig } from '../../../agent/core/site.ts';
import type { Detection } from '../../../agent/core/view.ts';
import { ConditionWatch } from '../../../agent/vision/condition.ts';
import { Interval } from '../../../agent/vision/interval.ts';
import { letterbox, toFrame } from '../../../agent/vision/letterbox.ts';
import { type CountingLine, LineCounter, MIDDLE } from '../../../agent/vision/line.ts';
import { median } from '../../../agent/vision/median.ts';
import { Tracker } from '../../../agent/vision/tracker.ts';

const FRAME = { width: 1280, height: 720 };
const at = (x: number, y = 400, size = 100, name = 'car', score = 0.6): Detection => ({
  class: name,
  score,
  box: [x - size / 2, y - size / 2, x + size / 2, y + size / 2],
});

describe('letterbox', () => {
  test('a frame of 1280×720 in a network of 512', () => {
    const box = letterbox(FRAME, { side: 512, multiple: 32 });
    expect(box).toMatchObject({
      scaled: { width: 512, height: 288 },
      input: { width: 512, height: 288 },
      scale: 0.4,
    });
  });

  test('a box goes there and back, and stays in the frame', () => {
    const side = fc.integer({ min: 20, max: 5000 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(side, side, share, share, fc.boolean(), (width, height, a, b, fixed) => {
        const fit = fixed ? { size: { width: 416, height: 320 } } : { side: 640, multiple: 64 };
        const box = letterbox({ width, height }, fit);
        expect(box.scaled.width).toBeLessThanOrEqual(box.input.width);
        expect(box.scaled.height).toBeLessThanOrEqual(box.input.height);
        const [x, y] = [a * width, b * height];
        const back = toFrame(
          { class: 'car', score: 1, box: [x * box.scale, y * box.scale, 1e6, 1e6] },
          box,
        ).box;
        expect(back[0]).toBeCloseTo(x, 6);
        expect(back[1]).toBeCloseTo(y, 6);
        expect(back.slice(2)).toEqual([width, height]);
      }),
      { seed: 20270102, numRuns: 300 },
    );
  });
});

describe('news of an interval', () => {
  const camera: CameraConfig = {
    id: 'cam',
    title: { en: 'cam' },
    source: 'http://127.0.0.1/',
    rate: 6,
    tasks: ['vehicles'],
    preview: false,
    every: 10_000,
  };
  const values = (readings: readonly { point: string; value: unknown }[]) =>
    readings.filter(({ point }) => point === 'vehicles').map(({ value }) => value);

  test('the first vehicle in an empty street is told at once, more of them at the end', () => {
    const interval = new Interval(camera, 0);
    expect(values(interval.vehicles([at(300)], 0, 100))).toEqual([1]);
    expect(values(interval.vehicles([at(300), at(900)], 0, 266))).toEqual([]);
    expect(values(interval.close(10_000, undefined))).toEqual([2]);
  });

  test('the empty street is told after a second without a vehicle, not after one missed frame', () => {
    const interval = new Interval(camera, 0);
    interval.vehicles([at(300)], 0, 0);
    expect(values(interval.vehicles([], 0, 166))).toEqual([]);
    expect(values(interval.vehicles([at(400)], 0, 332))).toEqual([]);
    expect(values(interval.vehicles([], 0, 500))).toEqual([]);
    expect(values(interval.vehicles([], 0, 1499))).toEqual([]);
    expect(values(interval.vehicles([], 0, 1500))).toEqual([0]);
    expect(values(interval.vehicles([], 0, 1666))).toEqual([]);
  });

  test('a frame told as news is not told again when it ends the interval', () => {
    const interval = new Interval(camera, 0);
    interval.vehicles([at(300)], 0, 9990);
    expect(values(interval.close(10_000, undefined))).toEqual([]);
  });
});

describe('tracker', () => {
  test('keeps two that meet apart, and each its name', () => {
    const tracker = new Tracker();
    let ids: readonly number[] = [];
    for (let step = 0; step < 12; step++) {
      const seen = tracker.update([at(300 + step * 60, 300), at(960 - step * 60, 460)], step * 166);
      const now = [...seen].sort((a, b) => a.box[1] - b.box[1]).map((track) => track.id);
      if (step > 0) expect(now).toEqual(ids);
      ids = now;
    }
  });

  test('carries a track over a frame without it, and lets it die after 0.7 s', () => {
    const tracker = new Tracker();
    const first = tracker.update([at(100)], 0)[0]?.id;
    tracker.update([at(160)], 166);
    tracker.update([], 332);
    expect(tracker.update([at(280)], 498)[0]?.id).toBe(first);
    tracker.update([], 1300);
    expect(tracker.update([at(560)], 1400)[0]?.id).not.toBe(first);
  });

  test('the class is voted: one odd frame changes nothing', () => {
    const tracker = new Tracker();
    tracker.update([at(100)], 0);
    tracker.update([at(110)], 166);
    expect(tracker.update([at(120, 400, 100, 'truck', 0.5)], 332)[0]?.class).toBe('car');
  });
});

describe('line', () => {
  const drive = (line: CountingLine, xs: readonly number[]) => {
    const tracker = new Tracker();
    const counter = new LineCounter(line);
    return xs.flatMap((x, step) => counter.update(tracker.update([at(x)], step * 166), FRAME));
  };

  test('counts a pass once, with its direction', () => {
    expect(drive(MIDDLE, [500, 560, 620, 680, 740, 800])).toMatchObject([
      { class: 'car', direction: 'left' },
    ]);
    expect(drive(MIDDLE, [800, 740, 680, 620, 560])).toMatchObject([{ direction: 'right' }]);
  });

  test('one that trembles on the line passes once', () => {
    expect(drive(MIDDLE, [600, 630, 650, 630, 650, 620, 660])).toHaveLength(1);
  });

  test('one that turns back or is seen once passes nothing', () => {
    expect(drive(MIDDLE, [500, 560, 600, 560, 500])).toEqual([]);
    expect(drive(MIDDLE, [700])).toEqual([]);
  });

  test('a line across the picture counts by the lower edge', () => {
    const tracker = new Tracker();
    const counter = new LineCounter({ from: [0, 0.5], to: [1, 0.5] });
    const ys = [200, 260, 320, 380];
    const passed = ys.map(
      (y, step) => counter.update(tracker.update([at(640, y)], step * 166), FRAME).length,
    );
    // The lower edge is 50 below the middle; the line is at 360.
    expect(passed).toEqual([0, 0, 1, 0]);
  });
});

const CAMERA: CameraConfig = {
  id: 'cam-1',
  title: { en: 'Street' },
  source: 'http://127.0.0.1:1/snapshot.jpg',
  rate: 6,
  tasks: ['vehicles', 'faces'],
  preview: true,
  every: 2000,
};

describe('interval', () => {
  const run = (frames: number, trouble?: 'source-dark') => {
    const interval = new Interval(CAMERA, 0);
    for (let i = 0; i < frames; i++) {
      const time = ((i + 1) * 2000) / (frames + 1);
      interval.vehicles([at(100), at(500, 400, 300, 'bus')], i === 3 ? 1 : 0, time);
      interval.faces(i % 4 === 0 ? 3 : 2, time);
    }
    return Object.fromEntries(interval.close(2000, trouble).map((reading) => [reading.point, reading]));
  };

  test('enough frames: all good', () => {
    const { vehicles, faces, ...rest } = run(12);
    expect(vehicles).toMatchObject({ value: 2, quality: 'good' });
    expect(faces).toMatchObject({ value: 2, quality: 'good' });
    expect(rest['vehicles-passed']).toMatchObject({ value: 1, quality: 'good' });
    expect(rest['bus-present']).toMatchObject({ value: true, quality: 'good' });
  });

  test('too few frames for passes: uncertain, and why', () => {
    const readings = run(8);
    expect(readings['vehicles-passed']).toMatchObject({ value: 1, quality: 'uncertain', reason: 'low-rate' });
    expect(readings.vehicles).toMatchObject({ quality: 'good' });
  });

  test('faces are uncertain until five frames were seen', () => {
    expect(run(3).faces).toMatchObject({ value: 2, quality: 'uncertain', reason: 'warming-up' });
  });

  test('in trouble every point is bad and has no value', () => {
    for (const reading of Object.values(run(12, 'source-dark'))) {
      expect(reading).toMatchObject({ value: null, quality: 'bad', reason: 'source-dark' });
    }
  });

  test('without a frame nothing is said of what is in sight', () => {
    const readings = new Interval(CAMERA, 0).close(2000, undefined);
    expect(readings.map((reading) => [reading.point, reading.quality])).toEqual([
      ['vehicles-passed', 'bad'],
      ['faces-passed', 'bad'],
    ]);
  });

  test('passes are not carried into the next interval', () => {
    const interval = new Interval(CAMERA, 0);
    for (let i = 0; i < 12; i++) interval.vehicles([], 1, i);
    interval.close(2000, undefined);
    interval.vehicles([], 0, 2100);
    const passed = interval.close(4000, undefined).find((reading) => reading.point === 'vehicles-passed');
    expect(passed?.value).toBe(0);
  });

  test('the median of an even number is a count that was seen', () => {
    expect(median([1, 2, 2, 9])).toBe(2);
    expect(median([4])).toBe(4);
  });
});

describe('condition', () => {
  const frame = (content: number) => Uint8Array.of(content);

  test('the same frame for three seconds is frozen, a new one ends it', () => {
    const watch = new ConditionWatch(0);
    expect(watch.frame(frame(1), undefined, 100)).toBe(true);
    expect(watch.frame(frame(1), undefined, 2000)).toBe(true);
    expect(watch.frame(frame(1), undefined, 3100)).toBe(false);
    expect(watch.trouble).toBe('source-frozen');
    expect(watch.frame(frame(2), undefined, 3300)).toBe(true);
    expect(watch.trouble).toBeUndefined();
  });

  test('darkness counts nothing at once and is told after two seconds', () => {
    const watch = new ConditionWatch(0);
    watch.frame(frame(1), undefined, 100);
    expect(watch.frame(frame(2), 'dark', 300)).toBe(false);
    expect(watch.trouble).toBeUndefined();
    expect(watch.frame(frame(3), 'dark', 2200)).toBe(false);
    expect(watch.trouble).toBe('source-dark');
    expect(watch.frame(frame(4), undefined, 2400)).toBe(true);
  });

  test('one failure is nothing, three seconds without a frame are', () => {
    const watch = new ConditionWatch(0);
    watch.frame(frame(1), undefined, 1000);
    watch.failure(1500);
    expect(watch.condition).toBe('ok');
    watch.failure(4100);
    expect(watch.trouble).toBe('communication-failure');
    watch.frame(frame(2), undefined, 5000);
    expect(watch.condition).toBe('ok');
  });
});
