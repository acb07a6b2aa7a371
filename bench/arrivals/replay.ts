/** Replays a day: every position is taken in its turn, every prediction is kept until its bus has come. */
import { ESTIMATE, estimate } from '../../agent/sign/arrivals/estimate.ts';
import { Links } from '../../agent/sign/arrivals/links.ts';
import { Pattern, type TimedStop } from '../../agent/sign/arrivals/pattern.ts';
import { Promises } from '../../agent/sign/arrivals/promise.ts';
import { Score } from '../../agent/sign/arrivals/score.ts';
import { APPROACH, ShownRow } from '../../agent/sign/arrivals/shown.ts';
import { TrackedTrip } from '../../agent/sign/arrivals/vehicle.ts';
import type { Ping } from './read.ts';

/** Arrivals between positions further apart are not known well enough to judge by, s. */
const TRUTH_GAP = 150;
const HORIZON = 1800;

interface Pending {
  readonly at: number;
  readonly predicted: number;
  readonly index: number;
  readonly estimator: number;
}

/** Count-ups of the minutes on the screen. */
class Ups {
  updates = 0;
  ups = 0;
}

export function replay(pings: readonly Ping[], trips: ReadonlyMap<string, readonly TimedStop[]>) {
  const links = new Links();
  const promises = new Promises();
  const names = ['timetable', 'distance over speed', 'delay propagation', 'ours, before margin', 'ours'];
  const scores = names.map(() => new Score());
  const shownScore = new Score();
  const ups = new Ups();
  const rows = new Map<string, ShownRow>();
  const tracked = new Map<
    string,
    { trip: TrackedTrip; pending: Pending[]; start?: { time: number; distance: number } }
  >();
  let refused = 0;
  let predictions = 0;
  for (const ping of pings) {
    const stops = trips.get(ping.trip);
    if (stops === undefined || stops.length < 2) continue;
    const key = `${ping.vehicle}/${ping.trip}`;
    let one = tracked.get(key);
    if (one === undefined) {
      one = { trip: new TrackedTrip(new Pattern(stops)), pending: [] };
      tracked.set(key, one);
    }
    const before = one.trip.last;
    const passed = one.trip.take(ping, ping.time, links, ESTIMATE.terminal);
    if (typeof passed === 'string') {
      refused += 1;
      continue;
    }
    for (const { index, time, gap } of passed) {
      if (gap <= TRUTH_GAP) {
        for (const p of one.pending)
          if (p.index === index) {
            (p.estimator === 5 ? shownScore : scores[p.estimator])?.add(p.at, p.predicted, time);
            if (p.estimator === 3) promises.learn(p.predicted - p.at, time - p.predicted);
          }
      }
      one.pending = one.pending.filter((p) => p.index !== index);
    }
    const last = one.trip.last;
    if (last === undefined) continue;
    const { pattern } = one.trip;
    const now = ping.time;
    const delay = now - pattern.timeAt(last.distance);
    const speed =
      before === undefined || last.time === before.time
        ? 6
        : Math.max(2, (last.distance - before.distance) / (last.time - before.time));
    const first = pattern.stops[0];
    const waits =
      first !== undefined && last.distance - first.distance < ESTIMATE.terminal && now < first.time;
    const add = (estimator: number, index: number, predicted: number) => {
      if (predicted - now > HORIZON) return;
      predictions += 1;
      one.pending.push({ at: now, predicted, index, estimator });
    };
    for (const [index, stop] of pattern.stops.entries()) {
      if (stop.distance <= last.distance) continue;
      add(0, index, Math.max(now, stop.time));
      add(1, index, now + (stop.distance - last.distance) / speed);
      add(2, index, waits ? Math.max(now, stop.time) : Math.max(now, stop.time + delay));
    }
    for (const { index, time } of estimate(pattern, last, links, 0, HORIZON)) {
      add(3, index, time);
      const promised = time - promises.margin(time - now);
      add(4, index, promised);
      const rowKey = `${key}/${index}`;
      const row = rows.get(rowKey) ?? new ShownRow();
      rows.set(rowKey, row);
      const near =
        time - now <= APPROACH.seconds ||
        (pattern.stops[index]?.distance ?? 0) - last.distance <= APPROACH.metres;
      const before = row.at(now, near);
      const shown = row.promise(promised - now, now, near);
      if (before !== undefined) {
        ups.updates += 1;
        if (shown > before) ups.ups += 1;
      }
      add(5, index, now + shown * 60);
    }
  }
  const estimators = names.map((name, i) => ({
    name,
    score: scores[i] as Score,
    shown: i === 4 ? { score: shownScore, countUps: (100 * ups.ups) / ups.updates } : undefined,
  }));
  return {
    estimators,
    trips: tracked.size,
    pings: pings.length,
    refused,
    predictions,
    summary: {
      overall: scores[4]?.overall(),
      shown: shownScore.overall(),
      countUps: (100 * ups.ups) / ups.updates,
    },
  };
}
