/**
 * Data used in the month of the tariff, from a counter that the modem keeps and now and then begins anew. What must outlive
 * the agent goes into the device's memory.
 */
import { z } from 'zod';
import type { DeviceMemory } from '../../agent/core/driver.ts';
import type { Doubt } from '../teller.ts';
import type { DeviceOptions } from './schema.ts';

const MEGABYTE = 1_000_000;
/** Bytes after which the count is written down again: a memory card is not written at every question. */
const SAVE_EVERY = MEGABYTE;

const stateSchema = z.object({
  /** `2027-05`: the month of the tariff that began in May. */
  month: z.string(),
  used: z.number(),
  /** What the modem's counter said when this was written. */
  counter: z.number(),
  /** The whole month was seen, or the operator has said what was used before. */
  whole: z.boolean(),
});
type State = z.output<typeof stateSchema>;

/** The month of the tariff a moment lies in: that of its day, or the one before where the day is before the first. */
export function monthOf(time: number, { billingDay, timezone }: DeviceOptions): string {
  const parts = new Intl.DateTimeFormat('en', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    ...(timezone === undefined ? {} : { timeZone: timezone }),
  }).formatToParts(time);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0);
  const months = part('year') * 12 + part('month') - 1 - (part('day') < billingDay ? 1 : 0);
  return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}`;
}

export class MonthCount {
  readonly #options: DeviceOptions;
  readonly #memory: DeviceMemory | undefined;
  #state: State | undefined;
  #saved = 0;

  constructor(options: DeviceOptions, memory: DeviceMemory | undefined) {
    this.#options = options;
    this.#memory = memory;
    this.#state = parsed(memory?.read());
    this.#saved = this.#state?.used ?? 0;
  }

  /**
   * Bytes used in the month, `counter` being what the modem has counted. Uncertain with `substituted` where the beginning of
   * the month was not seen. `time`: wall time, undefined while nobody knows it: the month goes on.
   */
  take(counter: number, time: number | undefined): number | Doubt {
    const now = time === undefined ? this.#state?.month : monthOf(time, this.#options);
    const before = this.#state;
    if (before === undefined) {
      const { used } = this.#options;
      this.#keep({ month: now ?? '', used: (used ?? 0) * MEGABYTE, counter, whole: used !== undefined });
    } else {
      // A counter that is lower began anew: what it says has been used since.
      const more = counter >= before.counter ? counter - before.counter : counter;
      const month = before.month === '' ? (now ?? '') : before.month;
      const next =
        now === undefined || now === month
          ? { ...before, month, used: before.used + more, counter }
          : { month: now, used: more, counter, whole: true };
      if (next.month !== before.month || counter < before.counter || next.used - this.#saved >= SAVE_EVERY) {
        this.#keep(next);
      } else this.#state = next;
    }
    const { used = 0, whole = false } = this.#state ?? {};
    return whole ? used : { reason: 'substituted', value: used };
  }

  /** Writes down what has been counted since. */
  close(): void {
    if (this.#state !== undefined && this.#state.used !== this.#saved) this.#keep(this.#state);
  }

  #keep(state: State): void {
    this.#state = state;
    this.#saved = state.used;
    this.#memory?.save(JSON.stringify(state));
  }
}

function parsed(text: string | undefined): State | undefined {
  if (text === undefined) return undefined;
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
