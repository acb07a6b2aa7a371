/**
 * All alarms of a site: brings readings, events and time to their judges, causes to what they explain, and what has
 * changed to the outbox. Everything it remembers is bounded by the number of alarms.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  ALARM_DEVICE,
  type AlarmAnswer,
  type AlarmChange,
  type AlarmCounts,
  type AlarmDefinition,
  type AlarmRequest,
  type AlarmRow,
  type AlarmStatus,
  type AlarmsConfig,
  stands,
} from '../../core/alarm/alarm.ts';
import { FLOOD_ALARM } from '../../core/alarm/points.ts';
import type { Recorder, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Text } from '../../core/point.ts';
import { good, type Mono, type Reading } from '../../core/reading.ts';
import type { AgentEvent } from '../../core/record.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { Alarm, type Moment } from './alarm.ts';
import { carryOut } from './deeds.ts';
import { FLOOD_DEFINITION, FloodWatch } from './flood.ts';
import { type Judge, judgeOf } from './judge.ts';
import { Outbox } from './outbox.ts';

/** Alarms named under the one that explains them. */
const MOST_NAMED = 100;
/** States are told again as points this often, ms, so that their age says that somebody still looks. */
export const REPEAT = 3_600_000;

export interface EngineOptions {
  readonly config: AlarmsConfig;
  readonly clock: Clock;
  readonly hub: Recorder & Subscription;
  readonly log: Log;
  /** Told of every change of an alarm at once, before anything is written. */
  readonly onChange?: (status: AlarmStatus, change: AlarmChange) => void;
}

interface Watched {
  readonly alarm: Alarm;
  timer?: { readonly due: Mono; readonly stop: Disposable };
}

export class AlarmEngine implements Disposable {
  readonly #options: EngineOptions;
  readonly #outbox: Outbox;
  readonly #stack = new DisposableStack();
  #flood: FloodWatch;
  #alarms = new Map<string, Watched>();
  /** By device, then point. */
  #byPoint = new Map<string, Map<string, Watched[]>>();
  #byEvent: Watched[] = [];
  /** Those that look at another alarm, or are explained by it. */
  #dependents = new Map<string, Watched[]>();
  /** Until what was known before the start is back, nothing is judged; what latches is noted. */
  #early: Map<Watched, true> | undefined = new Map();
  #raised = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#flood = new FloodWatch(options.config.flood);
    const { clock, hub } = options;
    this.#outbox = this.#stack.use(
      new Outbox({
        clock,
        hub,
        every: options.config.flood.every,
        flood: () => this.#flood.flood,
        counts: () => this.#countReadings(false),
      }),
    );
    this.#build(options.config, new Map());
    this.#stack.use(hub.onReadings((readings) => this.#take(readings)));
    this.#stack.use(hub.onEvent((event) => this.#event(event)));
    this.#stack.defer(() => {
      for (const { timer } of this.#alarms.values()) timer?.stop[Symbol.dispose]();
    });
    this.#repeat();
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** Statuses from before the start; begins to judge. A second call takes up only alarms that nothing has happened to. */
  restore(before: readonly AlarmStatus[]): void {
    const at = this.#now();
    const { rate } = this.#options.clock.mapping();
    const left = (until: number) => Math.max(0, until - at.wall) / rate;
    for (const status of before) {
      const watched = this.#alarms.get(status.alarm);
      // An alarm that the site file no longer knows leaves as what it is: nothing that stands.
      if (watched === undefined) this.#remove(status, { en: status.alarm });
      if (watched === undefined || watched.alarm.status.count > 0) continue;
      watched.alarm.restore(status, at, left);
    }
    const early = this.#early;
    this.#early = undefined;
    for (const watched of early?.keys() ?? []) {
      const change = watched.alarm.happened(at);
      if (change !== undefined) this.#changed(watched, change);
    }
    for (const watched of this.#alarms.values()) this.#step(watched);
    this.#outbox.repeat(Array.from(this.#alarms.values(), ({ alarm }) => alarm.status));
  }

  /** Another part of the site file: alarms that are as they were go on as they were, changed ones keep what was done to them. */
  reconfigure(config: AlarmsConfig): void {
    const before = this.#alarms;
    this.#flood = new FloodWatch(config.flood);
    this.#build(config, before);
    for (const [id, { alarm, timer }] of before) {
      if (this.#alarms.get(id)?.alarm === alarm) continue;
      timer?.stop[Symbol.dispose]();
      const after = this.#alarms.get(id);
      const at = this.#now();
      if (after !== undefined) after.alarm.restore(alarm.status, at, (until) => until - at.wall);
      else this.#remove(alarm.status, alarm.definition.title);
    }
    for (const watched of this.#alarms.values()) this.#step(watched);
  }

  #remove(before: AlarmStatus, title: Text): void {
    if (before.state === 'normal') return;
    const { mark, id, alarm, device, priority, count } = before;
    const status = { mark, id, alarm, device, priority, count, state: 'normal', active: false } as const;
    this.#outbox.tell('removed', { status, title });
  }

  rows(): readonly AlarmRow[] {
    return Array.from(this.#alarms.values(), ({ alarm }) => ({
      definition: alarm.definition,
      status: alarm.status,
    }));
  }

  status(alarm: string): AlarmStatus | undefined {
    return this.#alarms.get(alarm)?.alarm.status;
  }

  counts(): AlarmCounts {
    const states = Array.from(this.#alarms.values(), ({ alarm }) => alarm.status.state);
    const count = (of: (state: AlarmStatus['state']) => boolean) => states.filter(of).length;
    return {
      standing: count(stands),
      unacknowledged: count((state) => state === 'unacknowledged' || state === 'returned'),
      shelved: count((state) => state === 'shelved'),
      suppressed: count((state) => state === 'suppressed'),
      flood: this.#flood.flood,
      raised: this.#raised,
      told: this.#outbox.told,
      held: this.#outbox.held,
    };
  }

  /** Resolves when it is durable. */
  async act(request: AlarmRequest): Promise<AlarmAnswer> {
    const watched = this.#alarms.get(request.alarm);
    if (watched === undefined) {
      return { ok: false, code: 'unknown-alarm', reason: `there is no alarm ${request.alarm}` };
    }
    const { rate } = this.#options.clock.mapping();
    const done = carryOut(watched.alarm, request, this.#now(), rate);
    if (!done.ok) return done;
    const recorded = this.#outbox.record(done.change, this.#told(watched));
    this.#follow(watched, done.change);
    this.#arm(watched);
    await recorded;
    return { ok: true, status: watched.alarm.status };
  }

  #build({ definitions }: AlarmsConfig, before: ReadonlyMap<string, Watched>): void {
    const { clock } = this.#options;
    this.#alarms = new Map();
    this.#byPoint = new Map();
    this.#byEvent = [];
    this.#dependents = new Map();
    const active = (id: string) => this.#alarms.get(id)?.alarm.status.active;
    for (const definition of [...definitions, FLOOD_DEFINITION]) {
      const old = before.get(definition.id);
      const same = old !== undefined && isDeepStrictEqual(old.alarm.definition, definition);
      const watched = same ? old : { alarm: this.#made(definition, active) };
      this.#alarms.set(definition.id, watched);
      this.#index(watched);
      if (!same) this.#prime(watched.alarm.judge);
    }
    this.#options.log.info('alarms.watched', { alarms: definitions.length, at: clock.mono() });
  }

  #made(definition: AlarmDefinition, active: (id: string) => boolean | undefined): Alarm {
    const now = this.#options.clock.mono();
    if (definition.id !== FLOOD_ALARM)
      return new Alarm(definition, judgeOf(definition.condition, active, now));
    const idle = judgeOf(definition.condition, active, now);
    const judge: Judge = {
      ...idle,
      verdict: (at) => ({ met: this.#flood.judge(at) }),
      due: () => this.#flood.due,
    };
    return new Alarm(definition, judge);
  }

  #index(watched: Watched): void {
    const { judge, definition } = watched.alarm;
    for (const key of new Set(judge.points)) {
      const cut = key.indexOf('/');
      const points = entry(this.#byPoint, key.slice(0, cut), () => new Map<string, Watched[]>());
      entry(points, key.slice(cut + 1), () => []).push(watched);
    }
    if (judge.events) this.#byEvent.push(watched);
    for (const id of new Set([...judge.alarms, ...definition.causes])) {
      entry(this.#dependents, id, () => []).push(watched);
    }
  }

  /** What is known already: an alarm that begins later looks at the same readings. */
  #prime(judge: Judge): void {
    for (const key of judge.points) {
      const cut = key.indexOf('/');
      const latest = this.#options.hub.latest(key.slice(0, cut), key.slice(cut + 1));
      if (latest !== undefined) judge.take(latest);
    }
  }

  #take(readings: readonly Reading[]): void {
    for (const reading of readings) {
      const watching = this.#byPoint.get(reading.device)?.get(reading.point);
      if (watching === undefined) continue;
      for (const watched of watching) {
        watched.alarm.judge.take(reading);
        this.#judge(watched);
      }
    }
  }

  #event(event: AgentEvent): void {
    for (const watched of this.#byEvent) {
      watched.alarm.judge.event(event);
      this.#judge(watched);
    }
  }

  #judge(watched: Watched): void {
    if (this.#early === undefined) this.#step(watched);
    else if (
      watched.alarm.definition.latching &&
      watched.alarm.judge.verdict(this.#options.clock.mono()).met
    ) {
      this.#early.set(watched, true);
    }
  }

  #step(watched: Watched): void {
    if (this.#early !== undefined) return;
    const at = this.#now();
    // A step makes one change; a second and third may follow from it at once.
    for (let i = 0; i < 4; i++) {
      const change = watched.alarm.step(at, this.#cause(watched.alarm));
      if (change === undefined) break;
      this.#changed(watched, change);
    }
    this.#arm(watched);
  }

  #changed(watched: Watched, change: AlarmChange): void {
    const { alarm } = watched;
    if ((change === 'raised' || change === 'chattering') && visible(alarm.status)) {
      this.#raised += 1;
      this.#firstOut(alarm);
      if (alarm.definition.id !== FLOOD_ALARM) this.#flood.raised(this.#options.clock.mono());
    }
    if (visible(alarm.status) || change === 'suppressed') this.#outbox.tell(change, this.#told(watched));
    this.#follow(watched, change);
  }

  /** What follows from a change: for those who look at this alarm, for the one that explains it, for the flood. */
  #follow(watched: Watched, change: AlarmChange): void {
    const { alarm } = watched;
    this.#options.onChange?.(alarm.status, change);
    for (const dependent of this.#dependents.get(alarm.definition.id) ?? []) {
      if (dependent !== watched) this.#step(dependent);
    }
    for (const id of alarm.definition.causes) {
      const parent = this.#alarms.get(id);
      if (parent?.alarm.explains(this.#explained(id)) === true)
        this.#outbox.tell('suppressed', this.#told(parent));
    }
    if (alarm.definition.id !== FLOOD_ALARM) {
      const flood = this.#alarms.get(FLOOD_ALARM);
      if (flood !== undefined) this.#step(flood);
    }
  }

  #explained(id: string): readonly string[] {
    const children = (this.#dependents.get(id) ?? []).filter(({ alarm }) => alarm.status.suppressedBy === id);
    return children.slice(0, MOST_NAMED).map(({ alarm }) => alarm.definition.id);
  }

  /** The first standing alarm that explains this one. */
  #cause({ definition }: Alarm): string | undefined {
    return definition.causes.find((id) => this.#alarms.get(id)?.alarm.explaining === true);
  }

  #firstOut(alarm: Alarm): void {
    const { group, id } = alarm.definition;
    if (group === undefined) return;
    const others = [...this.#alarms.values()].some(
      (other) =>
        other.alarm.definition.group === group &&
        other.alarm.definition.id !== id &&
        stands(other.alarm.status.state),
    );
    if (!others) alarm.first();
  }

  #arm(watched: Watched): void {
    const { clock } = this.#options;
    const now = clock.mono();
    const due = watched.alarm.due(now);
    if (due === undefined) return;
    // A timer that fires too early does no harm: it looks again.
    if (watched.timer !== undefined && watched.timer.due <= due) return;
    watched.timer?.stop[Symbol.dispose]();
    const stop = clock.after(Math.max(0, due - now), () => {
      delete watched.timer;
      this.#step(watched);
    });
    watched.timer = { due, stop };
  }

  #told({ alarm }: Watched) {
    return { status: alarm.status, title: alarm.definition.title };
  }

  #countReadings(all: boolean): readonly Reading[] {
    const { clock, hub } = this.#options;
    const { standing, unacknowledged, shelved, suppressed } = this.counts();
    return Object.entries({ standing, unacknowledged, shelved, suppressed })
      .filter(([point, value]) => all || hub.latest(ALARM_DEVICE, point)?.value !== value)
      .map(([point, value]) => good({ device: ALARM_DEVICE, point, unit: '1' }, value, clock.mono()));
  }

  #repeat(): void {
    let timer = this.#options.clock.after(REPEAT, () => again());
    const again = () => {
      this.#outbox.repeat(Array.from(this.#alarms.values(), ({ alarm }) => alarm.status));
      this.#options.hub.readings(this.#countReadings(true));
      timer = this.#options.clock.after(REPEAT, again);
    };
    this.#stack.defer(() => timer[Symbol.dispose]());
  }

  #now(): Moment {
    const { clock } = this.#options;
    const mono = clock.mono();
    return { mono, wall: Math.round(wallAt(clock.mapping(), mono).time) };
  }
}

/** Nobody is to hear of what is shelved or out of service. */
function visible({ state }: AlarmStatus): boolean {
  return state !== 'shelved' && state !== 'out-of-service';
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
