/**
 * `node bench/demand.ts [--seed 1] [--days 365]`: how good the forecast of demand is, over a year of the simulated building's
 * electricity in virtual time. Its quarters are filled with what a building does between them: a load that wanders, and
 * machines of 40 kW that start and stop. A reading a minute. For each way to see the load: the mean error of forecasts
 * made in the middle of a window, how many passings of the limit were told before and how early, and warnings that nothing
 * came of. One JSON line each.
 */
import { parseArgs } from 'node:util';
import { DemandAlert } from '../agent/control/energy/demand-alert.ts';
import { DemandWatch } from '../agent/control/energy/demand-watch.ts';
import { climate } from '../hw-sim/building/climate.ts';
import { healthyLoads } from '../hw-sim/building/loads.ts';
import { METERS } from '../hw-sim/building/plan.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, days: { type: 'string', default: '365' } },
});
const seed = Number(values.seed);
const days = Number(values.days);
const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;
const START = Date.parse('2027-01-01T00:00:00+08:00');

/** mulberry32 */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** kW of the building in each quarter of the year. */
function quarters(): Float64Array {
  const loads = healthyLoads(seed, climate(seed));
  const total = new Float64Array(365 * 96);
  for (const { id, kind } of METERS) {
    const own = kind === 'electricity' ? loads.get(id) : undefined;
    own?.forEach((kw, i) => {
      total[i] = (total[i] ?? 0) + kw;
    });
  }
  return total;
}

/** kW in each minute: runs from quarter to quarter, wanders by a few percent, and machines come and go. */
function minutes(): Float64Array {
  const coarse = quarters();
  const fine = new Float64Array(days * 1440);
  let wander = 0;
  let machine = 0;
  for (let i = 0; i < fine.length; i++) {
    const at = i / 15 - 0.5;
    const [a, b] = [Math.max(0, Math.floor(at)), Math.min(coarse.length - 1, Math.floor(at) + 1)];
    const base = (coarse[a] ?? 0) + ((coarse[b] ?? 0) - (coarse[a] ?? 0)) * Math.max(0, at - a);
    wander = 0.9 * wander + 0.02 * (random() - 0.5);
    if (machine > 0) machine--;
    else if (random() < 1 / 60) machine = 5 + Math.floor(random() * 25);
    fine[i] = Math.max(0, base * (1 + wander) + (machine > 0 ? 40 : 0));
  }
  return fine;
}

const load = minutes();
/** Passed a few dozen times a year. */
const ordered = Float64Array.from(load).sort();
const limit = Math.round(ordered[Math.floor(ordered.length * 0.998)] ?? 0);

for (const method of ['block', 'sliding'] as const)
  for (const power of [false, true]) {
    const watch = new DemandWatch({ meter: 'main', method, window: WINDOW, limit });
    const alert = new DemandAlert();
    let kwh = 1000;
    let warned: number | undefined;
    const leads: number[] = [];
    let unforeseen = 0;
    let idle = 0;
    watch.take(START, kwh);
    load.forEach((kw, i) => {
      kwh += kw / 60;
      const time = START + (i + 1) * MINUTE;
      // The meter tells the power of the moment: that of the minute to come, as far as it is known.
      if (power) watch.power(time, load[i + 1] ?? kw);
      watch.take(time, Math.round(kwh * 100) / 100);
      const event = alert.take(watch.state());
      if (event?.what === 'demand-forecast') warned = time;
      if (event?.what === 'demand-passed') {
        if (warned === undefined) unforeseen++;
        else leads.push((time - warned) / MINUTE);
        warned = undefined;
      }
      if (event?.what === 'demand-below') {
        if (warned !== undefined) idle++;
        warned = undefined;
      }
    });
    leads.sort((a, b) => a - b);
    const { error, highest } = watch.state();
    console.log(
      JSON.stringify({
        method,
        load_from: power ? 'power' : 'register',
        days,
        limit_kw: limit,
        highest_kw: Math.round(highest?.kw ?? 0),
        forecast_error_percent: Math.round((error?.percent ?? 0) * 100) / 100,
        windows: error?.windows,
        passed: leads.length + unforeseen,
        foreseen: leads.length,
        lead_min_median: leads[Math.floor(leads.length / 2)] ?? null,
        warnings_without_passing: idle,
      }),
    );
  }
