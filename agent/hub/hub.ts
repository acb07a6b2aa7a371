/**
 * The hub: every reading and event comes in here, is shown to all who want it at once, and is handed to the log in
 * groups. Telemetry waits at most one window (the stated loss window); alarms, events and commands do not wait.
 */

import { asAgentError } from '../core/errors.ts';
import type { Recorder, Subscription } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { Lane } from '../core/point.ts';
import type { Reading } from '../core/reading.ts';
import type { AgentEvent } from '../core/record.ts';
import type { Clock } from '../core/time/clock.ts';

/** The durable side: resolves when what it was given is on the disk, or rejects when it never will be. */
export type Append = (readings: readonly Reading[], events: readonly AgentEvent[]) => Promise<unknown>;

export interface HubOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Longest wait of telemetry for its commit, ms; a function where it changes. */
  readonly window: number | (() => number);
  readonly lane: (device: string, point: string) => Lane;
  readonly append: Append;
}

/** Waiting readings that start a commit before the window ends, so that neither memory nor a batch grows without bound. */
const COMMIT_AT = 5000;

export class Hub implements Recorder, Subscription, AsyncDisposable {
  readonly #options: HubOptions;
  readonly #latest = new Map<string, Map<string, Reading>>();
  readonly #readingListeners = new Set<(readings: readonly Reading[]) => void>();
  readonly #eventListeners = new Set<(event: AgentEvent) => void>();
  /** Commits that the log has not settled, oldest first, and when each was handed over. */
  readonly #committing = new Map<Promise<unknown>, number>();
  #readings: Reading[] = [];
  #events: AgentEvent[] = [];
  #timer: Disposable | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  readings(readings: readonly Reading[]): void {
    if (readings.length === 0) return;
    let urgent = false;
    for (const reading of readings) {
      urgent ||= this.#isUrgent(reading);
      this.#remember(reading);
      this.#readings.push(reading);
    }
    this.#tell(this.#readingListeners, readings);
    if (urgent || this.#readings.length >= COMMIT_AT) void this.commit();
    else this.#timer ??= this.#options.clock.after(this.#window, () => void this.commit());
  }

  get #window(): number {
    const { window } = this.#options;
    return typeof window === 'number' ? window : window();
  }

  event(event: AgentEvent): void {
    this.#events.push(event);
    this.#tell(this.#eventListeners, event);
    void this.commit();
  }

  /** Publishes events and resolves when they are durable, or known never to be. */
  async record(events: readonly AgentEvent[]): Promise<void> {
    for (const event of events) {
      this.#events.push(event);
      this.#tell(this.#eventListeners, event);
    }
    await this.commit();
  }

  latest(device: string, point: string): Reading | undefined {
    return this.#latest.get(device)?.get(point);
  }

  /** When the oldest commit that is not settled was handed to the log, ms of the monotonic clock. */
  get waitingSince(): number | undefined {
    return this.#committing.values().next().value;
  }

  onReadings(listener: (readings: readonly Reading[]) => void): Disposable {
    this.#readingListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#readingListeners.delete(listener) };
  }

  onEvent(listener: (event: AgentEvent) => void): Disposable {
    this.#eventListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#eventListeners.delete(listener) };
  }

  /** Hands everything that waits to the log now. Resolves when it is durable or known to be lost; never rejects. */
  async commit(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#readings.length === 0 && this.#events.length === 0) return;
    const readings = this.#readings;
    const events = this.#events;
    this.#readings = [];
    this.#events = [];
    const done = this.#options
      .append(readings, events)
      .catch((thrown) =>
        // The store counts what it could not keep and writes the gap record; here it is only said.
        this.#options.log.error('hub.commit-failed', {
          readings: readings.length,
          events: events.length,
          error: asAgentError(thrown).message,
        }),
      )
      .finally(() => this.#committing.delete(done));
    this.#committing.set(done, this.#options.clock.mono());
    await done;
  }

  /** Commits the rest; waits for the log, whose own stop has a deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.commit();
    await Promise.all(this.#committing.keys());
    this.#readingListeners.clear();
    this.#eventListeners.clear();
  }

  /** An alarm point commits at once when it changes; its heartbeat waits like telemetry. */
  #isUrgent(reading: Reading): boolean {
    if (this.#options.lane(reading.device, reading.point) !== 'alarm') return false;
    const before = this.latest(reading.device, reading.point);
    return before?.value !== reading.value || before.quality !== reading.quality;
  }

  #remember(reading: Reading): void {
    let device = this.#latest.get(reading.device);
    if (device === undefined) {
      device = new Map();
      this.#latest.set(reading.device, device);
    }
    const before = device.get(reading.point);
    // A late reading (answered long ago, delivered now) is logged but does not become the newest one.
    if (before === undefined || before.time <= reading.time) device.set(reading.point, reading);
  }

  #tell<T>(listeners: Set<(item: T) => void>, item: T): void {
    for (const listener of [...listeners]) {
      try {
        listener(item);
      } catch (thrown) {
        listeners.delete(listener);
        this.#options.log.error('hub.listener-cut-off', { error: asAgentError(thrown).message });
      }
    }
  }
}
