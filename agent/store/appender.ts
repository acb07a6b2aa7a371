/** Gives records their numbers and writes them as batches, inside the transaction that makes them durable. */
import type { Lane } from '../core/point.ts';
import type { AgentEvent } from '../core/record.ts';
import type { Batches, BatchRow } from './batches.ts';
import { encodeBatch, MAX_RECORDS } from './codec/batch.ts';
import type { DecimalsOf } from './codec/readings.ts';
import { type Columns, slice } from './columns.ts';

export interface AppenderOptions {
  readonly batches: Batches;
  readonly decimalsOf: DecimalsOf;
  /** Gets the readings of every batch, for the rollups. */
  fed(boot: number, readings: Columns): void;
  /** Gets every batch as it was written, for the evidence. */
  written(lane: Lane, row: BatchRow): void;
}

export class Appender {
  readonly #options: AppenderOptions;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Appends readings (point numbers of the table), then events. `boot` is the number of the boot. */
  append(
    lane: Lane,
    boot: number,
    readings: Columns | undefined,
    events: readonly AgentEvent[],
  ): { first: number; last: number } {
    const first = this.#options.batches.head(lane) + 1;
    let next = first;
    const count = readings?.count ?? 0;
    if (readings !== undefined)
      for (let from = 0; from < count; from += MAX_RECORDS) {
        const part = slice(readings, from, Math.min(count, from + MAX_RECORDS));
        const ends = from + MAX_RECORDS >= count && events.length <= MAX_RECORDS ? events : [];
        next = this.#insert(lane, next, boot, part, ends);
        this.#options.fed(boot, part);
      }
    if (count === 0 || events.length > MAX_RECORDS)
      for (let from = 0; from < events.length; from += MAX_RECORDS)
        next = this.#insert(lane, next, boot, undefined, events.slice(from, from + MAX_RECORDS));
    return { first, last: next - 1 };
  }

  #insert(
    lane: Lane,
    first: number,
    boot: number,
    readings: Columns | undefined,
    events: readonly AgentEvent[],
  ): number {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    const see = (time: number) => {
      if (time < min) min = time;
      if (time > max) max = time;
    };
    for (let i = 0; i < (readings?.count ?? 0); i++) see(readings?.time[i] ?? 0);
    for (const { time } of events) see(time);
    const count = (readings?.count ?? 0) + events.length;
    const { batches, decimalsOf, written } = this.#options;
    const body = encodeBatch({ readings, events }, decimalsOf);
    const row = { first, count, boot, mono_min: Math.floor(min), mono_max: Math.ceil(max), body };
    batches.insert(lane, row);
    written(lane, row);
    return first + count;
  }
}
