/**
 * Meter sense: the stage between drivers and hub. Every reading of a device passes it, in order, and leaves it with what
 * is known of the device: a counter that jumped, a value that cannot be. Nothing leaves before the log has told what was
 * declared of the devices, for a reading that was read wrongly cannot be taken back.
 */
import { AgedTime } from '../core/aged-time.ts';
import { rawId } from '../core/derived.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Publisher, Recorder } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import { type Correction, type Mark, markEvent } from '../core/mark.ts';
import { type Reading, uncertain } from '../core/reading.ts';
import type { AgentEvent, Json } from '../core/record.ts';
import type { CorrectionOrder, SenseActs } from '../core/sense.ts';
import { type Clock, trusted, wallAt } from '../core/time/clock.ts';
import type { LocalDays } from '../core/time/local-days.ts';
import type { PartHealth } from '../core/view.ts';
import { Checks } from './checks.ts';
import { Corrections } from './corrections.ts';
import { type Moment, PLAIN, scaled } from './counters.ts';
import { Maintenance } from './maintenance.ts';
import { Meters } from './meters.ts';
import type { SensePlan } from './plan.ts';
import { Snapshots } from './snapshots.ts';
import { blindHealth, taskHealth, windowHealth } from './tasks.ts';

/** What is known of the devices from before this start. */
export interface Memory {
  /** The most that counters ran in an hour, of the last weeks. */
  peaks?(points: readonly { readonly device: string; readonly point: string }[]): Promise<
    readonly {
      readonly device: string;
      readonly point: string;
      readonly most: number;
      readonly hours: number;
    }[]
  >;
  marks(): Promise<readonly Mark[]>;
  latest(points: readonly { readonly device: string; readonly point: string }[]): Promise<
    readonly {
      readonly device: string;
      readonly point: string;
      readonly value: number;
      readonly time: number;
    }[]
  >;
}

export interface SenseOptions {
  readonly plan: SensePlan;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Recorder;
  readonly onHealth: (part: PartHealth) => void;
  /** Days of the site. */
  readonly days: LocalDays;
  /** Registers are noted at midnight; default: yes. */
  readonly snapshots?: boolean;
  /** Day of the month at whose beginning bills are made. */
  readonly settlementDay?: number;
  /** What a point was made of by a correction is a point of its own from here on (`rawId`). */
  readonly onDerived?: (device: string, point: string) => void;
}

/** Readings that wait for the memory at most; beyond that the oldest go, as they would have without an agent. */
const MOST_WAITING = 50_000;
/** Wait before the memory is asked again, ms. */
const AGAIN = 15_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

export class Sense implements Publisher, SenseActs, Disposable {
  readonly #options: SenseOptions;
  readonly #aged: AgedTime;
  readonly #meters: Meters;
  readonly #checks: Checks;
  readonly #maintenance: Maintenance;
  readonly #corrections: Corrections;
  readonly #snapshots: Snapshots;
  /** Last number of each point as the device said it, and when on the monotonic clock. */
  readonly #raw = new Map<string, { readonly raw: number; readonly mono: number }>();
  #waiting: (Reading | AgentEvent)[] | undefined = [];
  /** What was declared is not known: nothing can be told to be good. */
  #blind = false;
  #retry: Disposable | undefined;
  #timer: Disposable | undefined;
  #learning: Disposable | undefined;
  #disposed = false;
  readonly #ill = new Set<string>();

  constructor(options: SenseOptions) {
    this.#options = options;
    this.#aged = new AgedTime(options.clock);
    const { plan } = options;
    this.#meters = new Meters({
      counters: plan.counters,
      serials: plan.serials,
      scale: (...asked) => this.#corrections.scale(...asked),
      ratios: (device, ratios, { id, by }) =>
        this.#correct({ device, ...ratios, by, note: `exchange ${id}` }, id),
      now: () => this.#moment(options.clock.mono()),
      tell: (mark) => this.#tell(mark),
    });
    this.#corrections = new Corrections({
      devices: plan.devices,
      unit: (device, point) => plan.units.get(device)?.get(point),
      isCounter: (device, point) => this.#meters.follows(device, point),
      now: () => this.#wall(),
    });
    this.#maintenance = new Maintenance({
      devices: plan.devices,
      now: () => this.#wall(),
      tell: (mark) => this.#tell(mark),
    });
    const { days, settlementDay, snapshots = true } = options;
    this.#snapshots = new Snapshots({
      counters: snapshots ? plan.snapshots : [],
      days,
      ...(settlementDay === undefined ? {} : { settlementDay }),
      mono: (at) => options.clock.mono() - (this.#wall() - at) / options.clock.mapping().rate,
      trusted: () => trusted(options.clock.mapping().rank),
      note: (readings) => options.hub.readings(readings),
      say: (device, body) => this.#sayMeter(device, body),
    });
    this.#checks = new Checks({
      rules: plan.rules,
      isCounter: (device, point) => this.#meters.follows(device, point),
      moment: (mono) => this.#moment(mono),
      say: (device, what, began, facts) => this.#sayQuality(device, what, began, facts),
      quiet: (device) => this.#maintenance.at(device, this.#wall()) !== undefined,
    });
  }

  /** Takes up what was known, and lets go what has waited for it. Never rejects. */
  async remember(memory: Memory): Promise<void> {
    const { plan, clock, log } = this.#options;
    try {
      const marks = await memory.marks();
      const latest = await memory.latest([...plan.counters, ...this.#snapshots.remembered]);
      for (const mark of marks) if (this.#corrections.take(mark)) this.#derive(mark);
      this.#maintenance.restore(marks);
      this.#meters.restore(marks, latest);
      this.#snapshots.restore(latest);
      this.#blind = false;
    } catch (thrown) {
      const { message } = asAgentError(thrown);
      log.error('sense.blind', { error: message });
      this.#blind = true;
      this.#retry = clock.after(AGAIN, () => void this.remember(memory));
    }
    this.#say();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const one of waiting) {
      if ('event' in one) this.event(one);
      else this.readings([one]);
    }
    for (const device of plan.devices) this.#showTasks(device);
    if (!this.#blind) void this.#learn(memory);
    if (!this.#blind) this.#watch();
  }

  /** At the start and once a day; what is not known of a log that is ill is not needed. */
  async #learn(memory: Memory): Promise<void> {
    const { plan, clock, log } = this.#options;
    try {
      this.#meters.learn((await memory.peaks?.(plan.counters)) ?? []);
    } catch (thrown) {
      log.warn('sense.peaks-unknown', { error: asAgentError(thrown).message });
    }
    this.#learning?.[Symbol.dispose]();
    this.#learning = this.#disposed ? undefined : clock.after(DAY, () => void this.#learn(memory));
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#learning?.[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  readings(readings: readonly Reading[]): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(...readings);
      if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
      return;
    }
    const judged = readings.flatMap((reading) => this.#corrected(reading));
    const checked = this.#blind ? judged : this.#checks.judge(judged);
    const known = checked.map((reading) => this.#marked(reading));
    this.#options.hub.readings(known);
    if (!this.#blind)
      for (const reading of known) this.#snapshots.reading(reading, this.#moment(reading.time).at);
  }

  event(event: AgentEvent): void {
    if (this.#waiting === undefined) this.#options.hub.event(event);
    else this.#waiting.push(event);
  }

  /** A reading as it is to be believed, behind what the device said where that is something else. */
  #corrected(reading: Reading): readonly Reading[] {
    const judged = this.#judged(reading);
    const { device, point, value, unit, time } = reading;
    if (typeof value !== 'number' || typeof judged.value !== 'number') return [judged];
    const known = this.#raw.get(`${device}/${point}`);
    if (known === undefined || known.mono <= time)
      this.#raw.set(`${device}/${point}`, { raw: value, mono: time });
    const scale = this.#corrections.scale(device, point);
    if (scale === PLAIN) return [judged];
    const corrected = Number(scaled(value, scale).toPrecision(15));
    const raw = { ...reading, point: rawId(point), unit };
    return [raw, { ...judged, value: corrected }];
  }

  #judged(reading: Reading): Reading {
    const { device, point, value, time } = reading;
    if (value === null) return reading;
    if (this.#blind)
      return reading.quality === 'good' ? uncertain(reading, value, 'configuration', time) : reading;
    const { plan } = this.#options;
    if (plan.serials.get(device) === point) this.#meters.serial(reading, this.#moment(time));
    if (typeof value !== 'number' || !this.#meters.follows(device, point)) return reading;
    const believed = this.#meters.reading(reading, value, this.#moment(time));
    return believed || reading.quality !== 'good' ? reading : uncertain(reading, value, 'implausible', time);
  }

  /** What is read while somebody works on the device. */
  #marked(reading: Reading): Reading {
    const { device, value, quality, time } = reading;
    if (value === null || quality === 'bad') return reading;
    const window = this.#maintenance.at(device, this.#moment(time).at);
    return window === undefined ? reading : uncertain(reading, value, 'maintenance', time);
  }

  /** Ends windows when they end, and looks every minute at what is not read any more. */
  #watch(): void {
    this.#timer?.[Symbol.dispose]();
    const next = this.#maintenance.run() ?? Number.POSITIVE_INFINITY;
    const now = this.#wall();
    this.#snapshots.run(now);
    const { clock } = this.#options;
    const left = Math.max(0, next - now) / clock.mapping().rate;
    this.#timer = clock.after(Math.min(left + 1, MINUTE), () => this.#watch());
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  #sayMeter(device: string, body: { readonly [key: string]: Json }): void {
    const { clock, hub, log } = this.#options;
    hub.event({ event: 'meter', severity: 'info', device, time: clock.mono(), body });
    log.info(`sense.${body.what}`, { device, ...body });
  }

  #sayQuality(device: string, what: string, began: boolean, facts: { readonly [key: string]: Json }): void {
    const { clock, hub, log } = this.#options;
    const body = { what, state: began ? 'began' : 'over', ...facts };
    hub.event({ event: 'quality', severity: began ? 'warning' : 'info', device, time: clock.mono(), body });
    log[began ? 'warn' : 'info'](`sense.${what}`, { device, ...body });
  }

  #moment(mono: number): Moment {
    const mapping = this.#options.clock.mapping();
    return { boot: mapping.boot, mono, at: wallAt(mapping, mono).time, t: this.#aged.at(mono) };
  }

  #tell(mark: Mark): void {
    const { clock, hub, log } = this.#options;
    hub.event(markEvent(mark, clock.mono()));
    const { id: _, ...facts } = mark;
    log.info(`sense.${mark.mark}`, { ...facts });
    if (mark.mark === 'maintenance') this.#options.onHealth(windowHealth(mark));
    else if (mark.mark !== 'correction') this.#showTasks(mark.device);
  }

  /** Sets a correction and lets the counters under it run on. */
  #correct(order: CorrectionOrder, by?: string): Correction {
    const mark = this.#corrections.made(order);
    const { device, point, id } = mark;
    const names = [...(this.#options.plan.units.get(device)?.keys() ?? [])];
    const before = new Map(names.map((name) => [name, this.#corrections.scale(device, name)] as const));
    this.#corrections.take(mark);
    this.#derive(mark);
    this.#tell(mark);
    this.#meters.rescaled(device, point, (name) => before.get(name) ?? PLAIN, by ?? id);
    return mark;
  }

  /** What a corrected point was made of is a point of its own. */
  #derive({ device, point }: Correction): void {
    for (const name of this.#options.plan.units.get(device)?.keys() ?? [])
      if ((point === undefined || point === name) && this.#corrections.scale(device, name) !== PLAIN)
        this.#options.onDerived?.(device, name);
  }

  /** The health line of a device's counters; silent where nothing ever was to be done. */
  #showTasks(device: string): void {
    const { clock, onHealth } = this.#options;
    const tasks = this.#meters.tasks().filter((one) => one.device === device);
    if (tasks.length === 0 && !this.#ill.has(device)) return;
    if (tasks.length === 0) this.#ill.delete(device);
    else this.#ill.add(device);
    onHealth(taskHealth(device, tasks, wallAt(clock.mapping(), clock.mono()).time));
  }

  #say(): void {
    const { clock, onHealth } = this.#options;
    if (!this.#blind && !this.#ill.has('')) return;
    if (this.#blind) this.#ill.add('');
    else this.#ill.delete('');
    onHealth(blindHealth(this.#blind, wallAt(clock.mapping(), clock.mono()).time));
  }

  /** Resolves when all that was told before is durable. */
  async #durable<T>(act: () => T): Promise<T> {
    const answer = this.#known(act);
    await this.#options.hub.record([]);
    return answer;
  }

  /** Nothing is said or declared before the log has told what was declared already. */
  #known<T>(look: () => T): T {
    if (this.#waiting === undefined && !this.#blind) return look();
    throw new AgentError('store-failed', 'what was declared of the devices is not read from the log yet', {
      fix: 'ask again in a moment; where it stays so, see what ails the store',
    });
  }

  async counters(device: string) {
    return this.#known(() => this.#meters.faces(device));
  }

  async tasks() {
    return this.#known(() => this.#meters.tasks());
  }

  async marks(device: string | undefined) {
    const all = this.#known(() => [
      ...this.#meters.marks(),
      ...this.#maintenance.marks(),
      ...this.#corrections.marks(),
    ]);
    return all.filter((one) => device === undefined || one.device === device);
  }

  exchange(...[declaration]: Parameters<SenseActs['exchange']>) {
    return this.#durable(() => this.#meters.exchange(declaration));
  }

  correct(...[order]: Parameters<SenseActs['correct']>) {
    return this.#durable(() => this.#correct(order));
  }

  async raw(device: string, point: string): ReturnType<SenseActs['raw']> {
    const { clock, plan } = this.#options;
    const unit = plan.units.get(device)?.get(point);
    if (unit === undefined) throw new AgentError('not-found', `${device} has no number ${point}`);
    const last = this.#raw.get(`${device}/${point}`);
    if (last === undefined) return undefined;
    const at = Math.round(wallAt(clock.mapping(), last.mono).time);
    return { raw: last.raw, value: scaled(last.raw, this.#corrections.scale(device, point)), unit, at };
  }

  async beginMaintenance(...[order]: Parameters<SenseActs['beginMaintenance']>) {
    const window = await this.#durable(() => this.#maintenance.begin(order));
    this.#watch();
    return window;
  }

  endMaintenance(...[device, by]: Parameters<SenseActs['endMaintenance']>) {
    return this.#durable(() => this.#maintenance.end(device, by));
  }

  async maintenance() {
    return this.#known(() => this.#maintenance.open());
  }

  withdraw(...[id]: Parameters<SenseActs['withdraw']>) {
    return this.#durable(() => this.#meters.withdraw(id));
  }

  explain(...[device, point, as, by]: Parameters<SenseActs['explain']>) {
    return this.#durable(() => this.#meters.explain(device, point, as, by));
  }
}
