/**
 * What outputs show while nobody commands them: written when their device is first heard, and at a clean stop. A crash or a
 * cut line leaves them as they are; against that only the device's own watchdog helps.
 */

import type { PointWrite, WriteOutcome } from '../core/driver.ts';
import type { Publisher } from '../core/hub.ts';
import type { Reading, Value } from '../core/reading.ts';
import type { Clock } from '../core/time/clock.ts';

/** Longest the stop waits for it, ms. */
const STOP_WITHIN = 1000;

export interface FailSafeOptions {
  readonly device: string;
  readonly outputs: Readonly<Record<string, Value>>;
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly write: (write: PointWrite, signal: AbortSignal) => Promise<WriteOutcome>;
}

export class FailSafe {
  readonly #options: FailSafeOptions;
  readonly #stop = new AbortController();
  /** Outputs that have not been set since the start, neither by us nor by a command. */
  readonly #unset: Set<string>;
  #heard = false;
  #answers = false;

  constructor(options: FailSafeOptions) {
    this.#options = options;
    this.#unset = new Set(Object.keys(options.outputs));
  }

  /** Looks at readings of the device. */
  look(readings: readonly Reading[]): void {
    if (readings.length === 0) return;
    this.#answers = readings.some(({ quality }) => quality !== 'bad');
    if (!this.#answers || this.#heard) return;
    this.#heard = true;
    for (const point of [...this.#unset]) void this.#set(point, 'start', this.#stop.signal);
  }

  /** A command for an output comes before what it was to show without one. */
  commanded(point: string): void {
    this.#unset.delete(point);
  }

  /** Sets all outputs, for as long as a stop may take; a device that does not answer is left alone. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (!this.#answers) return;
    const late = new AbortController();
    using _ = this.#options.clock.after(STOP_WITHIN, () => late.abort());
    const points = Object.keys(this.#options.outputs);
    await Promise.all(points.map((point) => this.#set(point, 'stop', late.signal)));
  }

  async #set(point: string, at: 'start' | 'stop', signal: AbortSignal): Promise<void> {
    const { device, outputs, clock, publisher, write } = this.#options;
    const value = outputs[point];
    if (value === undefined || (at === 'start' && !this.#unset.delete(point))) return;
    const failed = await write({ point, value }, signal).then(
      (outcome) => (outcome.kind === 'done' ? undefined : outcome.reason),
      (error: unknown) => String(error),
    );
    if (at === 'start' && signal.aborted) return;
    const body = {
      change: 'fail-safe',
      at,
      point,
      value,
      ...(failed === undefined ? {} : { error: failed }),
    };
    const severity = failed === undefined ? 'info' : 'warning';
    publisher.event({ event: 'device', severity, device, time: clock.mono(), body });
  }
}
