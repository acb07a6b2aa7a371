/**
 * The energy account on main: asks its thread at the end of every quarter of an hour and publishes what it says; tells
 * of branches that do not add up; watches demand reading by reading.
 */

import type { BranchBalance, CompletenessRow, DemandState } from '../../core/energy/account.ts';
import type { EnergyConfig, RegisterMeter } from '../../core/energy/energy.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Point } from '../../core/point.ts';
import { bad, good, type Reading, type Reason, uncertain } from '../../core/reading.ts';
import type { Json } from '../../core/record.ts';
import type { Remote } from '../../core/rpc.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { BillCalendar } from './calendar.ts';
import type { EnergyCalls } from './calls.ts';
import { DemandAlert } from './demand-alert.ts';
import { DemandFeed, demandTerms } from './demand-feed.ts';
import { energyDescription, POINTS } from './points.ts';
import { type LastTotal, Totals } from './totals.ts';

const QUARTER = 900_000;
const MINUTE = 60_000;
/** Readings of a quarter are in the log so long after its end, ms. */
const SETTLE = 20_000;
/** Wait for a clock that can be trusted, and after a failure, ms. */
const AGAIN = 10_000;

export interface EnergyOptions {
  readonly config: EnergyConfig;
  readonly timezone: string;
  readonly settlementDay: number;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  /** Rejects while the thread is not running. */
  readonly calls: Remote<EnergyCalls>;
  /** Last numbers of points of the account, from the log. */
  readonly latest: (points: readonly string[]) => Promise<readonly LastTotal[]>;
}

export interface Energy extends Disposable {
  demand(): DemandState | undefined;
}

export function startEnergy(options: EnergyOptions): Energy {
  return new EnergyController(options);
}

class EnergyController implements Energy {
  readonly #options: EnergyOptions;
  readonly #days: LocalDays;
  readonly #calendar: BillCalendar;
  readonly #points: ReadonlyMap<string, Point>;
  readonly #totals: Totals;
  readonly #demand: DemandFeed | undefined;
  readonly #alert = new DemandAlert();
  readonly #end = new AbortController();
  readonly #stack = new DisposableStack();
  #timer: Disposable | undefined;
  /** End of the last quarter that was told, and the local day that was told last. */
  #done = Number.NEGATIVE_INFINITY;
  #dayTold = Number.NEGATIVE_INFINITY;
  #month: { readonly from: number; readonly to: number; readonly row: CompletenessRow } | undefined;
  readonly #differing = new Set<string>();
  #told = '';

  constructor(options: EnergyOptions) {
    const { config, clock, hub, timezone, settlementDay } = options;
    this.#options = options;
    this.#days = new LocalDays(timezone);
    this.#calendar = new BillCalendar(this.#days, settlementDay, config);
    this.#points = new Map(energyDescription(config).points.map((point) => [point.id, point]));
    this.#totals = new Totals(config);
    const limit = config.demandLimit;
    const meter = config.meters.find(
      (one): one is RegisterMeter => one.kind === 'register' && one.id === limit?.meter,
    );
    if (limit !== undefined && meter !== undefined) {
      const feed = new DemandFeed(meter, { ...demandTerms(config, meter.id), limit: limit.kw });
      this.#demand = feed;
      this.#stack.use(hub.onReadings((readings) => this.#read(feed, readings)));
      this.#everyMinute(feed);
    }
    this.#stack.use(clock.onMapping(() => this.#schedule()));
    this.#schedule();
  }

  demand(): DemandState | undefined {
    return this.#demand?.watch.state();
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    this.#timer?.[Symbol.dispose]();
    this.#stack[Symbol.dispose]();
  }

  #now(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  #schedule(): void {
    if (this.#end.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    const { clock } = this.#options;
    const { rank, rate } = clock.mapping();
    if (!trusted(rank)) {
      this.#timer = clock.after(AGAIN, () => this.#schedule());
      return;
    }
    const now = this.#now();
    const last = Math.floor(now / QUARTER) * QUARTER;
    // The quarter that ended before the start is told at once.
    const next = last > this.#done ? last : last + QUARTER;
    this.#timer = clock.after(Math.max(0, next + SETTLE - now) / rate, () => {
      // A clock that was set in between makes another plan.
      if (this.#now() < next) return this.#schedule();
      this.#run(next).then(
        () => {
          this.#done = next;
          this.#told = '';
          this.#schedule();
        },
        (thrown: unknown) => {
          this.#complain(thrown);
          if (!this.#end.signal.aborted) this.#timer = clock.after(AGAIN, () => this.#schedule());
        },
      );
    });
  }

  async #run(end: number): Promise<void> {
    const { calls } = this.#options;
    await this.#remember(end);
    const day = this.#days.start(end - 1);
    const tick = await calls.tick(day, end, this.#totals.counting(end));
    if (this.#end.signal.aborted) return;
    // Figures belong to the period that they close.
    const at = end - 1;
    this.#percent(POINTS.today, tick.today.share, at);
    this.#publish(
      this.#totals
        .take(tick.counted, end)
        .flatMap(({ point, value, time, quality }) =>
          this.#reading(point, value, time, quality === 'estimated' ? 'substituted' : undefined),
        ),
    );
    for (const branch of tick.branches) this.#branch(branch, end);
    await this.#monthSoFar(day, tick.today, at);
    // The day that has ended with this quarter, or ended while the agent was off.
    const ended = this.#days.start(end) === end ? day : this.#days.start(day - 1);
    if (ended <= this.#dayTold) return;
    await this.#closeDay(ended, this.#dayTold === Number.NEGATIVE_INFINITY);
    this.#dayTold = ended;
  }

  /** Where the sums stood at the last stop, and the highest demand of the period: from the log, once. */
  async #remember(end: number): Promise<void> {
    if (this.#done !== Number.NEGATIVE_INFINITY) return;
    const { latest, calls } = this.#options;
    this.#totals.restore(await latest(this.#totals.points));
    const feed = this.#demand;
    if (feed === undefined) return;
    const { from } = this.#calendar.period(this.#calendar.monthOf(end - 1));
    const { kw, at } = await calls.demand(feed.meter.id, feed.windows, from, end);
    if (kw !== null && at !== null) feed.watch.highest = { kw, at };
  }

  async #monthSoFar(day: number, today: CompletenessRow, at: number): Promise<void> {
    const { from } = this.#calendar.period(this.#calendar.monthOf(at));
    const to = Math.max(from, day);
    if (this.#month?.from !== from || this.#month.to !== to) {
      const row =
        from === to ? { ...today, due: 0, valid: 0 } : (await this.#options.calls.day(from, to)).row;
      this.#month = { from, to, row };
    }
    const due = this.#month.row.due + today.due;
    const valid = this.#month.row.valid + today.valid;
    this.#percent(POINTS.month, due === 0 ? null : valid / due, at);
  }

  /** `again`: it may have been told by the agent before its last start. */
  async #closeDay(day: number, again: boolean): Promise<void> {
    const { calls, latest } = this.#options;
    const next = this.#days.next(day);
    if (again) {
      const [known] = await latest([POINTS.day]);
      // Rollups keep times to 10 ms.
      if (known !== undefined && known.time > next - 1000) return;
    }
    const { row, coverage } = await calls.day(day, next);
    if (row.due === 0) return;
    const at = next - 1;
    this.#percent(POINTS.day, row.share, at);
    this.#percent(POINTS.repaired, row.shareRepaired, at);
    const share = coverage.find(({ carrier }) => carrier === 'electricity')?.share ?? null;
    this.#percent(POINTS.coverage, share, at);
  }

  /** Told when a branch begins not to add up, and when it adds up again. */
  #branch(branch: BranchBalance, end: number): void {
    const { circuit, state, title } = branch;
    const differs = state === 'differs';
    if (state === 'unknown' || differs === this.#differing.has(circuit)) return;
    if (differs) this.#differing.add(circuit);
    else this.#differing.delete(circuit);
    const { main, subs, loss, difference, share, tolerance } = branch;
    const facts = { main, subs, loss, difference, share, tolerance, hours: 24 };
    this.#say(differs ? 'branch-differs' : 'branch-balanced', differs ? 'warning' : 'info', end, {
      branch: circuit,
      title: title.en,
      ...facts,
    });
  }

  #read(feed: DemandFeed, readings: readonly Reading[]): void {
    const mapping = this.#options.clock.mapping();
    if (!trusted(mapping.rank)) return;
    let taken = false;
    for (const reading of readings) taken = feed.take(reading, wallAt(mapping, reading.time).time) || taken;
    if (!taken) return;
    const state = feed.watch.state();
    const alert = this.#alert.take(state);
    if (alert !== undefined)
      this.#say(alert.what, alert.what === 'demand-below' ? 'info' : 'warning', this.#now(), alert.facts);
  }

  #everyMinute(feed: DemandFeed): void {
    const { clock } = this.#options;
    let month = '';
    const tell = () => {
      if (this.#end.signal.aborted) return;
      timer = clock.after(MINUTE / clock.mapping().rate, tell);
      if (!trusted(clock.mapping().rank)) return;
      const now = this.#now();
      const runs = this.#calendar.monthOf(now);
      // A new settlement period begins at 0.
      if (month !== '' && runs !== month) feed.watch.highest = undefined;
      month = runs;
      const state = feed.watch.state();
      const minutes = state.passedIn === null ? null : state.passedIn / MINUTE;
      this.#publish([
        ...this.#reading(POINTS.demand, state.now, now, undefined),
        ...this.#reading(POINTS.load, state.load, now, undefined),
        ...this.#reading(POINTS.forecast, state.forecast, now, undefined),
        ...this.#reading(POINTS.highest, state.highest?.kw ?? null, now, undefined),
        // That it will not be passed is no number.
        ...this.#reading(POINTS.passedIn, minutes, now, undefined),
      ]);
    };
    let timer = clock.after(MINUTE / clock.mapping().rate, tell);
    this.#stack.defer(() => timer[Symbol.dispose]());
  }

  #percent(point: string, share: number | null, time: number): void {
    this.#publish(this.#reading(point, share === null ? null : share * 100, time, undefined));
  }

  #reading(id: string, value: number | null, time: number, doubt: Reason | undefined): Reading[] {
    const point = this.#points.get(id);
    if (point === undefined) return [];
    const mapping = this.#options.clock.mapping();
    const mono = mapping.mono + (time - mapping.wall) / mapping.rate;
    const at = { device: this.#options.config.id, point: id, unit: point.unit };
    if (value === null) return [bad(at, 'not-available', mono)];
    const power = 10 ** (point.decimals ?? 6);
    const shown = Math.round(value * power) / power;
    return [doubt === undefined ? good(at, shown, mono) : uncertain(at, shown, doubt, mono)];
  }

  #publish(readings: readonly Reading[]): void {
    if (readings.length > 0) this.#options.hub.readings(readings);
  }

  #say(
    what: string,
    severity: 'info' | 'warning',
    time: number,
    facts: { readonly [key: string]: Json },
  ): void {
    const { clock, hub, config, log } = this.#options;
    const mapping = clock.mapping();
    const mono = mapping.mono + (time - mapping.wall) / mapping.rate;
    hub.event({ event: 'energy', severity, device: config.id, time: mono, body: { what, ...facts } });
    log.info(`energy.${what.replaceAll('-', '_')}`, facts);
  }

  #complain(thrown: unknown): void {
    if (this.#end.signal.aborted) return;
    const { message } = asAgentError(thrown);
    if (message === this.#told) return;
    this.#told = message;
    this.#options.log.warn('energy.failed', { error: message });
  }
}
