/** Meter sense that follows a changed site: made anew from the log for the new devices, while readings wait in order. */
import type { Publisher } from '../../core/hub.ts';
import type { Reading } from '../../core/reading.ts';
import type { AgentEvent } from '../../core/record.ts';
import type { SenseActs } from '../../core/sense.ts';
import type { SensePlan } from '../../sense/plan.ts';
import { type Memory, Sense, type SenseOptions } from '../../sense/sense.ts';

export class LiveSense implements Publisher, Disposable {
  readonly #options: Omit<SenseOptions, 'plan'>;
  #sense: Sense;
  #memory: Memory | undefined;
  #remembered: Promise<void> = Promise.resolve();
  readonly acts: SenseActs = {
    counters: (...asked) => this.#sense.counters(...asked),
    tasks: () => this.#sense.tasks(),
    marks: (...asked) => this.#sense.marks(...asked),
    exchange: (...asked) => this.#sense.exchange(...asked),
    correct: (...asked) => this.#sense.correct(...asked),
    raw: (...asked) => this.#sense.raw(...asked),
    beginMaintenance: (...asked) => this.#sense.beginMaintenance(...asked),
    endMaintenance: (...asked) => this.#sense.endMaintenance(...asked),
    maintenance: () => this.#sense.maintenance(),
    withdraw: (...asked) => this.#sense.withdraw(...asked),
    explain: (...asked) => this.#sense.explain(...asked),
  };

  constructor({ plan, ...options }: SenseOptions) {
    this.#options = options;
    this.#sense = new Sense({ ...options, plan });
  }

  readings(readings: readonly Reading[]): void {
    this.#sense.readings(readings);
  }

  event(event: AgentEvent): void {
    this.#sense.event(event);
  }

  /** Never rejects. */
  remember(memory: Memory): Promise<void> {
    this.#memory = memory;
    this.#remembered = this.#sense.remember(memory);
    return this.#remembered;
  }

  /** What was read before is durable first: the new one knows its counters from the log. */
  async change(plan: SensePlan): Promise<void> {
    await this.#remembered;
    const before = this.#sense;
    const next = new Sense({ ...this.#options, plan });
    this.#sense = next;
    before[Symbol.dispose]();
    await this.#options.hub.record([]);
    if (this.#memory !== undefined) await this.remember(this.#memory);
  }

  [Symbol.dispose](): void {
    this.#sense[Symbol.dispose]();
  }
}
