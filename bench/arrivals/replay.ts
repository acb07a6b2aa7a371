/** Replays a day: every position is taken in its turn, every prediction is kept until its bus has come. */
import { ESTIMATE, estimate } from '../../agent/sign/arrivals/estimate.ts';
import { LEARN_GAP, TRUTH_GAP } from '../../agent/sign/arrivals/ledger.ts';
import { Links } from '../../agent/sign/arrivals/links.ts';
import { Pattern, type TimedStop } from '../../agent/sign/arrivals/pattern.ts';
import { Promises } from '../../agent/sign/arrivals/promise.ts';
import { Score } from '../../agent/sign/arrivals/score.ts';
import { APPROACH } from '../../agent/sign/arrivals/shown.ts';
import { TrackedTrip } from '../../agent/sign/arrivals/vehicle.ts';
import type { Ping } from './read.ts';
import { Rider } from './rider.ts';

const HORIZON = 1800;
const NAMES = ['timetable', 'distance over speed', 'delay propagation', 'ours, expected', 'ours'] as const;
const EXPECTED = 3;
const OURS = 4;
/** Ours in the minutes that stand on the screen. */
const SHOWN = 5;

interface Pending {
  readonly at: number;
  readonly predicted: number;
  readonly index: number;
  readonly estimator: number;
}

interface Followed {
  readonly key: string;
  readonly trip: TrackedTrip;
  pending: Pending[];
}

export type Replayed = ReturnType<typeof replay>;

export function replay(pings: readonly Ping[], trips: ReadonlyMap<string, readonly TimedStop[]>) {
  const links = new Links();
  const promises = new Promises();
  const scores = [...NAMES, 'shown'].map(() => new Score());
  const riders = NAMES.map((_, i) => new Rider(i === OURS));
  const followed = new Map<string, Followed>();
  let refused = 0;
  let predictions = 0;
  for (const ping of pings) {
    const stops = trips.get(ping.trip);
    if (stops === undefined || stops.length < 2) continue;
    const key = `${ping.vehicle}/${ping.trip}`;
    const one = followed.get(key) ?? { key, trip: new TrackedTrip(new Pattern(stops)), pending: [] };
    followed.set(key, one);
    const before = one.trip.last;
    const now = ping.time;
    const passed = one.trip.take(ping, now, links, ESTIMATE.terminal);
    if (typeof passed === 'string') {
      refused += 1;
      continue;
    }
    for (const { index, time, gap } of passed) {
      if (index < one.trip.pattern.stops.length - 1)
        for (const rider of riders) rider.arrived(`${key}/${index}`, time);
      for (const p of one.pending) {
        if (p.index !== index) continue;
        if (gap <= TRUTH_GAP) scores[p.estimator]?.add(p.at, p.predicted, time);
        if (gap <= LEARN_GAP && p.estimator === EXPECTED)
          promises.learn(p.predicted - p.at, time - p.predicted);
      }
      one.pending = one.pending.filter((p) => p.index !== index);
    }
    const last = one.trip.last;
    if (last === undefined) continue;
    const { pattern } = one.trip;
    const delay = now - pattern.timeAt(last.distance);
    const speed =
      before === undefined || last.time === before.time
        ? 6
        : Math.max(2, (last.distance - before.distance) / (last.time - before.time));
    const first = pattern.stops[0];
    const waits =
      first !== undefined && last.distance - first.distance < ESTIMATE.terminal && now < first.time;
    const keep = (estimator: number, index: number, predicted: number) => {
      predictions += 1;
      one.pending.push({ at: now, predicted, index, estimator });
    };
    const say = (estimator: number, index: number, predicted: number, near: boolean) => {
      if (predicted - now > HORIZON) return 0;
      keep(estimator, index, predicted);
      // At the last stop nobody boards, and no sign has a row; its minutes count as predictions alone.
      const rider = index === pattern.stops.length - 1 ? new Rider(estimator === OURS) : riders[estimator];
      return rider?.show(`${key}/${index}`, predicted - now, now, near) ?? 0;
    };
    for (const [index, stop] of pattern.stops.entries()) {
      if (stop.distance <= last.distance) continue;
      say(0, index, Math.max(now, stop.time), true);
      say(1, index, now + (stop.distance - last.distance) / speed, true);
      say(2, index, waits ? Math.max(now, stop.time) : Math.max(now, stop.time + delay), true);
    }
    for (const { index, time } of estimate(pattern, last, links, 0, HORIZON)) {
      const left = (pattern.stops[index]?.distance ?? 0) - last.distance;
      const near = time - now <= APPROACH.seconds || left <= APPROACH.metres;
      say(EXPECTED, index, time, true);
      const minutes = say(OURS, index, time - promises.margin(time - now), near);
      keep(SHOWN, index, now + minutes * 60);
    }
  }
  const until = pings.at(-1)?.time ?? 0;
  for (const rider of riders) rider.close(until);
  return {
    estimators: NAMES.map((name, i) => ({
      name,
      score: scores[i] as Score,
      rider: (riders[i] as Rider).figures(),
    })),
    shown: scores[SHOWN] as Score,
    trips: followed.size,
    pings: pings.length,
    refused,
    predictions,
  };
}

/** The last line of the bench. */
export function summaryOf({ estimators, shown }: Replayed) {
  const round = (value: number) => Math.round(value * 100) / 100;
  const of = (score: Score, rider?: (typeof estimators)[number]['rider']) => ({
    overall: round(score.overall()),
    buckets: score.buckets().map(({ accurate, mae, bias, count }) => ({
      accurate: round(accurate),
      mae: round(mae),
      bias: round(bias),
      count,
    })),
    ...(rider === undefined
      ? {}
      : { coverage: round(rider.coverage), jitter: round(rider.jitter), ghosts: round(rider.ghosts) }),
  });
  const ours = estimators[OURS];
  return {
    overall: round(ours?.score.overall() ?? 0),
    shown: round(shown.overall()),
    countUps: round(ours?.rider.jitter ?? 0),
    coverage: round(ours?.rider.coverage ?? 0),
    ghosts: round(ours?.rider.ghosts ?? 0),
    estimators: Object.fromEntries([
      ...estimators.map(({ name, score, rider }) => [name, of(score, rider)]),
      ['shown', of(shown)],
    ]),
  };
}
