/**
 * What the log writes to the card: measured by the kernel's account, forecast against what the card is rated for, and
 * kept within a budget per day by a longer window, for a commit costs the card its pages whatever is in them.
 */

import type { LogConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';

const DAY = 86_400_000;
/** A rate is judged over so long, ms: shorter, and one poll of meters or a rollup is most of it. */
const SPAN = 1_800_000;
/** The window is stretched no further than this, ms. */
const LONGEST = 60_000;
/** The window shrinks again where this share of the budget is left unused by far more than one step brings. */
const EASE = 0.35;

export interface WearChange {
  readonly window_ms: number;
  readonly written_bytes_per_day: number;
  readonly write_budget: number;
}

export class Wear {
  readonly #clock: Clock;
  readonly #config: LogConfig;
  readonly #changed: (change: WearChange) => void;
  #window: number;
  /** The account of the present thread at the last look, and all of it since the start. */
  #account = 0;
  #total = 0;
  #known = false;
  readonly #startedAt: number;
  #span: { readonly mono: number; readonly total: number };
  #perDay: number | undefined;

  /** `changed`: told when the window changes. */
  constructor(clock: Clock, config: LogConfig, changed: (change: WearChange) => void) {
    this.#clock = clock;
    this.#config = config;
    this.#changed = changed;
    this.#window = config.window;
    this.#startedAt = clock.mono();
    this.#span = { mono: this.#startedAt, total: 0 };
  }

  /** Longest wait of telemetry for its commit now, ms: the configured window, or a longer one. */
  get window(): number {
    return this.#window;
  }

  /** `written`: bytes by the account of the store thread, which begins anew with each of its generations; −1: unknown. */
  take(written: number): void {
    if (written < 0) return;
    this.#known = true;
    this.#total += written >= this.#account ? written - this.#account : written;
    this.#account = written;
    const now = this.#clock.mono();
    const passed = now - this.#span.mono;
    if (passed < SPAN) return;
    const perDay = ((this.#total - this.#span.total) / passed) * DAY;
    this.#span = { mono: now, total: this.#total };
    this.#perDay = perDay;
    this.#fit(perDay);
  }

  #fit(perDay: number): void {
    const { window: shortest, writeBudget: budget } = this.#config;
    if (budget === undefined) return;
    let next = this.#window;
    if (perDay > budget) next = Math.max(shortest, Math.min(LONGEST, this.#window * 2));
    else if (perDay < budget * EASE) next = Math.max(shortest, this.#window / 2);
    if (next === this.#window) return;
    this.#window = next;
    this.#changed({ window_ms: next, written_bytes_per_day: Math.round(perDay), write_budget: budget });
  }

  /** Forecast bytes per day: of the last half hour, before that since the start; undefined where nothing is known. */
  get perDay(): number | undefined {
    if (!this.#known) return undefined;
    const passed = Math.max(this.#clock.mono() - this.#startedAt, 60_000);
    return this.#perDay ?? (this.#total / passed) * DAY;
  }

  facts(): Readonly<Record<string, number | null>> {
    const perDay = this.perDay;
    const { cardRating, writeBudget } = this.#config;
    const years =
      perDay === undefined || perDay === 0 || cardRating === undefined ? null : cardRating / perDay / 365;
    return {
      window_ms: this.#window,
      written_bytes_per_day: perDay === undefined ? null : Math.round(perDay),
      ...(writeBudget === undefined ? {} : { write_budget: writeBudget }),
      ...(cardRating === undefined
        ? {}
        : { card_years: years === null ? null : Math.round(years * 10) / 10 }),
    };
  }
}
