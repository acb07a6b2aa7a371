/**
 * Keeps the demand of a site below its limit: listens to its power, evaluates every few seconds, and asks loads to give way
 * through the command router like everybody else, under a lease that brings them back by themselves should the agent
 * die. Not armed it only says what it would do.
 */
import { randomUUID } from 'node:crypto';
import type { Override, Submit } from '../../../core/command.ts';
import type {
  PeakLimitConfig,
  PeakLimitState,
  ShedAction,
  SheddableLoad,
} from '../../../core/energy/peak-limit.ts';
import type { Publisher, Subscription } from '../../../core/hub.ts';
import type { Log } from '../../../core/log.ts';
import type { Reading } from '../../../core/reading.ts';
import { type Clock, wallAt } from '../../../core/time/clock.ts';
import { convert, convertible } from '../../../core/unit.ts';
import { evaluateShedding, NOTHING_SHED, type ShedState } from './evaluate.ts';
import { PowerWindow } from './window.ts';

export const ISSUER = 'control:peak-limit';
/** Time between evaluations, ms of wall time. */
export const EVALUATE_EVERY = 10_000;
/** A power older than this is not known, ms of wall time. */
const STALE = 60_000;
const LIFE = 60_000;
const RECENT = 50;

export interface PeakLimitOptions {
  readonly config: PeakLimitConfig;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  /** The router's way of commands: durable, so that a lease is known after a crash too. */
  readonly submit: Submit;
  /** The override that holds for a point, by the router. */
  readonly override: (device: string, point: string) => Override | undefined;
}

export class PeakLimit implements Disposable {
  readonly #options: PeakLimitOptions;
  readonly #window: PowerWindow;
  readonly #listener: Disposable;
  #timer: Disposable | undefined;
  #state: ShedState = NOTHING_SHED;
  #measured = Number.NEGATIVE_INFINITY;
  /** When a load's lease was renewed last, Unix epoch ms; of those whose command is on its way or was done. */
  readonly #held = new Map<string, number>();
  /** Loads that did not do as they were told: nothing is counted on them until this moment. */
  readonly #refused = new Map<string, number>();
  #recent: readonly ShedAction[] = [];
  #blocked = false;

  constructor(options: PeakLimitOptions) {
    this.#options = options;
    this.#window = new PowerWindow(options.config.window);
    this.#adopt();
    this.#listener = options.hub.onReadings((readings) => this.#take(readings));
    this.#wait();
  }

  get state(): PeakLimitState {
    const { config } = this.#options;
    const now = this.#now();
    const power = this.#blocked ? undefined : this.#window.kw;
    return {
      armed: config.armed,
      limit: config.limit,
      demand: power === undefined ? null : this.#window.mean(now),
      forecast: power === undefined ? null : this.#window.highest(now, config.window, power),
      power: power ?? null,
      shed: [...this.#state.loads].flatMap(([id, { shed }]) => (shed ? [id] : [])),
      recent: this.#recent,
      ...(power === undefined ? { blocked: 'power-unknown' as const } : {}),
    };
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#listener[Symbol.dispose]();
  }

  /** Loads an earlier run has shed are shed still, as the router's leases say: their times begin anew, on the safe side. */
  #adopt(): void {
    const { config, override } = this.#options;
    const now = this.#now();
    const loads = new Map(this.#state.loads);
    for (const { id, device, point } of config.loads) {
      const held = override(device, point);
      if (held?.issuer !== ISSUER) continue;
      loads.set(id, { shed: true, since: now });
      this.#held.set(id, now);
    }
    this.#state = { ...this.#state, loads };
  }

  #take(readings: readonly Reading[]): void {
    const { device, point } = this.#options.config.power;
    for (const reading of readings) {
      if (reading.device !== device || reading.point !== point) continue;
      if (typeof reading.value !== 'number' || reading.quality === 'bad') continue;
      if (!convertible(reading.unit, 'kW')) continue;
      const now = this.#now();
      this.#measured = now;
      this.#window.take(now, convert(reading.value, reading.unit, 'kW'));
    }
  }

  #evaluate(): void {
    const { config, clock, log, hub } = this.#options;
    const now = this.#now();
    const stale = now - this.#measured > STALE;
    if (stale && !this.#blocked && this.#measured !== Number.NEGATIVE_INFINITY) {
      log.warn('peak-limit.power-unknown', { device: config.power.device, point: config.power.point });
    }
    if (stale) this.#window.clear();
    this.#blocked = stale;
    const taken = new Set(config.loads.filter((load) => this.#isTaken(load, now)).map(({ id }) => id));
    const { state, actions } = evaluateShedding(config, this.#state, { now, window: this.#window, taken });
    this.#state = state;
    for (const action of actions) {
      this.#recent = [action, ...this.#recent].slice(0, RECENT);
      hub.event({
        event: 'energy',
        severity: 'info',
        time: clock.mono(),
        body: {
          what: 'peak-limit',
          load: action.load,
          act: action.what,
          why: action.why,
          armed: config.armed,
          limit_kw: config.limit,
        },
      });
    }
    if (config.armed) this.#carry(now, actions);
    this.#wait();
  }

  /** Somebody else's command holds on it, or it refused ours a while ago. */
  #isTaken({ id, device, point }: SheddableLoad, now: number): boolean {
    if (!this.#options.config.armed) return false;
    const held = this.#options.override(device, point);
    return (held !== undefined && held.issuer !== ISSUER) || now < (this.#refused.get(id) ?? 0);
  }

  #carry(now: number, actions: readonly ShedAction[]): void {
    const { config } = this.#options;
    for (const load of config.loads) {
      const action = actions.findLast((one) => one.load === load.id);
      if (action?.what === 'restore') {
        this.#held.delete(load.id);
        void this.#command(load, false);
      } else if (this.#state.loads.get(load.id)?.shed === true) {
        const renewed = this.#held.get(load.id) ?? Number.NEGATIVE_INFINITY;
        if (action === undefined && now - renewed < config.lease / 2) continue;
        this.#held.set(load.id, now);
        void this.#command(load, true);
      }
    }
  }

  async #command(load: SheddableLoad, shed: boolean): Promise<void> {
    const { submit, clock, config, log } = this.#options;
    const now = this.#now();
    const result = await submit({
      id: `peak-${randomUUID()}`,
      device: load.device,
      point: load.point,
      value: shed ? load.shed : load.normal,
      issuer: ISSUER,
      issued: now,
      expires: now + LIFE * clock.mapping().rate,
      ttl: LIFE,
      ...(shed ? { lease: config.lease } : {}),
    });
    if (result.state === 'done') return;
    log.warn('peak-limit.not-done', { load: load.id, shed, reason: result.reason ?? result.state });
    if (!shed) return;
    // It is not shed, so others have to be; it is asked again after a lease.
    this.#refused.set(load.id, this.#now() + config.lease);
    this.#held.delete(load.id);
    const loads = new Map(this.#state.loads);
    loads.delete(load.id);
    this.#state = { ...this.#state, loads, lastChange: Number.NEGATIVE_INFINITY };
  }

  #wait(): void {
    const { clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.after(EVALUATE_EVERY / clock.mapping().rate, () => this.#evaluate());
  }

  /** Unix epoch ms as well as it is known; leases and least times need no more than that it runs on. */
  #now(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}
