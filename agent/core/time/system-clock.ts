/** The clock of the machine: CLOCK_MONOTONIC, the boot id of the kernel, and a wall mapping that others may better. */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mono } from '../reading.ts';
import { bootId } from './boot-id.ts';
import { CLOCK_RANKS, type Clock, type ClockMapping, type ClockRank, wallAt } from './clock.ts';
import { NtpProbe } from './ntp-state.ts';

/** Nothing of ours ran before this: a wall clock that shows less is wrong. */
export const BUILD_DATE = Date.UTC(2026, 10, 22);

/** No log is read that late: a wall clock that shows more is wrong. */
const LATEST = Date.UTC(2100, 0, 1);
/** No demonstration runs faster than an hour a second. */
const FASTEST = 3600;
/** A difference below it is none, ms. */
const SAME = 50;
/** Clocks with a battery, as the kernel lists them. */
const RTC = '/sys/class/rtc';

export interface SystemClockOptions {
  /** Wall time per monotonic time; above 1 only in demonstrations. Default 1. */
  readonly rate?: number;
  /** What the wall clock shows at start, Unix epoch ms: trusted as a server's. Default: the machine's. */
  readonly wall?: number;
  /** What stands behind the machine's wall clock; tests give their own. */
  readonly keeper?: Keeper;
}

/** `ntp`: it is synchronized · `rtc`: a battery or a host keeps it · `nobody`: it shows when the machine was last on. */
export type Keeper = 'ntp' | 'rtc' | 'nobody';

/** The wall clock of each keeper, and how far it may be off, ms. */
const TRUST: Readonly<Record<Keeper, readonly [ClockRank, number]>> = {
  ntp: ['ntp', 100],
  rtc: ['server', 60_000],
  nobody: ['floor', Number.MAX_SAFE_INTEGER],
};

export class SystemClock implements Clock {
  readonly boot: string;
  #mapping: ClockMapping;
  readonly #listeners = new Set<(mapping: ClockMapping) => void>();

  constructor({ rate = 1, wall: given, keeper }: SystemClockOptions = {}) {
    this.boot = bootId();
    const wall = given ?? Date.now();
    const kept = keeper ?? (given === undefined ? keeperOf() : 'rtc');
    const [rank, uncertaintyMs] = TRUST[wall < BUILD_DATE ? 'nobody' : kept];
    const mono = this.mono();
    this.#mapping = { boot: this.boot, mono, wall: Math.max(wall, BUILD_DATE), rate, rank, uncertaintyMs };
  }

  mono(): Mono {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  mapping(): ClockMapping {
    return this.#mapping;
  }

  onMapping(listener: (mapping: ClockMapping) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Takes a mapping if its source ranks at least as high as the one in force and its time is possible; tells everybody.
   * For whoever knows the time: the watch of the machine's clock, a GNSS receiver, an uplink whose server tells it
   * (`rank: 'server'`).
   */
  learn(mapping: Omit<ClockMapping, 'boot' | 'rate'>): boolean {
    if (CLOCK_RANKS.indexOf(mapping.rank) < CLOCK_RANKS.indexOf(this.#mapping.rank)) return false;
    if (!(mapping.wall >= BUILD_DATE && mapping.wall < LATEST)) return false;
    this.#take(mapping);
    return true;
  }

  /**
   * It is known to have been `wall` (Unix epoch ms) once: a clock that shows less and has nothing better behind it than
   * a battery is wrong. It goes on from there as a floor.
   */
  atLeast(wall: number): void {
    const mono = this.mono();
    if (this.#mapping.rank === 'ntp' || this.#mapping.rank === 'gnss') return;
    if (!(wall > wallAt(this.#mapping, mono).time && wall < LATEST)) return;
    this.#take({ mono, wall, rank: 'floor', uncertaintyMs: Number.MAX_SAFE_INTEGER });
  }

  /**
   * From `mono` on it is `wall`, and wall time runs `rate` times as fast: for demonstrations, whose street decides. Time goes
   * on or forward, never back; gives false where it would.
   */
  turn({ mono, wall, rate }: Pick<ClockMapping, 'mono' | 'wall' | 'rate'>): boolean {
    if (!(rate >= 1 && rate <= FASTEST && wall < LATEST)) return false;
    if (!(wall >= wallAt(this.#mapping, mono).time - SAME)) return false;
    const { rank, uncertaintyMs } = this.#mapping;
    this.#take({ mono, wall, rank, uncertaintyMs }, rate);
    return true;
  }

  #take(mapping: Omit<ClockMapping, 'boot' | 'rate'>, rate = this.#mapping.rate): void {
    this.#mapping = { ...mapping, boot: this.boot, rate };
    for (const listener of this.#listeners) listener(this.#mapping);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  }

  after(ms: number, run: () => void): Disposable {
    const timer = setTimeout(run, Math.max(0, ms));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }
}

/**
 * A machine whose kernel knows of battery clocks but has none (most Raspberry Pi) starts with the time it was last
 * switched off at. Where there is no such list (a container, another system), the host keeps the time.
 */
function keeperOf(): Keeper {
  using probe = new NtpProbe(undefined, []);
  if (probe.state(0).synchronized) return 'ntp';
  try {
    return existsSync(RTC) && readdirSync(RTC).length === 0 ? 'nobody' : 'rtc';
  } catch {
    return 'rtc';
  }
}
