/**
 * The arrivals of one stop: takes positions and predictions, gives rows. Keeps no clock and touches no disk, so that it is
 * the same in the field, in tests and in benches. Moments that come in are Unix epoch ms of the sign's time (time.ts).
 */
import type { ArrivalRow, LineBoard, Phase } from '../../core/sign/arrival.ts';
import type { TripPrediction, VehicleReport } from '../../core/sign/transit.ts';
import type { Timetable } from '../timetable/timetable.ts';
import { type Candidate, candidates, PAST } from './candidates.ts';
import { AGES, type Evaluated, evaluate } from './evaluate.ts';
import { Habits } from './habits.ts';
import { headwayOf } from './headway.ts';
import type { Learned } from './learned.ts';
import { Ledger } from './ledger.ts';
import { directionKey, LineCalls, lineBoards } from './lines.ts';
import { Links } from './links.ts';
import { Predictions } from './predictions.ts';
import { Promises } from './promise.ts';
import { headwayRow, type Minutes, rowOf } from './row.ts';
import { keyOf, Runs } from './runs.ts';
import { ShownRow } from './shown.ts';
import { Skills } from './skill.ts';
import { Track } from './track.ts';

/** A vehicle that has said nothing for so long is forgotten, s. */
const FORGET = 1800;
/** What is past is remembered so long, s: a late prediction must not bring a bus back. */
const REMEMBER = 7200;
/** A bus that has not come so long after its time was not seen here, s. */
const MISSED = PAST + AGES.stops;
/** Data older than this must not stand on the sign unmarked (GTFS-realtime best practices), s. */
const FROZEN = 90;

export interface EngineOptions {
  readonly timetable: Timetable;
  /** s */
  readonly horizon: number;
  readonly learned?: Learned;
}

/** A bus seen at the stop. */
export interface Arrival {
  readonly key: string;
  readonly line: string;
  readonly vehicle: string;
  readonly trip?: string;
  /** Unix epoch ms, and how sure: half of the time between the positions before and after, ms. */
  readonly time: number;
  readonly gap: number;
}

export interface EngineBoard {
  readonly rows: readonly ArrivalRow[];
  readonly lines: readonly LineBoard[];
}

interface Memory {
  readonly shown: ShownRow;
  /** What the last promise was made of. */
  heard: string;
  beyond: number;
  beyondAt: number;
  last: number;
}

export class ArrivalEngine {
  readonly timetable: Timetable;
  readonly #runs: Runs;
  readonly #lineCalls: LineCalls;
  readonly #horizon: number;
  readonly #tracks = new Map<string, Track>();
  readonly #predictions = new Predictions();
  readonly #links: Links;
  readonly #habits: Habits;
  readonly #promises: Promises;
  readonly #skills: Skills;
  readonly #ledger: Ledger;
  readonly #memories = new Map<string, Memory>();
  /** Calls of the timetable whose time went by and whose bus was not seen, with when they were due, s. */
  readonly #overdue = new Map<string, number>();
  /** Calls that a bus was seen to leave, with when, s. */
  readonly #gone = new Map<string, number>();
  #boardAt: number | undefined;
  /** When the sign began to look, s: what was due before it is not missed. */
  #since: number | undefined;

  constructor({ timetable, horizon, learned }: EngineOptions) {
    this.timetable = timetable;
    this.#horizon = horizon;
    this.#runs = new Runs(timetable);
    this.#lineCalls = new LineCalls(timetable);
    this.#habits = new Habits(learned?.habits);
    this.#links = new Links(undefined, this.#habits, learned?.links);
    this.#promises = new Promises(learned?.promises);
    this.#skills = new Skills(learned?.skills);
    this.#ledger = new Ledger(this.#skills, this.#promises, learned?.figures);
  }

  /** Local time is so much ahead of UTC, s: what is usual is so by the hour of the day. */
  set offset(seconds: number) {
    this.#habits.offset = seconds;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** What is worth keeping over a restart. */
  learned(): Learned {
    return {
      links: this.#links.memory(),
      habits: this.#habits.memory(),
      promises: this.#promises.memory(),
      skills: this.#skills.memory(),
      figures: this.#ledger.tallies.figures(),
    };
  }

  /** Forgets the figures of the day, which have been sent, and files today's link times. */
  nextDay(): void {
    this.#ledger.tallies.clear();
    this.#habits.file();
  }

  /** What each vehicle is doing at `now`, ms. */
  phases(now: number): readonly { readonly vehicle: string; readonly phase: Phase }[] {
    return [...this.#tracks.values()].map((track) => ({
      vehicle: track.vehicle,
      phase: track.phase(now / 1000),
    }));
  }

  /** `time` of each report is on the sign's time. Gives the arrivals here that they show. */
  vehicles(reports: readonly VehicleReport[], now: number): readonly Arrival[] {
    const at = now / 1000;
    const arrivals: Arrival[] = [];
    for (const report of reports.toSorted((a, b) => a.time - b.time)) {
      const known = this.#tracks.get(report.vehicle);
      const track = known ?? new Track(report);
      if (known === undefined) this.#tracks.set(report.vehicle, track);
      const taken = known === undefined || track.best?.run === undefined ? this.#taken(track) : NONE;
      const passed = track.take(report, report.time / 1000, at, this.#runs, this.#links, taken);
      for (const { index, time, gap, hypothesis } of passed) {
        const { run, way } = hypothesis;
        if (!way.here.includes(index)) continue;
        const key = `${hypothesis.key}/${index}`;
        const trip = run?.here[0].call.trip.id;
        arrivals.push({
          key,
          line: way.line,
          vehicle: track.vehicle,
          ...(trip === undefined ? {} : { trip }),
          time: time * 1000,
          gap: gap * 1000,
        });
        const call = run?.here.find((one) => one.index === index);
        if (call !== undefined) this.#habits.late(way.line, call.call.arrival / 1000, time);
        this.#overdue.delete(key);
        this.#ledger.arrived(key, time, gap);
      }
    }
    return arrivals;
  }

  /** `timeOf`: when one was reckoned, ms of the sign's time. */
  predictions(
    source: string,
    list: readonly TripPrediction[],
    whole: boolean,
    now: number,
    timeOf: (prediction: TripPrediction) => number,
  ): void {
    const inSeconds = (one: TripPrediction) => timeOf(one) / 1000;
    this.#predictions.take(source, list, whole, inSeconds, this.#runs, now / 1000);
  }

  /** Rows and lines at `now`, ms. `timed`: whether the time of day is known; without it there is no timetable. */
  board(now: number, timed: boolean): EngineBoard {
    const at = now / 1000;
    if (timed) this.#since ??= at;
    this.#forget(at);
    const rows: ArrivalRow[] = [];
    const skipped = new Set<string>();
    for (const candidate of candidates(
      this.#tracks.values(),
      this.#predictions,
      this.#runs,
      at,
      this.#horizon,
      timed,
    )) {
      if (candidate.told.some(({ prediction }) => prediction.relationship === 'skipped')) {
        skipped.add(directionKey(candidate));
      }
      const row = this.#row(candidate, at, timed);
      if (row !== undefined) rows.push(row);
    }
    rows.push(...this.#headways(rows, now, timed));
    rows.sort(inOrder);
    this.#note(rows, at);
    const left = (call: Parameters<typeof keyOf>[0] & { readonly call: number }) =>
      this.#gone.has(`${keyOf(call)}/${call.call}`);
    const input = {
      timetable: this.timetable,
      known: this.#lineCalls,
      now,
      horizon: this.#horizon * 1000,
      rows,
      skipped,
      timed,
      left,
    };
    return { rows, lines: lineBoards(input) };
  }

  #row(candidate: Candidate, now: number, timed: boolean): ArrivalRow | undefined {
    const { key } = candidate;
    if (this.#gone.has(key)) return undefined;
    // The runs of a headway are no timetable: only what is seen or told of them counts.
    if (candidate.run?.loose === true && candidate.track === undefined && candidate.told.length === 0) {
      return undefined;
    }
    const verdict = evaluate(candidate, now, this.#horizon, {
      links: this.#links,
      skills: this.#skills,
      beyond: (one) => this.#beyond(one, now),
    });
    if (verdict === 'none') return undefined;
    if (verdict === 'gone') {
      this.#gone.set(key, now);
      this.#memories.delete(key);
      return undefined;
    }
    const scheduled = candidate.call === undefined ? undefined : candidate.call.call.arrival / 1000;
    const late = scheduled === undefined ? 0 : this.#habits.lateness(candidate.line, scheduled);
    const row = rowOf(
      candidate,
      verdict,
      this.timetable,
      this.#lineCalls,
      now,
      timed,
      this.#minutes(candidate, verdict, scheduled, late, now),
    );
    // Its time is over and nobody has seen it yet; it is missed when it does not come late, either.
    if (row !== undefined) this.#overdue.delete(key);
    const planned = verdict.state === 'timetable';
    if (
      row === undefined &&
      planned &&
      scheduled !== undefined &&
      timed &&
      scheduled >= (this.#since ?? now)
    ) {
      this.#overdue.set(key, scheduled);
    }
    return row;
  }

  /** What is promised, learned and held; told to the ledger when something new was heard. */
  #minutes(
    candidate: Candidate,
    { fused, approaching, state }: Evaluated,
    scheduled: number | undefined,
    late: number,
    now: number,
  ): Minutes {
    const { key, track, told } = candidate;
    if (fused === undefined) return { learned: late };
    const memory = this.#memory(key, now);
    const heard = [
      track?.time ?? '',
      ...told.map(({ prediction, time }) => `${time}:${prediction.arrival ?? prediction.departure ?? ''}`),
    ].join(' ');
    const left = fused.expected - now;
    const margin = this.#promises.margin(left);
    const before = memory.shown.at(now, approaching);
    if (heard !== memory.heard) {
      memory.heard = heard;
      const minutes = memory.shown.promise(left - margin, now, approaching);
      if (state !== 'cancelled') {
        const promised = fused.expected - margin;
        const said = { key, at: now, expected: fused.expected, promised, minutes, scheduled };
        this.#ledger.say({ ...said, sources: fused.sources }, before);
      }
    }
    const minutes = memory.shown.at(now, approaching) ?? 0;
    if (minutes === 0) this.#ledger.zero(key, now);
    return { minutes, due: memory.shown.due ?? now, margin, held: memory.shown.held, learned: late };
  }

  #memory(key: string, now: number): Memory {
    const known = this.#memories.get(key);
    if (known !== undefined) {
      known.last = now;
      return known;
    }
    const fresh = { shown: new ShownRow(), heard: '', beyond: 0, beyondAt: 0, last: now };
    this.#memories.set(key, fresh);
    return fresh;
  }

  /** How many positions lay behind the stop. */
  #beyond({ key, track }: Candidate, now: number): number {
    const memory = this.#memory(key, now);
    if (track !== undefined && track.time > memory.beyondAt) {
      memory.beyond += 1;
      memory.beyondAt = track.time;
    }
    return memory.beyond;
  }

  /** One row a line and direction where buses run at a headway, or where the timetable has ended, and none is seen. */
  #headways(rows: readonly ArrivalRow[], now: number, timed: boolean): readonly ArrivalRow[] {
    if (!timed) return [];
    const loose = new Set(rows.filter(({ state }) => state !== 'cancelled').map(directionKey));
    return this.timetable.directions().flatMap((at) => {
      if (loose.has(directionKey(at))) return [];
      const headway = headwayOf(this.timetable, at, now);
      return headway === undefined ? [] : (headwayRow(at, headway, this.timetable, now) ?? []);
    });
  }

  /** Minutes of old data that stand there: told as freeze time. */
  #note(rows: readonly ArrivalRow[], now: number): void {
    const passed = this.#boardAt === undefined ? 0 : Math.min(60, Math.max(0, now - this.#boardAt));
    this.#boardAt = now;
    const old = rows.filter(({ minutes, age }) => minutes !== undefined && age !== undefined && age > FROZEN);
    this.#ledger.frozen(passed * old.length);
  }

  #taken(but: Track): ReadonlySet<string> {
    const taken = new Set<string>();
    for (const track of this.#tracks.values()) {
      const run = track === but ? undefined : track.best?.run;
      if (run !== undefined) taken.add(run.key);
    }
    return taken;
  }

  #forget(now: number): void {
    for (const [id, track] of this.#tracks) if (now - track.time > FORGET) this.#tracks.delete(id);
    for (const [key, at] of this.#gone) if (now - at > REMEMBER) this.#gone.delete(key);
    for (const [key, { last }] of this.#memories) {
      if (now - last > PAST + AGES.stops) this.#memories.delete(key);
    }
    for (const [key, due] of this.#overdue) {
      if (now - due <= MISSED) continue;
      this.#overdue.delete(key);
      this.#ledger.missed(key, now);
    }
    this.#ledger.sweep(now);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Minutes first, soonest first; then places; then the timetable by its time; headways last. */
function inOrder(a: ArrivalRow, b: ArrivalRow): number {
  return moment(a) - moment(b) || a.key.localeCompare(b.key);
}

function moment({ why, scheduled, state }: ArrivalRow): number {
  if (state === 'headway') return Number.MAX_SAFE_INTEGER;
  return why.expected ?? scheduled ?? Number.MAX_SAFE_INTEGER - 1;
}
