/**
 * What one vehicle is doing, from its positions and from what its feed says: at its base, deadheading, waiting for its
 * departure, in progress, off its route, or silent. Only a bus in progress, and one that waits for a known departure, are
 * worth a row on a sign.
 */
import type { Phase } from '../../core/sign/arrival.ts';
import type { TransitPattern } from '../../core/sign/timetable.ts';
import type { TripReference, VehicleReport } from '../../core/sign/transit.ts';
import { Hypothesis, TERMINAL } from './hypothesis.ts';
import type { Links } from './links.ts';
import type { Fix } from './match.ts';
import type { Run, Runs } from './runs.ts';
import type { Passing } from './vehicle.ts';
import { metresBetween } from './way.ts';

/** Without a position for so long a vehicle is silent, s. */
export const SILENT = 300;
/** Metres within which it stands. */
const STANDS = 40;
/** Standing so long beside all ways is the base, s. */
const BASE_AFTER = 600;
/** Standing so long on the way, away from the terminal, it may stand for any time, s. */
export const STANDING_AFTER = 300;
/** A departure that is over by so much and has not been made is not known any more, s. */
export const OVERDUE = 300;
/** Delay within which a vehicle whose trip nobody names may be on a run, s. */
const EARLIEST = -300;
const LATEST = 1200;
/** Ways of a line that are tried at once. */
const MOST_WAYS = 12;

export interface TrackPassing extends Passing {
  readonly hypothesis: Hypothesis;
}

export class Track {
  readonly vehicle: string;
  #report: VehicleReport;
  /** s, as the sign's time has it. */
  #time = Number.NEGATIVE_INFINITY;
  #named = '';
  #hypotheses: Hypothesis[] = [];
  #stood: { readonly fix: Fix; readonly since: number } | undefined;

  constructor(report: VehicleReport) {
    this.vehicle = report.vehicle;
    this.#report = report;
  }

  get report(): VehicleReport {
    return this.#report;
  }

  /** Of its newest position, s. */
  get time(): number {
    return this.#time;
  }

  /** Since when it stands, s; undefined while it moves. */
  get standsSince(): number | undefined {
    return this.#stood?.since;
  }

  /** The best supposition: believed before not, then the one that lies nearest to its way. */
  get best(): Hypothesis | undefined {
    let best: Hypothesis | undefined;
    for (const one of this.#hypotheses) {
      if (one.lost || one.place === undefined) continue;
      if (best === undefined || rank(one) > rank(best)) best = one;
    }
    return best;
  }

  /** What its feed says it drives, if the timetable knows that; also where it is not seen to. */
  get meant(): Hypothesis | undefined {
    return this.#hypotheses.find((one) => one.named);
  }

  /**
   * Takes a report; gives the stops passed on the run that was believed before it. `time`: of the position, on the sign's
   * time. `taken`: keys of runs that other vehicles are on.
   */
  take(
    report: VehicleReport,
    time: number,
    now: number,
    runs: Runs,
    links: Links,
    taken: ReadonlySet<string>,
  ): readonly TrackPassing[] {
    if (time <= this.#time || time > now + 60) return [];
    const fix: Fix = { ...report.position, time };
    this.#report = report;
    this.#time = time;
    if (this.#stood === undefined || metresBetween(this.#stood.fix, fix) > STANDS) {
      this.#stood = { fix, since: time };
    }
    this.#suppose(report, fix, now, runs, taken);
    const before = this.best;
    const believed = before?.believed === true;
    let passed: readonly TrackPassing[] = [];
    for (const one of this.#hypotheses) {
      const followed = one.take(fix, now, one === before ? links : undefined);
      if (one === before && believed) passed = followed.passed.map((p) => ({ ...p, hypothesis: one }));
    }
    return passed;
  }

  phase(now: number): Phase {
    if (now - this.#time > SILENT) return 'silent';
    const { phase, trip } = this.#report;
    if (phase === 'at-base') return 'base';
    if (phase === 'deadhead' || phase === 'out-of-service') return this.#resting('deadhead');
    if (trip === undefined || (trip.trip === undefined && trip.line === undefined)) {
      return this.#resting('deadhead');
    }
    if (this.#hypotheses.length === 0) return this.#resting('deadhead');
    const best = this.best;
    if (best === undefined || best.astray) return this.#resting('off-route');
    if (phase === 'layover') return 'layover';
    if (best.waits) return 'layover';
    return best.believed ? 'in-progress' : this.#resting('off-route');
  }

  /** Away from every way, standing for long: its base. */
  #resting(otherwise: Phase): Phase {
    const stood = this.#stood;
    return stood !== undefined && this.#time - stood.since >= BASE_AFTER ? 'base' : otherwise;
  }

  /** What it may be driving, by what its feed says now; begun anew when that changes. */
  #suppose(report: VehicleReport, fix: Fix, now: number, runs: Runs, taken: ReadonlySet<string>): void {
    const { trip, phase } = report;
    const idle = phase === 'at-base' || phase === 'deadhead' || phase === 'out-of-service';
    if (trip === undefined || idle || trip.relationship === 'cancelled' || trip.relationship === 'deleted') {
      this.#named = '';
      this.#hypotheses = [];
      return;
    }
    const run = trip.trip === undefined ? undefined : runs.named(trip, fix.time);
    const name = run?.key ?? nameOf(trip);
    if (name !== this.#named) {
      this.#named = name;
      this.#hypotheses =
        run !== undefined
          ? [new Hypothesis(run.way, run.pattern, run.start, run, true, this.vehicle)]
          : this.#guesses(trip, fix, runs, taken);
      return;
    }
    // A guess that went wrong, or whose trip is over, is made anew from where the vehicle is now.
    if (run === undefined && (this.#hypotheses.length === 0 || this.#hypotheses.some((one) => one.spent))) {
      const good = this.#hypotheses.filter((one) => !one.spent);
      const fresh = this.#guesses(trip, fix, runs, taken);
      this.#hypotheses = [...good, ...fresh.filter(({ way }) => good.every((one) => one.way !== way))];
    }
    if (run !== undefined && now - this.#time > SILENT) {
      this.#hypotheses = [new Hypothesis(run.way, run.pattern, run.start, run, true, this.vehicle)];
    }
  }

  /** A line is named and no trip that the timetable knows: all its ways, each with the run that fits best. */
  #guesses(trip: TripReference, fix: Fix, runs: Runs, taken: ReadonlySet<string>): Hypothesis[] {
    if (trip.line === undefined || trip.relationship === 'added') return this.#strays(trip, fix, runs);
    const near = runs.between(fix.time - 3600, fix.time + 7200);
    const ways = new Set<TransitPattern>();
    const found: Hypothesis[] = [];
    for (const run of near) {
      const { line, direction } = run.way;
      if (line !== trip.line || (trip.direction !== undefined && direction !== trip.direction)) continue;
      if (ways.has(run.way) || ways.size >= MOST_WAYS) continue;
      ways.add(run.way);
      const fits = fitting(near, run.way, fix, taken);
      found.push(
        fits === undefined
          ? new Hypothesis(run.way, run.pattern, freeStart(run, fix), undefined, false, this.vehicle)
          : new Hypothesis(fits.way, fits.pattern, fits.start, fits, false, this.vehicle),
      );
    }
    return found.length === 0 ? this.#strays(trip, fix, runs) : found;
  }

  /** Outside of the timetable's hours, or beside it: the ways of the line, with no run. */
  #strays(trip: TripReference, fix: Fix, runs: Runs): Hypothesis[] {
    const { extract } = runs.timetable;
    const found: Hypothesis[] = [];
    for (const [index, way] of extract.patterns.entries()) {
      if (way.line !== trip.line || (trip.direction !== undefined && way.direction !== trip.direction))
        continue;
      const { profile } = extract.trips.find((one) => one.pattern === index) ?? {};
      const pattern = profile === undefined ? undefined : runs.patternOf(way, profile);
      if (pattern === undefined || found.length >= MOST_WAYS) continue;
      const place = pattern.project(fix, 0, pattern.length);
      const start = fix.time - pattern.timeAt(place?.distance ?? 0);
      found.push(new Hypothesis(way, pattern, start, undefined, false, this.vehicle));
    }
    return found;
  }
}

function rank(one: Hypothesis): number {
  return (
    (one.believed ? 1e6 : 0) + (one.run === undefined ? 0 : 50) + Math.min(one.forward, 1000) / 10 - one.off
  );
}

/** What a feed calls a trip, so that a change of it is seen. */
function nameOf({ trip, line, direction, date, start }: TripReference): string {
  return [trip ?? '', line ?? '', direction ?? '', date ?? '', start ?? ''].join('\n');
}

/** The run of a way whose timetable is nearest to where the vehicle is, within what buses are early or late. */
function fitting(
  near: readonly Run[],
  way: TransitPattern,
  fix: Fix,
  taken: ReadonlySet<string>,
): Run | undefined {
  let best: Run | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const run of near) {
    if (run.way !== way || run.loose || taken.has(run.key)) continue;
    const place = run.pattern.project(fix, 0, run.pattern.length);
    if (place === undefined || place.off > TERMINAL) continue;
    const delay = fix.time - (run.start + run.pattern.timeAt(place.distance));
    if (delay < EARLIEST || delay > LATEST) continue;
    if (Math.abs(delay) < least) [best, least] = [run, Math.abs(delay)];
  }
  return best;
}

/** The start of a run on which the vehicle would be in time. */
function freeStart(run: Run, fix: Fix): number {
  const place = run.pattern.project(fix, 0, run.pattern.length);
  return fix.time - run.pattern.timeAt(place?.distance ?? 0);
}
