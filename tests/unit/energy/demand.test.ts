/** Demand while it comes: forecast, when the limit is passed, what is said of it. */
import { describe, expect, it } from 'vitest';
import { DemandAlert } from '../../../agent/control/energy/demand-alert.ts';
import { DemandFeed } from '../../../agent/control/energy/demand-feed.ts';
import { DemandWatch } from '../../../agent/control/energy/demand-watch.ts';
import { MARCH, meter } from './registers.ts';

const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;

/** A register read every 10 s under the load of each minute, kW; `each` is called behind every reading. */
function run(watch: DemandWatch, loads: readonly number[], each: (minute: number) => void = () => {}): void {
  let kwh = 5000;
  watch.take(MARCH, kwh);
  loads.forEach((kw, minute) => {
    for (let second = 10; second <= 60; second += 10) {
      kwh += (kw * 10) / 3600;
      watch.take(MARCH + minute * MINUTE + second * 1000, kwh);
      each(minute + second / 60);
    }
  });
}

const of = (length: number, kw: number) => Array.from({ length }, () => kw);

describe('a block', () => {
  const options = { meter: 'main', method: 'block', window: WINDOW, limit: 800 } as const;

  it('comes to what it holds and what the load adds', () => {
    const watch = new DemandWatch(options);
    // 6 minutes of 500 kW are 50 kWh; 9 more of 900 kW are 135: 185 kWh in a quarter of an hour are 740 kW.
    run(watch, [...of(6, 500), ...of(2, 900)]);
    const state = watch.state();
    expect(state.load).toBeCloseTo(900, 6);
    expect(state.forecast).toBeCloseTo(740, 6);
    // Mean so far: (50 + 30) kWh in 8 minutes.
    expect(state.now).toBeCloseTo(600, 6);
    expect(state.passedIn).toBe(null);
  });

  it('passes its limit when it holds as much energy as all of it may', () => {
    const watch = new DemandWatch(options);
    // Behind 7 minutes of 800 kW (93.3 kWh) the load is 1000 kW: 200 kWh are reached in 106.7 / 1000 h = 6.4 minutes.
    run(watch, [...of(5, 800), ...of(2, 800)]);
    watch.power(MARCH + 7 * MINUTE, 1000);
    const { passedIn, forecast } = watch.state();
    expect((passedIn ?? 0) / MINUTE).toBeCloseTo(6.4, 2);
    expect(forecast).toBeCloseTo((800 * 7 + 1000 * 8) / 15, 4);
  });

  it('tells its highest, and how good its forecasts were', () => {
    const watch = new DemandWatch(options);
    run(watch, [...of(15, 600), ...of(7, 400), ...of(8, 600)]);
    // The first block is 600. In the middle of the second the load is 400 (7 min behind, half a minute of 600 on it).
    const { highest, error } = watch.state();
    expect(highest?.kw).toBeCloseTo(600, 6);
    expect(highest?.at).toBe(MARCH + WINDOW);
    expect(error?.windows).toBe(2);
    // 0 % and about |425 − 506.7| / 506.7: the load seen at 7:30 is that of the last two minutes, 450.
    expect(error?.percent).toBeGreaterThan(1);
    expect(error?.percent).toBeLessThan(10);
  });

  it('knows nothing over a silence or an exchange', () => {
    const watch = new DemandWatch(options);
    run(watch, of(10, 500));
    watch.take(MARCH + 20 * MINUTE, 6000);
    expect(watch.state()).toMatchObject({ now: null, forecast: null, passedIn: null });
    watch.take(MARCH + 21 * MINUTE, 3);
    expect(watch.state().now).toBe(null);
  });
});

describe('a sliding window', () => {
  it('passes its limit where the load of before leaves it', () => {
    const watch = new DemandWatch({ meter: 'main', method: 'sliding', window: WINDOW, limit: 800 });
    // 15 min of 500 kW, then 1000: the mean is 500 + 500 × t / 15, 800 at t = 9 min.
    run(watch, [...of(15, 500), ...of(3, 1000)]);
    const { passedIn, now, forecast } = watch.state();
    expect(now).toBeCloseTo(600, 6);
    // 6 minutes, looked at every half a minute.
    expect((passedIn ?? 0) / MINUTE).toBeGreaterThan(6);
    expect((passedIn ?? 0) / MINUTE).toBeLessThanOrEqual(6.5);
    expect(forecast).toBeGreaterThan(980);
  });

  it('is said once before, once when it is passed, once when it is over', () => {
    const watch = new DemandWatch({ meter: 'main', method: 'sliding', window: WINDOW, limit: 800 });
    const alert = new DemandAlert();
    const said: string[] = [];
    run(watch, [...of(15, 500), ...of(14, 1000), ...of(30, 300)], (minute) => {
      const event = alert.take(watch.state());
      if (event !== undefined)
        said.push(`${Math.floor(minute)} ${event.what} ${event.facts.text ?? ''}`.trim());
    });
    // The load is the mean of the last two minutes: it forecasts more than 800 soon behind the step at minute 15.
    expect(said).toEqual([
      expect.stringMatching(/^16 demand-forecast 800 kW will be passed in \d+ minutes$/),
      '24 demand-passed',
      expect.stringMatching(/^3\d demand-below$/),
    ]);
  });
});

describe('readings of the meter', () => {
  it('are taken in kWh and kW of the primary side', () => {
    const feed = new DemandFeed(
      meter('main', { ratios: [{ from: 0, ct: 80, pt: 1 }], power: 'power', unit: 'W.h' }),
      { method: 'block', window: WINDOW, limit: 100 },
    );
    const reading = (point: string, value: number, unit: 'W.h' | 'W') =>
      ({ device: 'main', point, value, unit, quality: 'good', time: 0 }) as const;
    expect(feed.take(reading('power', 500, 'W'), MARCH)).toBe(false);
    expect(feed.take(reading('energy-import', 1000, 'W.h'), MARCH)).toBe(true);
    feed.take(reading('energy-import', 1010, 'W.h'), MARCH + MINUTE);
    // 10 Wh × 80 in a minute: 48 kW so far; the load is 500 W × 80 = 40 kW.
    expect(feed.watch.state()).toMatchObject({ load: 40 });
    expect(feed.watch.state().now).toBeCloseTo(48, 6);
  });
});
