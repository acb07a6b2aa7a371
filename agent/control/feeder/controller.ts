/**
 * Keeps chargers inside the feeder: evaluates every few seconds and with every reading of the meter, and sends limits through
 * the router like everybody else. Nothing is remembered: after a start every charger begins with what it needs at least.
 */
import { randomUUID } from 'node:crypto';
import type { Command, Override, Submit } from '../../core/command.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { FeederCharger, FeederConfig } from '../../core/pole.ts';
import { bad, good, type Reading } from '../../core/reading.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { allowedPoint, REPEAT } from './description.ts';
import { type Share, share } from './share.ts';
import { SAME, type Slow, slow } from './slow.ts';

/** Longest time between two evaluations, ms. */
export const EVALUATE_EVERY = 5000;
/** Pause before a limit that was not taken is sent again, ms; doubled up to the second. */
const RETRY = [5000, 60_000] as const;
const LIFE = 60_000;
/** Above its rating for so long: nothing that is done here helps, ms. */
const OVERLOAD = 15_000;
/** A charger takes its limit within this time, ms, and to within so many A. */
const OBEYS = 10_000;
const FOLLOWS = 3000;
const OVER = 1;
/** A charger that draws this much charges, A. */
const CHARGES = 0.5;

export interface FeederOptions {
  readonly feeder: FeederConfig;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
  readonly steer: Submit;
  /** What somebody has set a limit to. */
  readonly override: (device: string, point: string) => Override | undefined;
}

interface Kept {
  readonly charger: FeederCharger;
  slow: Slow | undefined;
  writing: boolean;
  failures: number;
  /** Not before, mono ms. */
  next: number;
  /** Since when it draws more than it may, mono ms. */
  deaf: number | undefined;
  /** When its limit was changed last, mono ms. */
  changed: number;
}

export class FeederController implements Disposable {
  readonly #options: FeederOptions;
  readonly #kept: readonly Kept[];
  readonly #listener: Disposable;
  #timer: Disposable | undefined;
  #stopped = false;
  #mode: Share['mode'] | undefined;
  #over: { readonly since: number; readonly told: boolean } | undefined;
  #told = Number.NEGATIVE_INFINITY;
  #allowed = '';

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#kept = options.feeder.chargers.map((charger) => ({
      charger,
      slow: undefined,
      writing: false,
      failures: 0,
      next: 0,
      deaf: undefined,
      changed: Number.NEGATIVE_INFINITY,
    }));
    const { device } = options.feeder.meter;
    this.#listener = options.hub.onReadings((readings) => {
      if (readings.some((one) => one.device === device)) this.#evaluate();
    });
    this.#timer = options.clock.after(0, () => this.#turn());
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#listener[Symbol.dispose]();
  }

  nudge(): void {
    this.#evaluate();
  }

  /** Why a limit must not be written now, or undefined: nobody gives a charger more than the feeder has. */
  forbids({ device, point, value }: Pick<Command, 'device' | 'point' | 'value'>): string | undefined {
    const kept = this.#kept.find(({ charger }) => charger.device === device && charger.limit === point);
    if (kept === undefined || typeof value !== 'number') return undefined;
    const allowed = kept.slow?.limit ?? 0;
    return value <= allowed + 0.05
      ? undefined
      : `the feeder has ${allowed} A for ${device} now, and ${value} A were asked for`;
  }

  #turn(): void {
    this.#evaluate();
    if (!this.#stopped) this.#timer = this.#options.clock.after(EVALUATE_EVERY, () => this.#turn());
  }

  #current(device: string, point: string): number | undefined {
    const { hub, clock, feeder } = this.#options;
    const said = hub.latest(device, point);
    if (typeof said?.value !== 'number' || said.quality === 'bad') return undefined;
    return clock.mono() - said.time > feeder.stale ? undefined : Math.abs(said.value);
  }

  #evaluate(): void {
    if (this.#stopped) return;
    const { feeder, clock, override } = this.#options;
    const now = clock.mono();
    const phases = feeder.meter.currents.map((point) => this.#current(feeder.meter.device, point));
    const chargers = this.#kept.map((kept) => {
      const { charger } = kept;
      const measured = charger.currents.map((point) => this.#current(charger.device, point));
      const draw = this.#obeyed(kept, this.#following(kept, measured), now);
      const held = override(charger.device, charger.limit)?.value;
      return {
        draw,
        // A charger that nobody measures may charge at any time.
        active: measured.length === 0 || measured.some((amps) => (amps ?? 0) > CHARGES),
        wish: typeof held === 'number' ? held : undefined,
      };
    });
    const shared = share(feeder, { phases, chargers });
    const most = feeder.rating - feeder.reserve;
    // A silent meter is urgent: nobody knows what flows. So is a wish for less.
    const urgent =
      shared.mode === 'fallback' ||
      phases.some((amps) => amps !== undefined && amps > most) ||
      chargers.some(({ wish }) => wish !== undefined);
    for (const [n, kept] of this.#kept.entries()) {
      kept.slow = slow(feeder, kept.slow, shared.limits[n] ?? 0, kept.charger.min, now, urgent);
    }
    this.#tell(shared, phases, now);
    for (const kept of this.#kept) this.#keep(kept, now);
  }

  /**
   * What a charger draws, where its last reading is of before its last limit: as much as it may then, or still what it was.
   * The meter sees it at once, and the difference would be taken for somebody else's.
   */
  #following(
    { charger, changed, slow: given }: Kept,
    measured: readonly (number | undefined)[],
  ): readonly (number | undefined)[] {
    return measured.map((amps, i) => {
      const time = this.#options.hub.latest(charger.device, charger.currents[i] ?? '')?.time;
      if (amps === undefined || amps <= CHARGES || time === undefined || time > changed + FOLLOWS)
        return amps;
      return Math.max(amps, given?.limit ?? 0);
    });
  }

  /** What a charger draws as far as it may: what one takes beyond that for long is no longer ours to give. */
  #obeyed(
    kept: Kept,
    measured: readonly (number | undefined)[],
    now: number,
  ): readonly (number | undefined)[] {
    const most = (kept.slow?.limit ?? Number.POSITIVE_INFINITY) + OVER;
    if (!measured.some((amps) => (amps ?? 0) > most)) kept.deaf = undefined;
    else kept.deaf ??= now;
    if (kept.deaf === undefined || now - kept.deaf < OBEYS) return measured;
    return measured.map((amps) => amps && Math.min(amps, most));
  }

  /** Brings a charger to its limit, where it says another one or none. */
  #keep(kept: Kept, now: number): void {
    const { charger, slow: wanted } = kept;
    if (kept.writing || wanted === undefined || now < kept.next) return;
    const { hub } = this.#options;
    const said = hub.latest(charger.device, charger.limit);
    const reads = typeof said?.value === 'number' && said.quality !== 'bad' ? said.value : undefined;
    if (reads !== undefined && Math.abs(reads - wanted.limit) < SAME) return;
    void this.#write(kept, wanted.limit);
  }

  async #write(kept: Kept, value: number): Promise<void> {
    const { clock, steer, log } = this.#options;
    const { device, limit: point } = kept.charger;
    kept.writing = true;
    const { time } = wallAt(clock.mapping(), clock.mono());
    const result = await steer({
      id: `load-${randomUUID()}`,
      device,
      point,
      value,
      issuer: 'control:load',
      issued: time,
      expires: time + LIFE * clock.mapping().rate,
    });
    kept.writing = false;
    if (this.#stopped) return;
    if (result.state === 'done') {
      kept.changed = clock.mono();
      if (kept.failures > 0) log.info('load.reached', { device, limit: value });
      kept.failures = 0;
      kept.next = 0;
      return;
    }
    kept.failures += 1;
    kept.next = clock.mono() + Math.min(RETRY[0] * 2 ** (kept.failures - 1), RETRY[1]);
    if (kept.failures === 1) {
      log.warn('load.not-reached', { device, limit: value, reason: result.reason ?? result.state });
    }
  }

  #tell({ free, mode }: Share, phases: readonly (number | undefined)[], now: number): void {
    const { feeder, hub } = this.#options;
    const known = phases.filter((amps) => amps !== undefined);
    const load = known.length === phases.length ? Math.max(...known) : undefined;
    this.#judgeOverload(load, now);
    const allowed = this.#kept.map(({ slow: one }) => one?.limit ?? 0);
    const asBefore = this.#mode === mode && this.#allowed === allowed.join();
    if (asBefore && now - this.#told < REPEAT) return;
    this.#told = now;
    this.#allowed = allowed.join();
    const at = (point: string, unit: 'A' | '1' = 'A') => ({ device: feeder.id, point, unit });
    const left = free.every((amps) => amps !== undefined) ? Math.min(...free) : undefined;
    const amps = (point: string, value: number | undefined): Reading =>
      value === undefined ? bad(at(point), 'not-available', now) : good(at(point), round(value), now);
    hub.readings([
      amps('load', load),
      amps('free', left),
      good(at('mode', '1'), mode, now),
      good(at('overload', '1'), this.#over?.told === true, now),
      ...this.#kept.map(({ charger }, n) => amps(allowedPoint(charger.device), allowed[n])),
    ]);
    if (this.#mode !== mode) {
      const before = this.#mode;
      this.#mode = mode;
      const severity = mode === 'fallback' ? 'warning' : 'info';
      hub.event({
        event: 'load',
        severity,
        device: feeder.id,
        time: now,
        body: { mode, before: before ?? null, allowed },
      });
    }
  }

  /** Above the rating for longer than falling limits need: somebody else is the cause. */
  #judgeOverload(load: number | undefined, now: number): void {
    const { feeder, hub } = this.#options;
    if (load === undefined) return;
    const body = { load: round(load), rating: feeder.rating };
    const at = { device: feeder.id, time: now };
    if (load <= feeder.rating) {
      if (this.#over?.told === true) {
        hub.event({ event: 'load', severity: 'info', ...at, body: { ...body, overload: false } });
        hub.readings([good({ device: feeder.id, point: 'overload', unit: '1' }, false, now)]);
      }
      this.#over = undefined;
      return;
    }
    this.#over ??= { since: now, told: false };
    if (this.#over.told || now - this.#over.since < OVERLOAD) return;
    this.#over = { since: this.#over.since, told: true };
    hub.event({ event: 'load', severity: 'alarm', ...at, body: { ...body, overload: true } });
    hub.readings([good({ device: feeder.id, point: 'overload', unit: '1' }, true, now)]);
  }
}

function round(amps: number): number {
  return Math.round(amps * 10) / 10;
}
