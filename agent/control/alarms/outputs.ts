/**
 * Keeps one output of a help button where it should be: written at once when that changes, again until it reads back, and
 * again when something else has changed it (a board that was reset).
 */
import { randomUUID } from 'node:crypto';
import type { SosOutput } from '../../core/alarm/alarm.ts';
import type { CommandResult, Submit } from '../../core/command.ts';
import type { Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { Reading, Value } from '../../core/reading.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';

/** Pause before a write that failed is tried again, ms; doubled up to the second. */
const RETRY = [100, 10_000] as const;
/** Life of a command of ours, ms. */
const LIFE = 60_000;

export interface OutputOptions {
  readonly output: SosOutput;
  readonly clock: Clock;
  readonly hub: Subscription;
  readonly log: Log;
  /** The router's way for controllers: neither disk nor clock stands between press and beacon. */
  readonly steer: Submit;
}

export class Output implements Disposable {
  readonly #options: OutputOptions;
  #wanted: Value | undefined;
  #writing: Promise<CommandResult> | undefined;
  #timer: Disposable | undefined;
  #failures = 0;
  #stopped = false;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  /** Brings it there and keeps it there. Resolves with the result of the first write; undefined where it is there already. */
  async show(value: Value): Promise<CommandResult | undefined> {
    this.#wanted = value;
    if (this.#writing !== undefined) await this.#writing;
    if (this.#stopped || this.#wanted !== value || this.#reads() === value) return undefined;
    return this.#write(value);
  }

  /** What a device told of itself. */
  take(reading: Reading): void {
    const { output } = this.#options;
    if (reading.device !== output.device || reading.point !== output.point || reading.value === null) return;
    if (this.#wanted === undefined || reading.value === this.#wanted || this.#writing !== undefined) return;
    if (this.#timer === undefined) this.#later(0);
  }

  #reads(): Value | undefined {
    const { output, hub } = this.#options;
    return hub.latest(output.device, output.point)?.value ?? undefined;
  }

  async #write(value: Value): Promise<CommandResult> {
    const { output, clock, steer } = this.#options;
    const { time } = wallAt(clock.mapping(), clock.mono());
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#writing = steer({
      id: `sos-${randomUUID()}`,
      device: output.device,
      point: output.point,
      value,
      issuer: 'control:sos',
      issued: time,
      expires: time + LIFE * clock.mapping().rate,
    });
    const result = await this.#writing;
    this.#writing = undefined;
    if (!this.#stopped) this.#settle(value, result);
    return result;
  }

  #settle(value: Value, result: CommandResult): void {
    const { log, output } = this.#options;
    if (result.state === 'done') {
      if (this.#failures > 0) log.info('sos.output-reached', { device: output.device, point: output.point });
      this.#failures = 0;
      if (this.#wanted !== value) this.#later(0);
      return;
    }
    this.#failures += 1;
    if (this.#failures === 1) {
      const reason = result.reason ?? result.state;
      log.error('sos.output-not-reached', { device: output.device, point: output.point, reason });
    }
    this.#later(Math.min(RETRY[0] * 2 ** (this.#failures - 1), RETRY[1]));
  }

  #later(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      const wanted = this.#wanted;
      if (wanted !== undefined && this.#writing === undefined && this.#reads() !== wanted)
        void this.#write(wanted);
      // What reads right after a write that was not confirmed needs no further one.
      else this.#failures = 0;
    });
  }
}
