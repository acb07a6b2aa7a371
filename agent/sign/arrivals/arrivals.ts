/**
 * The arrivals of a sign while the agent runs: takes what feeds bring, tells everybody the board once a second where it has
 * changed, publishes what others may use, scores the day, and keeps what was learned.
 */
import { rm } from 'node:fs/promises';
import { asAgentError } from '../../core/errors.ts';
import type { Publisher } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import { bad, good, type Value } from '../../core/reading.ts';
import type { ArrivalBoard, Arrivals } from '../../core/sign/arrival.ts';
import { DAY_POINTS, NOW_PERIOD, NOW_POINTS } from '../../core/sign/points.ts';
import type { SignConfig } from '../../core/sign/sign.ts';
import type { FeedState, TripPrediction, VehicleReport } from '../../core/sign/transit.ts';
import type { Clock } from '../../core/time/clock.ts';
import { LocalTime } from '../../core/time/local-time.ts';
import type { Timetable } from '../timetable/timetable.ts';
import { dayFigures } from './day.ts';
import { dueOf } from './due.ts';
import { ArrivalEngine } from './engine.ts';
import { type LearnedFile, type LearnedResult, readLearned } from './learned.ts';
import { LearnedStore } from './store.ts';
import { SignTime } from './time.ts';

/** ms of street time from board to board; where the street runs fast, no shorter in life than the other. */
const TICK = 1000;
const SHORTEST_TICK = 100;
/** What comes within this is reckoned with together, ms: a bus a message, a hundred buses. */
const TOGETHER = 50;
/** A source that has been heard within this is fresh, ms. */
const ONLINE = 90_000;

export interface ArrivalsOptions {
  readonly sign: SignConfig;
  readonly timezone: string;
  readonly clock: Clock;
  readonly hub: Publisher;
  readonly log: Log;
  /** File of what was learned. */
  readonly file: string;
  /** How the feeds do. */
  readonly feeds: () => readonly FeedState[];
}

const EMPTY: ArrivalBoard = {
  at: 0,
  clock: 'untrusted',
  version: 0,
  rows: [],
  lines: [],
  sources: [],
  timetable: 'missing',
};

export class SignArrivals implements Arrivals, AsyncDisposable {
  readonly #options: ArrivalsOptions;
  readonly #time: SignTime;
  readonly #local: LocalTime;
  readonly #store: LearnedStore;
  readonly #listeners = new Set<(board: ArrivalBoard) => void>();
  #kept: LearnedFile | undefined;
  #engine: ArrivalEngine | undefined;
  #board: ArrivalBoard = EMPTY;
  #signature = '';
  #timer: Disposable | undefined;
  #pending: Disposable | undefined;
  #date = '';
  readonly #due = new Set<string>();
  #told = new Map<string, { readonly value: Value | null; readonly at: number }>();
  #complaint = '';

  private constructor(options: ArrivalsOptions, learned: LearnedFile | undefined) {
    const { clock, log, file } = options;
    this.#options = options;
    this.#time = new SignTime(clock);
    this.#local = new LocalTime(options.timezone);
    this.#kept = learned;
    this.#date = learned?.date ?? '';
    this.#store = new LearnedStore({ file, clock, log, learned: () => this.#learned() });
    this.#tick();
  }

  /** Takes up what was learned; what is damaged is thrown away, which is told. Never rejects. */
  static async start(options: ArrivalsOptions): Promise<SignArrivals> {
    const result = readLearned(options.file);
    if (result.kind === 'damaged') await thrownAway(options, result);
    return new SignArrivals(options, result.kind === 'read' ? result.learned : undefined);
  }

  get engine(): ArrivalEngine | undefined {
    return this.#engine;
  }

  /** The timetable to go by from now on; what was learned stays. Undefined: there is none that can be read. */
  use(timetable: Timetable | undefined): void {
    if (this.#engine !== undefined) this.#kept = this.#learned();
    const learned = this.#kept;
    this.#engine =
      timetable === undefined
        ? undefined
        : new ArrivalEngine({
            timetable,
            horizon: this.#options.sign.horizon / 1000,
            ...(learned === undefined ? {} : { learned }),
          });
    this.#compute();
  }

  vehicles(reports: readonly VehicleReport[]): void {
    for (const report of reports) {
      const { time, sent = time, received } = report;
      this.#time.tell(Math.max(time, sent), received);
    }
    const arrived = this.#engine?.vehicles(reports, this.#time.now()) ?? [];
    if (arrived.length > 0) this.#store.touch();
    this.#soon();
  }

  predictions(source: string, predictions: readonly TripPrediction[], whole: boolean): void {
    for (const { sent, time = sent, received } of predictions) {
      if (time !== undefined) this.#time.tell(time, received);
    }
    const reckoned = ({ time, sent, received }: TripPrediction) => time ?? sent ?? this.#time.at(received);
    this.#engine?.predictions(source, predictions, whole, this.#time.now(), reckoned);
    this.#soon();
  }

  board(): ArrivalBoard {
    return this.#board;
  }

  onBoard(listener: (board: ArrivalBoard) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#pending?.[Symbol.dispose]();
    if (this.#engine !== undefined) this.#store.touch();
    await this.#store[Symbol.asyncDispose]();
  }

  #tick(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(Math.max(SHORTEST_TICK, TICK / clock.mapping().rate), () => {
      this.#tick();
      this.#compute();
      this.#day();
    });
  }

  #soon(): void {
    this.#pending ??= this.#options.clock.after(TOGETHER, () => this.#compute());
  }

  #compute(): void {
    this.#pending?.[Symbol.dispose]();
    this.#pending = undefined;
    try {
      const now = this.#time.now();
      const engine = this.#engine;
      if (engine !== undefined) engine.offset = this.#local.offset(now) / 1000;
      const { rows, lines } = engine?.board(now, this.#time.known) ?? { rows: [], lines: [] };
      const sources = this.#options.feeds();
      const board = {
        at: now,
        clock: this.#time.trusted ? ('trusted' as const) : ('untrusted' as const),
        rows,
        lines,
        sources,
        ...this.#offline(sources, now),
        timetable: this.#validity(now),
      };
      this.#tell(board);
      this.#publish(board.rows, now);
      this.#complaint = '';
    } catch (thrown) {
      const { message } = asAgentError(thrown);
      if (message !== this.#complaint) this.#options.log.error('sign.arrivals-failed', { error: message });
      this.#complaint = message;
    }
  }

  #validity(now: number): ArrivalBoard['timetable'] {
    if (this.#engine === undefined) return 'missing';
    if (!this.#time.known) return 'valid';
    const { timetable } = this.#engine;
    return timetable.covers(timetable.days.dateOf(now)) ? 'valid' : 'expired';
  }

  /** Since when nothing new came from outside. */
  #offline(sources: readonly FeedState[], now: number): Pick<ArrivalBoard, 'offlineSince'> {
    if (sources.length === 0) return {};
    const news = sources.map(({ lastNew = Number.NEGATIVE_INFINITY }) => lastNew);
    const newest = Math.max(...news);
    if (!Number.isFinite(newest)) {
      const since = Math.min(...sources.map((one) => one.since));
      return { offlineSince: Math.round(this.#time.at(since)) };
    }
    const at = this.#time.at(newest);
    return now - at <= ONLINE ? {} : { offlineSince: Math.round(at) };
  }

  /** Listeners hear of what has changed, ages apart, and at least each ten seconds. */
  #tell(board: Omit<ArrivalBoard, 'version'>): void {
    const { at, sources, ...rest } = board;
    const signature = JSON.stringify([
      { ...rest, rows: rest.rows.map(({ age: _, why, ...row }) => [row, why.because]) },
      sources.map(({ feed, condition }) => [feed, condition]),
      Math.floor(at / 10_000),
    ]);
    const changed = signature !== this.#signature;
    this.#signature = signature;
    this.#board = { ...board, version: this.#board.version + (changed ? 1 : 0) };
    if (!changed) return;
    for (const listener of this.#listeners) {
      try {
        listener(this.#board);
      } catch (thrown) {
        this.#listeners.delete(listener);
        this.#options.log.error('sign.listener-failed', { error: asAgentError(thrown).message });
      }
    }
  }

  /** A bus due soon is for others, too: readings they can have conditions on, and an event for each bus. */
  #publish(rows: ArrivalBoard['rows'], now: number): void {
    const { sign, hub, clock } = this.#options;
    const { next, buses, due } = dueOf(rows, now, sign.due);
    const values: Readonly<Record<string, Value | null>> = {
      'bus-due': due.length > 0,
      'bus-due-in': next === undefined ? null : Math.round(next / 1000),
      buses,
    };
    const mono = clock.mono();
    const readings = NOW_POINTS.flatMap(({ id: point, unit }) => {
      const value = values[point] ?? null;
      const before = this.#told.get(point);
      // Seconds change all the time: they are told with the rest, and when there is a bus or none.
      const news =
        before === undefined ||
        (point === 'bus-due-in' ? (before.value === null) !== (value === null) : before.value !== value);
      if (!news && mono - (before?.at ?? 0) < NOW_PERIOD / clock.mapping().rate) return [];
      this.#told.set(point, { value, at: mono });
      const at = { device: sign.id, point, unit };
      return [value === null ? bad(at, 'not-available', mono) : good(at, value, mono)];
    });
    if (readings.length > 0) hub.readings(readings);
    for (const key of this.#due) if (!rows.some((row) => row.key === key)) this.#due.delete(key);
    for (const { key, line, lineName, trip, vehicle, stop, why } of due) {
      if (this.#due.has(key)) continue;
      this.#due.add(key);
      hub.event({
        event: 'sign',
        severity: 'info',
        device: sign.id,
        time: mono,
        body: {
          what: 'bus-due',
          line,
          name: lineName.text,
          stop,
          ...(trip === undefined ? {} : { trip }),
          ...(vehicle === undefined ? {} : { vehicle }),
          in_s: Math.max(0, Math.round(((why.expected ?? now) - now) / 1000)),
        },
      });
    }
  }

  /** At midnight the figures of the day leave, and the day's links become usual ones. */
  #day(): void {
    const engine = this.#engine;
    if (engine === undefined || !this.#time.trusted) return;
    const now = this.#time.now();
    const date = this.#local.text(now).slice(0, 8);
    if (date === this.#date) return;
    const before = this.#date;
    this.#date = date;
    if (before !== '' && before < date) {
      const { hub, sign, clock } = this.#options;
      const values = dayFigures(engine.ledger.tallies);
      const { mono, wall, rate } = clock.mapping();
      // The figures belong to the day that is over: its last millisecond.
      const end = this.#local.dayStart(this.#local.day(now)) - 1;
      const time = Math.min(clock.mono(), mono + (end - wall) / rate);
      hub.readings(
        DAY_POINTS.map(({ id: point, unit }) => {
          const at = { device: sign.id, point, unit };
          const value = values[point] ?? null;
          return value === null ? bad(at, 'not-available', time) : good(at, value, time);
        }),
      );
      engine.nextDay();
      this.#store.touch();
    }
  }

  #learned(): LearnedFile {
    const learned = this.#engine?.learned() ?? this.#kept;
    if (learned === undefined) throw new TypeError('nothing was learned');
    return { ...learned, date: this.#date };
  }
}

async function thrownAway(
  { sign, hub, clock, log, file }: ArrivalsOptions,
  { why }: Extract<LearnedResult, { kind: 'damaged' }>,
): Promise<void> {
  log.warn('sign.learned-damaged', { file, why });
  hub.event({
    event: 'sign',
    severity: 'warning',
    device: sign.id,
    time: clock.mono(),
    body: { what: 'learned-thrown-away', why, fix: 'none is needed: the sign learns anew within a day' },
  });
  await rm(file, { force: true }).catch(() => {});
}
