/**
 * Messages of centres to riders: kept over restarts and outages, each until its own end. With no network a sign still says
 * that a stop is closed, and stops saying it when that is over.
 */

import type { Log } from '../core/log.ts';
import type { ServiceAlert } from '../core/sign/transit.ts';
import type { Clock } from '../core/time/clock.ts';
import { Turns } from '../core/turns.ts';
import { readKept, writeKept } from './kept-file.ts';

const KIND = { word: 'kerbside-alerts', version: 1 } as const;
/** What comes within this goes into one write, ms. */
const TOGETHER = 1000;
/** An alert without an end is not shown longer than this after its feed was last heard, ms. */
const UNHEARD = 2 * 86_400_000;

interface Shelf {
  readonly alerts: readonly ServiceAlert[];
  /** When the feed was last heard, Unix epoch ms. */
  readonly heard: number;
}

export interface AlertStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Unix epoch ms. */
  readonly now: () => number;
}

export class AlertStore implements AsyncDisposable {
  readonly #options: AlertStoreOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #listeners = new Set<() => void>();
  #timer: Disposable | undefined;
  readonly #writing = new Turns();

  constructor(options: AlertStoreOptions) {
    this.#options = options;
    const kept = readKept(options.file, KIND);
    if (kept.kind === 'damaged') options.log.warn('sign.alerts-damaged', { why: kept.why });
    if (kept.kind !== 'read') return;
    for (const [source, shelf] of kept.content as readonly [string, Shelf][]) {
      // The monotonic clock of another boot says nothing.
      const alerts = shelf.alerts.map((alert) => ({ ...alert, received: options.clock.mono() }));
      this.#shelves.set(source, { ...shelf, alerts });
    }
  }

  /** All alerts that a feed has now. */
  take(source: string, alerts: readonly ServiceAlert[]): void {
    const before = this.#shelves.get(source);
    this.#shelves.set(source, { alerts, heard: this.#options.now() });
    const same =
      before !== undefined &&
      before.alerts.length === alerts.length &&
      before.alerts.every(({ id, updated }, i) => alerts[i]?.id === id && alerts[i]?.updated === updated);
    if (same) return;
    this.#timer ??= this.#options.clock.after(TOGETHER, () => void this.#flush());
    for (const listener of this.#listeners) listener();
  }

  /** Alerts that are to be shown now. */
  active(): readonly ServiceAlert[] {
    const now = this.#options.now();
    return [...this.#shelves.values()].flatMap(({ alerts, heard }) =>
      alerts.filter(({ active }) => {
        if (active.length === 0) return now - heard <= UNHEARD;
        return active.some(
          ({ from = 0, to }) => from <= now && (to === undefined ? now - heard <= UNHEARD : now < to),
        );
      }),
    );
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) await this.#flush();
    await this.#writing.over();
  }

  #flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const { file, log } = this.#options;
    const shelves = [...this.#shelves];
    return this.#writing
      .take(() => writeKept(file, KIND, shelves))
      .catch((error: unknown) => log.error('sign.alerts-unwritten', { file, error: String(error) }));
  }
}
