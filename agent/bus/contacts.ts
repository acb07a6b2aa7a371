/**
 * Contacts of one device: levels that have to stand before they are believed, and counters made of their edges. Sits
 * between the driver and those who take its readings, so that it is the same for every protocol.
 */

import { type ContactRules, PULSE_PERIOD, type PulseConfig } from '../core/contacts.ts';
import type { DeviceMemory } from '../core/driver.ts';
import { bad, good, type Reading } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';

/** Pulses are saved this long after the first that is not, ms: what a power failure can cost. */
const SAVE_AFTER = 10_000;

export interface ContactsOptions {
  readonly device: string;
  readonly rules: ContactRules;
  /** The driver tells levels at every look; false: it may tell changes only, and silence confirms them. */
  readonly asked: boolean;
  readonly clock: Clock;
  readonly emit: (readings: readonly Reading[]) => void;
  /** Absent: no pulses are counted, for nobody would keep them. */
  readonly memory?: DeviceMemory;
}

/** What is kept of a counter; the value is `base + count × perPulse`. */
interface Kept {
  readonly level: boolean;
  readonly base: number;
  readonly count: number;
  readonly perPulse: number;
  readonly start: number;
}

interface Level {
  believed?: boolean;
  /** A level that has to stand yet. */
  next?: { readonly level: boolean; readonly since: number; readonly timer?: Disposable };
}

interface Counter {
  readonly config: PulseConfig;
  level: boolean | undefined;
  base: number;
  count: number;
  /** What was told last, and when. */
  told: Reading | undefined;
}

export class Contacts implements Disposable {
  readonly #options: ContactsOptions;
  readonly #levels = new Map<string, Level>();
  readonly #counters: readonly Counter[];
  #saving: Disposable | undefined;

  constructor(options: ContactsOptions) {
    this.#options = options;
    const { rules, memory } = options;
    const kept = read(memory?.read());
    this.#counters =
      memory === undefined ? [] : rules.pulses.map((config) => counterOf(config, kept.get(config.id)));
    for (const { config, level } of this.#counters) {
      if (level !== undefined) this.#levels.set(config.of, { believed: level });
    }
  }

  /** What readings of the device become: one for each, and those of counters that have something to tell. */
  take(readings: readonly Reading[]): readonly Reading[] {
    return readings.flatMap((reading) => {
      const settled = this.#settled(reading);
      return [settled, ...this.#counted(settled)];
    });
  }

  /** Saves what is not saved yet. */
  [Symbol.dispose](): void {
    for (const { next } of this.#levels.values()) next?.timer?.[Symbol.dispose]();
    this.#levels.clear();
    if (this.#saving !== undefined) this.#save();
  }

  #settled(reading: Reading): Reading {
    const { rules, asked, clock, emit } = this.#options;
    const hold = rules.debounce[reading.point];
    if (hold === undefined) return reading;
    const state = this.#levels.get(reading.point) ?? {};
    this.#levels.set(reading.point, state);
    const { next, believed } = state;
    const { value } = reading;
    const stands = typeof value === 'boolean' && next?.level === value && next.since + hold <= reading.time;
    if (typeof value !== 'boolean' || value === believed || believed === undefined || stands) {
      next?.timer?.[Symbol.dispose]();
      delete state.next;
      if (typeof value === 'boolean') state.believed = value;
      return reading;
    }
    if (next?.level !== value) {
      const since = reading.time;
      const late = () => {
        state.believed = value;
        delete state.next;
        const now = { ...reading, time: clock.mono() };
        emit([now, ...this.#counted(now)]);
      };
      state.next = { level: value, since, ...(asked ? {} : { timer: clock.after(hold, late) }) };
    }
    return { ...reading, value: believed };
  }

  /** Readings of the counters of this contact that have something to tell. */
  #counted(reading: Reading): readonly Reading[] {
    return this.#counters.flatMap((counter) => {
      const { config } = counter;
      if (config.of !== reading.point) return [];
      const at = { device: this.#options.device, point: config.id, unit: config.unit };
      if (typeof reading.value === 'boolean') {
        this.#edge(counter, reading.value);
        return tell(counter, good(at, shown(counter), reading.time));
      }
      return tell(counter, bad(at, reading.reason ?? 'not-available', reading.time));
    });
  }

  #edge(counter: Counter, level: boolean): void {
    const { edge } = counter.config;
    const before = counter.level;
    counter.level = level;
    if (before === level) return;
    if (before !== undefined && (edge === 'both' || (edge === 'rising') === level)) counter.count += 1;
    this.#saving ??= this.#options.clock.after(SAVE_AFTER, () => this.#save());
  }

  #save(): void {
    this.#saving?.[Symbol.dispose]();
    this.#saving = undefined;
    const kept = this.#counters.flatMap(({ config, level, base, count }): [string, Kept][] => {
      if (level === undefined) return [];
      const { perPulse, start } = config;
      return [[config.id, { level, base, count, perPulse, start }]];
    });
    this.#options.memory?.save(JSON.stringify(Object.fromEntries(kept)));
  }
}

/** Told at every change, and otherwise once a period. */
function tell(counter: Counter, reading: Reading): readonly Reading[] {
  const { told } = counter;
  const same = told?.value === reading.value && told?.reason === reading.reason;
  if (same && told !== undefined && reading.time < told.time + PULSE_PERIOD) return [];
  counter.told = reading;
  return [reading];
}

function shown({ config, base, count }: Counter): number {
  // Steps of 0.1 add up to what the dial shows, not to 0.30000000000000004.
  return Number((base + count * config.perPulse).toFixed(9));
}

function counterOf(config: PulseConfig, kept: Kept | undefined): Counter {
  const { start, perPulse } = config;
  const fresh = { config, level: undefined, base: start, count: 0, told: undefined };
  if (kept === undefined || kept.start !== start) return { ...fresh, level: kept?.level };
  if (kept.perPulse === perPulse) return { ...fresh, level: kept.level, base: kept.base, count: kept.count };
  return { ...fresh, level: kept.level, base: kept.base + kept.count * kept.perPulse };
}

/** What was saved; damage is nothing. */
function read(text: string | undefined): ReadonlyMap<string, Kept> {
  try {
    const raw: unknown = JSON.parse(text ?? '{}');
    return new Map(Object.entries(Object(raw)).filter((entry): entry is [string, Kept] => isKept(entry[1])));
  } catch {
    return new Map();
  }
}

function isKept(raw: unknown): raw is Kept {
  const { level, base, count, perPulse, start } = Object(raw) as Record<string, unknown>;
  return (
    typeof level === 'boolean' &&
    Number.isSafeInteger(count) &&
    [base, perPulse, start].every(Number.isFinite)
  );
}
