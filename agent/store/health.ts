/** Health of the store as a sentence with a fix, and what happened to it as events, said once down and once up. */

import type { Log } from '../core/log.ts';
import type { AgentEvent, Heads, Json } from '../core/record.ts';
import type { Clock } from '../core/time/clock.ts';
import { wallAt } from '../core/time/clock.ts';
import type { HealthState, PartHealth } from '../core/view.ts';
import type { Failure, Statistics } from './messages.ts';
import type { Ring } from './ring.ts';
import type { Wear } from './wear.ts';

/** A commit that takes longer is told, ms. */
export const SLOW_COMMIT = 5000;

export interface HealthOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ring: Ring;
  readonly wear: Wear;
  heads(): Heads;
  /** Shown to everybody and logged with the next commit. */
  event(event: AgentEvent): void;
}

export class StoreHealth {
  readonly #options: HealthOptions;
  readonly #listeners = new Set<(health: PartHealth) => void>();
  #state: HealthState = 'starting';
  #since: number;
  #failure: Failure | undefined;
  #downAt = 0;
  /** Records the ring had dropped when the failure began. */
  #droppedBefore = 0;
  #statistics: Statistics | undefined;
  #slow: Disposable | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#since = this.#wall();
  }

  #wall(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  health(): PartHealth {
    const failure = this.#failure;
    const about = failure === undefined ? {} : { message: failure.message };
    const fix = failure?.fix === undefined ? {} : { fix: failure.fix };
    return { part: 'store', state: this.#state, since: this.#since, ...about, ...fix, facts: this.#facts() };
  }

  #facts(): PartHealth['facts'] {
    const { ring, wear, heads } = this.#options;
    const numbers = heads();
    const records = Object.values(numbers).reduce((sum, head) => sum + head, 0);
    const facts = { records, ring_bytes: ring.bytes, dropped: ring.dropped, ...wear.facts() };
    const known = this.#statistics;
    if (known === undefined) return facts;
    return {
      ...facts,
      used_bytes: known.used,
      file_bytes: known.file,
      wal_bytes: known.wal,
      commit_ms: Math.round(known.commitMs * 10) / 10,
      disk_free_share: Math.round(known.free * 1000) / 1000,
    };
  }

  onHealth(listener: (health: PartHealth) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #enter(state: HealthState, failure: Failure | undefined): void {
    const changed = state !== this.#state || failure?.message !== this.#failure?.message;
    if (state !== this.#state) this.#since = this.#wall();
    this.#state = state;
    this.#failure = failure;
    if (!changed) return;
    const health = this.health();
    for (const listener of this.#listeners) listener(health);
  }

  /** A commit was sent; it must come back soon. */
  waiting(): void {
    this.#slow?.[Symbol.dispose]();
    this.#slow = this.#options.clock.after(SLOW_COMMIT, () => {
      this.failed({
        code: 'store-failed',
        message: `writing to the log takes longer than ${SLOW_COMMIT / 1000} s`,
        fix: 'The card answers slowly: it is worn, or something else writes much.',
        retryable: true,
      });
    });
  }

  settled(): void {
    this.#slow?.[Symbol.dispose]();
    this.#slow = undefined;
  }

  failed(failure: Failure): void {
    const { clock, log, ring } = this.#options;
    if (this.#failure === undefined) {
      this.#downAt = clock.mono();
      this.#droppedBefore = ring.dropped;
      log.error('store.ill', { code: failure.code, error: failure.message, fix: failure.fix });
      const { code, message, fix = null } = failure;
      this.#say('warning', { state: 'ill', code, message, fix });
    }
    this.#enter(ring.dropped > this.#droppedBefore ? 'down' : 'degraded', failure);
  }

  working(statistics: Statistics | undefined): void {
    const { clock, log, ring } = this.#options;
    if (statistics !== undefined) {
      this.#statistics = statistics;
      this.#options.wear.take(statistics.written);
    }
    if (this.#failure !== undefined) {
      const ms = Math.round(clock.mono() - this.#downAt);
      log.info('store.recovered', { after_ms: ms, dropped: ring.dropped });
      this.#say('info', { state: 'recovered', after_ms: ms, dropped: ring.dropped });
    }
    this.#enter('ok', undefined);
  }

  #say(severity: AgentEvent['severity'], body: { [key: string]: Json }): void {
    this.#options.event({ event: 'store', severity, time: this.#options.clock.mono(), body });
  }

  end(): void {
    this.settled();
    this.#enter('off', undefined);
    this.#listeners.clear();
  }
}
