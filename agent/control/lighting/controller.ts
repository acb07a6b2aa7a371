/**
 * Keeps one lamp where the evaluator wants it: evaluates every few seconds and at once when something of weight changes,
 * compares with what the lamp says of itself, and sends commands through the router like everybody else.
 */
import { randomUUID } from 'node:crypto';
import type { CommandResult, Override, Submit } from '../../core/command.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { LightingProgramme } from '../../core/lighting/lighting.ts';
import type { Log } from '../../core/log.ts';
import { good, type Reading } from '../../core/reading.ts';
import type { LampConfig } from '../../core/site.ts';
import { type Clock, trusted, wallAt } from '../../core/time/clock.ts';
import type { LocalDays } from '../../core/time/local-days.ts';
import { REPEAT } from './description.ts';
import { type Decision, evaluate } from './evaluate.ts';
import { Nights } from './night.ts';
import { nextStep } from './programme.ts';
import { ramp, STEP } from './ramp.ts';
import { Senses } from './senses.ts';
import { type Place, sunElevation } from './sun.ts';

/** Longest time between two evaluations, ms of the monotonic clock; the programme's own steps are met at their moment. */
export const EVALUATE_EVERY = 5000;
/** Pause before a failed write is tried again, ms; doubled up to the second. */
const RETRY = [5000, 60_000] as const;
/** Life of a command of ours, ms: it is made anew at the next evaluation anyway. */
const LIFE = 60_000;
/** Levels nearer than this are the same, %. */
const SAME = 1;

export interface LampControllerOptions {
  readonly lamp: LampConfig;
  readonly programme: LightingProgramme;
  readonly place: Place;
  readonly days: LocalDays;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  /** The router's way for controllers. */
  readonly steer: Submit;
  /** The override that holds for the lamp's point, by the router. */
  readonly override: (device: string, point: string) => Override | undefined;
}

export class LampController implements Disposable {
  readonly #options: LampControllerOptions;
  readonly #nights: Nights;
  readonly #senses: Senses;
  readonly #listener = new DisposableStack();
  #timer: Disposable | undefined;
  #stopped = false;
  #writing = false;
  #again = false;
  #decision: Decision | undefined;
  /** When it was told last, mono ms. */
  #told = Number.NEGATIVE_INFINITY;
  /** Level last brought to the lamp, %. */
  #shown: number | undefined;
  #failures = 0;

  constructor(options: LampControllerOptions) {
    this.#options = options;
    this.#nights = new Nights(options.days, options.place, options.programme.elevation);
    this.#senses = new Senses(options.programme, options.hub, options.clock);
    // A cell that has spoken before: without it the sun alone would decide, and a lamp that starts in twilight would flash.
    for (const { device, point } of this.#senses.points) {
      const known = options.hub.latest(device, point);
      if (known !== undefined) this.#senses.take(known, this.#elevation());
    }
    this.#listener.use(options.hub.onReadings((readings) => this.#take(readings)));
    // The time has become known, or runs faster: what was right a moment ago need not be.
    this.#listener.use(options.clock.onMapping(() => this.#evaluate()));
    this.#timer = options.clock.after(0, () => this.#evaluate());
  }

  /** What holds now; undefined before the first evaluation. */
  get decision(): Decision | undefined {
    return this.#decision;
  }

  /** Evaluates now: the override has changed. */
  nudge(): void {
    this.#evaluate();
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#listener[Symbol.dispose]();
  }

  #take(readings: readonly Reading[]): void {
    const elevation = this.#elevation();
    let weighty = false;
    for (const reading of readings) {
      const turned = this.#senses.take(reading, elevation);
      weighty ||= turned || this.#senses.watches(reading.device, reading.point);
    }
    if (weighty) this.#evaluate();
  }

  #elevation(): number | undefined {
    const { time, rank } = this.#now();
    return trusted(rank) ? sunElevation(this.#options.place, time) : undefined;
  }

  #now() {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono());
  }

  #decide(): Decision {
    const { programme, place, clock, lamp, override } = this.#options;
    const { time, rank } = this.#now();
    const held = override(lamp.device, lamp.point);
    return evaluate(programme, this.#nights, this.#nights.at(time), {
      time,
      trusted: trusted(rank),
      elevation: sunElevation(place, time),
      ...this.#senses.inputs(clock.mono()),
      override: typeof held?.value === 'number' ? { level: held.value, issuer: held.issuer } : undefined,
    });
  }

  #evaluate(): void {
    if (this.#stopped) return;
    if (this.#writing) {
      this.#again = true;
      return;
    }
    const decision = this.#decide();
    this.#tell(decision);
    const next = this.#next(decision);
    if (next === undefined) this.#wait(this.#pause());
    else void this.#write(next);
  }

  /** The level to write now, or undefined where the lamp is where it should be. */
  #next({ level, rung }: Decision): number | undefined {
    const { hub, lamp } = this.#options;
    const said = hub.latest(lamp.device, lamp.point);
    const reads = typeof said?.value === 'number' && said.quality !== 'bad' ? said.value : undefined;
    if (reads !== undefined && Math.abs(reads - level) < SAME) {
      this.#shown = level;
      return undefined;
    }
    // Nothing known of it, or it is not where we left it (a board that was reset): straight to the level.
    const from = this.#shown;
    if (reads === undefined || from === undefined || Math.abs(from - reads) >= SAME) return level;
    return ramp(from, level, rung === 'safety' || rung === 'override');
  }

  async #write(level: number): Promise<void> {
    const { lamp, steer } = this.#options;
    this.#writing = true;
    const { time } = this.#now();
    const result = await steer({
      id: `light-${randomUUID()}`,
      device: lamp.device,
      point: lamp.point,
      value: level,
      issuer: 'control:lighting',
      issued: time,
      expires: time + LIFE * this.#options.clock.mapping().rate,
    });
    this.#writing = false;
    if (this.#stopped) return;
    this.#settle(level, result);
    const again = this.#again;
    this.#again = false;
    const pause = this.#failures === 0 ? STEP : Math.min(RETRY[0] * 2 ** (this.#failures - 1), RETRY[1]);
    this.#wait(again && this.#failures === 0 ? 0 : pause);
  }

  #settle(level: number, result: CommandResult): void {
    const { log, lamp } = this.#options;
    if (result.state === 'done') {
      if (this.#failures > 0) log.info('light.reached', { lamp: lamp.id, level });
      this.#failures = 0;
      this.#shown = level;
      return;
    }
    this.#shown = undefined;
    this.#failures += 1;
    if (this.#failures === 1) {
      log.warn('light.not-reached', { lamp: lamp.id, level, reason: result.reason ?? result.state });
    }
  }

  /** Until the next evaluation, ms: in a demonstration five seconds may be hours, and the programme knows when it steps. */
  #pause(): number {
    const { programme, clock } = this.#options;
    const { time } = this.#now();
    const step = nextStep(programme, this.#nights, this.#nights.at(time), time) ?? Number.POSITIVE_INFINITY;
    return Math.min(EVALUATE_EVERY, (step - time) / clock.mapping().rate + 1);
  }

  #wait(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(ms, () => this.#evaluate());
  }

  /** A change of rung or reason is an event, so that a dark lamp can always be explained; readings come every minute too. */
  #tell(decision: Decision): void {
    const before = this.#decision;
    this.#decision = decision;
    const { hub, clock, lamp } = this.#options;
    const time = clock.mono();
    const { level, rung, lit, why } = decision;
    const asBefore = before?.rung === rung && before.why === why;
    // Under an override the reason stays through dusk and dawn, and whoever holds the lamp wants to know of them.
    if (asBefore && before.level === level && before.lit === lit && time - this.#told < REPEAT) return;
    this.#told = time;
    hub.readings([
      good({ device: lamp.id, point: 'wanted', unit: '%' }, level, time),
      good({ device: lamp.id, point: 'rung', unit: '1' }, rung, time),
      good({ device: lamp.id, point: 'night', unit: '1' }, lit, time),
    ]);
    if (asBefore) return;
    hub.event({
      event: 'light',
      severity: rung === 'safety' || rung === 'fail-safe' ? 'warning' : 'info',
      device: lamp.id,
      time,
      body: { level, rung, lit, ...(why === undefined ? {} : { why }), before: before?.rung ?? null },
    });
  }
}
