/** Figures by the clock: real hub, store and history in virtual time. */
import { describe, expect, it, vi } from 'vitest';
import type { AqiFigure, FigureConfig, NoiseFigure, WaterFigure } from '../../../agent/core/figure.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { Bucket } from '../../../agent/core/view.ts';
import { aqiFigures } from '../../../agent/derive/aqi/figure.ts';
import { startFigures } from '../../../agent/derive/figures.ts';
import { periodFigures } from '../../../agent/derive/noise/figure.ts';
import { NoiseSampler } from '../../../agent/derive/noise/sampler.ts';
import { figureDescription, figurePoints } from '../../../agent/derive/points.ts';
import { classOf, waterClass } from '../../../agent/derive/water/class.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { openHistory } from '../../../agent/store/history.ts';
import { openStore, type PointFacts } from '../../../agent/store/store.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { folder, until } from '../store/site.ts';

// Real threads and much virtual time: a machine that does other things as well may take its own.
vi.setConfig({ testTimeout: 120_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2027, 5, 1, 16);

const number = (unit: PointFacts['unit'], aggregation: PointFacts['aggregation']): PointFacts => ({
  type: 'number',
  unit,
  decimals: 1,
  aggregation,
  lane: 'telemetry',
  every: MINUTE,
});
const INPUTS: Readonly<Record<string, PointFacts>> = {
  'pm2-5': number('ug/m3', 'mean'),
  pm10: number('ug/m3', 'mean'),
  so2: number('10*-9', 'mean'),
  no2: number('ug/m3', 'mean'),
  co: number('mg/m3', 'mean'),
  o3: number('ug/m3', 'mean'),
  level: { ...number('dB(A)', 'leq'), every: 10_000 },
  wind: number('m/s', 'mean'),
  ph: number('[pH]', 'mean'),
  ammonia: number('mg/L', 'mean'),
};
const input = (point: string) => ({
  device: 'box',
  point,
  unit: INPUTS[point]?.unit ?? ('1' as const),
  every: INPUTS[point]?.every ?? MINUTE,
});

const AQI: AqiFigure = {
  id: 'air-quality',
  title: { en: 'Air' },
  kind: 'aqi',
  edition: 'by-date',
  inputs: {
    PM25: input('pm2-5'),
    PM10: input('pm10'),
    SO2: input('so2'),
    NO2: input('no2'),
    CO: input('co'),
    O3: input('o3'),
  },
  validMinutes: 45,
  validHours: 20,
  validOfEight: 6,
};
const NOISE: NoiseFigure = {
  id: 'noise',
  title: { en: 'Noise' },
  kind: 'noise',
  level: input('level'),
  wind: input('wind'),
  every: 10 * MINUTE,
  day: [6, 22],
  windLimit: 5,
  validShare: 0.75,
  validMinutes: 45,
};
const WATER: WaterFigure = {
  id: 'canal',
  title: { en: 'Canal' },
  kind: 'water',
  body: 'river',
  inputs: { ph: input('ph'), ammonia: input('ammonia') },
  validMinutes: 45,
};

async function stand(figures: readonly FigureConfig[], begun = true) {
  const stack = new AsyncDisposableStack();
  const { dir } = stack.use(folder());
  const clock = new VirtualClock(START);
  const store = stack.use(
    await openStore({
      dir,
      agent: 'pole-1',
      timezone: 'Asia/Shanghai',
      config: { window: 5000, budget: 2 ** 26, maxAge: 30 * 86_400_000, ring: 2 ** 20 },
      clock,
      log: silent,
      hardware: 'test:1',
      describe: (device, point) => {
        const figure = figures.find(({ id }) => id === device);
        const found = figure === undefined ? undefined : figurePoints(figure).find(({ id }) => id === point);
        return found === undefined ? INPUTS[point] : { ...found, every: HOUR };
      },
    }),
  );
  const history = stack.use(openHistory({ file: store.file, timezone: 'Asia/Shanghai', clock, log: silent }));
  const hub = stack.use(
    new Hub({
      clock,
      log: silent,
      window: () => 5000,
      lane: () => 'telemetry',
      append: (readings, events) => store.append(readings, events),
    }),
  );
  const begin = () =>
    startFigures({
      figures,
      clock,
      hub,
      history: (...asked) => history.query(...asked),
      timezone: 'Asia/Shanghai',
      log: silent,
    });
  if (begun) stack.use(begin());
  return {
    begin,
    clock,
    hub,
    history,
    /** Values of points for so long, one reading a step. */
    async run(ms: number, values: Readonly<Record<string, number>>, step = MINUTE) {
      for (let left = ms; left > 0; left -= step) {
        await clock.advance(step / 2);
        const readings = Object.entries(values).map(
          ([point, value]): Reading => ({
            device: 'box',
            point,
            value,
            unit: INPUTS[point]?.unit ?? '1',
            quality: 'good',
            time: clock.mono(),
          }),
        );
        hub.readings(readings);
        // The store is a real thread: it has to keep up with a clock that flies.
        await hub.commit();
        await clock.advance(step / 2);
        await hub.commit();
      }
    },
    value: (device: string, point: string) => hub.latest(device, point)?.value,
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

const AIR = { 'pm2-5': 116, pm10: 40, so2: 3, no2: 20, co: 0.5, o3: 90 };

describe('figures by the clock', () => {
  it('the index of the hour is there shortly after it, of readings in the units of the sensors', async () => {
    await using at = await stand([AQI, WATER]);
    await at.run(HOUR, { ...AIR, ph: 7.2, ammonia: 1.2 });
    await at.clock.advance(25_000);
    await until('the index', () => at.value('air-quality', 'aqi') !== undefined);
    expect(at.value('air-quality', 'aqi')).toBe(152);
    expect(at.value('air-quality', 'category')).toBe('中度污染');
    expect(at.value('air-quality', 'primary')).toBe('PM25');
    expect(at.value('air-quality', 'colour')).toBe('#FF0000');
    expect(at.value('air-quality', 'missing')).toBe('');
    expect(at.hub.latest('air-quality', 'aqi')?.time).toBe(at.clock.mono() - 25_000);
    await until('the class', () => at.value('canal', 'class') !== undefined);
    expect([at.value('canal', 'class'), at.value('canal', 'decisive')]).toEqual([4, 'ammonia']);
    // The next hour has too few minutes: what is missing is named, and no index is made of it.
    await at.run(30 * MINUTE, AIR);
    await at.run(29 * MINUTE, { no2: 20 });
    await at.clock.advance(MINUTE);
    await until('the next index', () => at.hub.latest('air-quality', 'aqi')?.quality === 'bad');
    expect(at.value('air-quality', 'missing')).toBe('SO2,CO,O3,PM10,PM25');
    expect(at.value('air-quality', 'iaqi-no2')).toBe(10);
  });

  it('what ended while nobody reckoned is reckoned at the start, once', async () => {
    await using at = await stand([AQI], false);
    await at.run(HOUR, AIR);
    await at.run(5 * MINUTE, AIR);
    {
      using _ = at.begin();
      await at.clock.advance(25_000);
      await until('the index', () => at.value('air-quality', 'aqi') === 152);
      await until('the day', () => at.hub.latest('air-quality', 'aqi-day') !== undefined);
      // Of the day before there is nothing.
      expect(at.hub.latest('air-quality', 'aqi-day')).toMatchObject({ value: null });
      await at.hub.commit();
    }
    let again = 0;
    using _ = at.hub.onReadings((readings) => {
      again += readings.filter(({ device }) => device === 'air-quality').length;
    });
    using __ = at.begin();
    await at.clock.advance(25_000);
    const { query } = at.history;
    for (let i = 0; i < 20; i++)
      await query('air-quality', 'aqi', START, START + 2 * HOUR, MINUTE, AbortSignal.timeout(10_000));
    expect(again).toBe(0);
  });

  it('noise of each period is in the log before its period closes; wind makes levels invalid, and both are told', async () => {
    await using at = await stand([NOISE]);
    await at.run(10 * MINUTE, { level: 55, wind: 1 }, 10_000);
    expect(at.value('noise', 'leq')).toBe(55);
    expect(at.value('noise', 'vdr')).toBe(100);
    const end = START + 10 * MINUTE;
    const [bucket] = await at.history.query(
      'noise',
      'l50',
      end - 10 * MINUTE,
      end,
      900_000,
      AbortSignal.timeout(10_000),
    );
    expect(bucket?.last).toBe(55);
    await at.run(10 * MINUTE, { level: 75, wind: 8 }, 10_000);
    expect(at.hub.latest('noise', 'leq')).toMatchObject({ value: null, quality: 'bad' });
    expect(at.hub.latest('noise', 'leq-all')).toMatchObject({ value: 75, quality: 'uncertain' });
    expect(at.value('noise', 'vdr')).toBe(0);
    await at.run(40 * MINUTE, { level: 55, wind: 1 }, 10_000);
    expect(at.hub.latest('noise', 'leq-hour')).toMatchObject({ value: 55, quality: 'good' });
    expect(at.value('noise', 'valid-minutes')).toBe(50);
  });

  it('night and day levels come from the hours of the log', async () => {
    await using at = await stand([{ ...NOISE, level: { ...input('level'), every: MINUTE } }]);
    // From midnight: six hours of night, sixteen of day; the night before has only those six of its eight hours.
    await at.run(6 * HOUR, { level: 45 });
    await at.clock.advance(30_000);
    await until('the night', () => at.value('noise', 'ln') !== undefined);
    expect(at.hub.latest('noise', 'ln')).toMatchObject({ value: 45, quality: 'good' });
  });
});

describe('what figures are made of', () => {
  const minutes = (values: readonly number[], from: number): Bucket[] =>
    values.flatMap((value, hour) =>
      Array.from({ length: 50 }, (_, i) => ({
        time: from + hour * HOUR + i * MINUTE,
        count: 1,
        min: value,
        mean: value,
        max: value,
        last: value,
      })),
    );

  it('the day takes means of valid hours, and of ozone the greatest eight hours', async () => {
    const from = Date.UTC(2027, 5, 1, 16);
    const ozone = Array.from({ length: 24 }, (_, hour) => (hour >= 10 && hour < 18 ? 180 : 40));
    const history = async (_: string, point: string) =>
      minutes(point === 'o3' ? ozone : new Array<number>(24).fill(20), from);
    const span = { start: from, end: from + 24 * HOUR, day: '2027-06-02' };
    const signal = new AbortController().signal;
    const one = {
      ...AQI,
      inputs: {
        O3: input('o3'),
        PM25: input('pm2-5'),
        PM10: input('pm10'),
        NO2: input('no2'),
        CO: input('co'),
        SO2: { ...input('so2'), unit: 'ug/m3' as const },
      },
    };
    expect(await aqiFigures(one, 'daily', span, history, signal)).toMatchObject({
      'aqi-day': 180,
      'iaqi-o3-day': 119,
      'iaqi-co-day': 180,
      'primary-day': 'CO',
    });
    // Nineteen hours are no day.
    const short = async (_: string, point: string) =>
      (await history(_, point)).filter(({ time }) => time < from + 19 * HOUR);
    expect(await aqiFigures(one, 'daily', span, short, signal)).toMatchObject({
      'iaqi-pm25-day': null,
      'missing-day': 'SO2,NO2,CO,PM10,PM25',
    });
  });

  it('the edition of 2012 takes moving means of PM by the hour', async () => {
    const to = Date.UTC(2025, 5, 2, 16);
    const history = async (_: string, point: string, from: number) =>
      minutes(new Array<number>(24).fill(point === 'pm2-5' ? 75 : 1), from);
    const span = { start: to - HOUR, end: to, day: '2025-06-02' };
    expect(await aqiFigures(AQI, 'hourly', span, history, new AbortController().signal)).toMatchObject({
      aqi: 100,
      primary: 'PM25',
    });
  });

  it('rain by a register that grows makes its minutes invalid', () => {
    const figure: NoiseFigure = {
      ...NOISE,
      rain: { device: 'box', point: 'rain', unit: 'mm', every: MINUTE },
    };
    const sampler = new NoiseSampler(figure);
    const say = (point: string, value: number, time: number) =>
      sampler.take({ device: 'box', point, value, unit: 'mm', quality: 'good', time: 0 }, time);
    for (let minute = 0; minute < 10; minute++) {
      say('rain', minute < 5 ? 12 : 12 + (minute === 5 ? 1 : 1), minute * MINUTE);
      for (let i = 0; i < 6; i++) say('level', 50 + i, minute * MINUTE + 1000 + i * 10_000);
    }
    const judged = periodFigures(figure, sampler, 0, 10 * MINUTE);
    expect(judged?.figures).toMatchObject({ vdr: 90, lmx: 55, lmn: 50, l50: 53 });
    expect(judged?.enough).toBe(true);
  });

  it('water classes: limits belong to the better class, oxygen counts downwards, the worst decides', () => {
    expect([7.5, 7.49, 6, 5, 3, 2, 1.9].map((value) => classOf('dissolved-oxygen', value, 'river'))).toEqual([
      1, 2, 2, 3, 4, 5, 6,
    ]);
    expect([0.15, 0.16, 0.5, 1, 1.5, 2, 2.1].map((value) => classOf('ammonia', value, 'river'))).toEqual([
      1, 2, 2, 3, 4, 5, 6,
    ]);
    expect([classOf('phosphorus', 0.05, 'river'), classOf('phosphorus', 0.05, 'lake')]).toEqual([2, 3]);
    expect([classOf('ph', 6, 'river'), classOf('ph', 9.1, 'river')]).toEqual([1, 6]);
    expect(waterClass({ ph: 7, ammonia: 1.8, cod: 35 }, 'river')).toMatchObject({
      class: 5,
      decisive: ['cod', 'ammonia'],
    });
    // Nitrogen judges lakes only.
    expect(waterClass({ ph: 7, nitrogen: 5 }, 'river')).toMatchObject({ class: 1, items: { nitrogen: 6 } });
    expect(waterClass({ ph: 7, nitrogen: 5 }, 'lake')).toMatchObject({ class: 6 });
    expect(waterClass({}, 'river')).toBeUndefined();
  });

  it('say of themselves that they are no regulatory monitor', () => {
    const { points, model } = figureDescription(AQI);
    expect(model).toBe('derived');
    expect(points.find(({ id }) => id === 'aqi')?.title.zh).toBe('AQI 小时（非法定监测）');
    for (const figure of [AQI, NOISE, WATER]) {
      const ids = figurePoints(figure).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});
