/** What could stand on the sign now: every call that a vehicle, a prediction or the timetable speaks of, once. */
import type { ScheduledCall } from '../../core/sign/timetable.ts';
import type { Hypothesis } from './hypothesis.ts';
import type { Predictions, Told } from './predictions.ts';
import type { CallHere, Run, Runs } from './runs.ts';
import type { Track } from './track.ts';

export interface Candidate {
  /** Of the run and the call: the same as long as it is the same bus. */
  readonly key: string;
  readonly run?: Run;
  /** Of the run; absent for vehicles and predictions that the timetable has no run for. */
  readonly call?: CallHere;
  /** The vehicle on it, and the stop by its place in the pattern. */
  readonly track?: Track;
  readonly hypothesis?: Hypothesis;
  readonly index?: number;
  /** Where it calls, and what its line is. */
  readonly stop: string;
  readonly line: string;
  readonly direction?: 0 | 1;
  readonly told: readonly Told[];
}

type Open = { -readonly [key in keyof Candidate]: Candidate[key] } & { told: Told[] };

/** s that a scheduled call stays a candidate after its time: a late bus may still be told of. */
export const PAST = 900;

/** `from`…`to`: s; calls of the timetable between them. `timed`: whether the time of day is known. */
export function candidates(
  tracks: Iterable<Track>,
  predictions: Predictions,
  runs: Runs,
  now: number,
  horizon: number,
  timed: boolean,
): readonly Candidate[] {
  const found = new Map<string, Open>();
  for (const track of tracks) addTrack(found, track);
  for (const told of predictions.at(now)) addTold(found, told, runs, now + horizon);
  if (timed) {
    for (const run of runs.between(now - PAST, now + horizon)) {
      for (const here of run.here) {
        const { arrival } = here.call;
        if (here.boards && arrival / 1000 >= now - PAST && arrival / 1000 < now + horizon) {
          ofRun(found, run, here);
        }
      }
    }
  }
  return [...found.values()];
}

function ofRun(found: Map<string, Open>, run: Run, call: CallHere): Open {
  const key = `${run.key}/${call.index}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const { line, direction } = run.way;
  const fresh: Open = {
    key,
    run,
    call,
    index: call.index,
    stop: call.call.stop,
    line,
    ...(direction === undefined ? {} : { direction }),
    told: [],
  };
  found.set(key, fresh);
  return fresh;
}

function addTrack(found: Map<string, Open>, track: Track): void {
  const hypothesis = track.best ?? track.meant;
  if (hypothesis === undefined) return;
  const { run } = hypothesis;
  if (run !== undefined) {
    for (const call of run.here) {
      if (!call.boards) continue;
      const open = ofRun(found, run, call);
      // Two vehicles on one run: the one that is nearer to its timetable is it.
      if (open.hypothesis !== undefined && lateness(open.hypothesis) <= lateness(hypothesis)) continue;
      open.track = track;
      open.hypothesis = hypothesis;
    }
    return;
  }
  const { way } = hypothesis;
  for (const index of way.here) {
    const at = way.calls[index];
    if (at === undefined || index >= hypothesis.pattern.stops.length) continue;
    if (index === way.calls.length - 1 || at.pickup === 'no') continue;
    const key = `${hypothesis.key}/${index}`;
    found.set(key, {
      key,
      track,
      hypothesis,
      index,
      stop: at.stop,
      line: way.line,
      ...(way.direction === undefined ? {} : { direction: way.direction }),
      told: [],
    });
  }
}

function lateness({ place, pattern, start }: Hypothesis): number {
  return place === undefined
    ? Number.POSITIVE_INFINITY
    : Math.abs(place.time - start - pattern.timeAt(place.distance));
}

function addTold(found: Map<string, Open>, told: Told, runs: Runs, latest: number): void {
  const { prediction, run } = told;
  if (run !== undefined) {
    const call = calledAt(run, prediction);
    if (call?.boards === true) ofRun(found, run, call).told.push(told);
    return;
  }
  const due = prediction.departure ?? prediction.arrival;
  if (due === undefined || due / 1000 > latest) return;
  const { line, direction } = prediction.trip;
  // A bus that is seen and a bus that is told of are one, if it is the same vehicle.
  for (const open of found.values()) {
    if (
      open.run === undefined &&
      prediction.vehicle !== undefined &&
      open.track?.vehicle === prediction.vehicle
    ) {
      open.told.push(told);
      return;
    }
  }
  const known = line ?? lineOf(runs, prediction.trip.trip);
  if (known === undefined) return;
  const key = `${told.key}/${prediction.stop}`;
  const open = found.get(key);
  if (open !== undefined) open.told.push(told);
  else
    found.set(key, {
      key,
      stop: prediction.stop,
      line: known,
      ...(direction === undefined ? {} : { direction }),
      told: [told],
    });
}

/** A copy of a trip is of the line of the trip it copies. */
function lineOf(runs: Runs, trip: string | undefined): string | undefined {
  const known = trip === undefined ? undefined : runs.timetable.trips.get(trip);
  return known && runs.timetable.extract.patterns[known.pattern]?.line;
}

function calledAt(run: Run, { stop, sequence }: Told['prediction']): CallHere | undefined {
  const calls = run.here.filter(({ call }) => sequenceOf(call) === sequence || sequence === undefined);
  return (
    calls.find(({ call }) => call.stop === stop) ??
    // Another platform than planned.
    (calls.length === 1 ? calls[0] : run.here.find(({ call }) => call.stop === stop))
  );
}

function sequenceOf({ pattern, call }: ScheduledCall): number | undefined {
  return pattern.calls[call]?.sequence;
}
