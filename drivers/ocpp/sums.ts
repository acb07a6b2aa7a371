/**
 * Energy of a charger as sums of positive differences of its register. Registers of chargers are reset at a boot, at the
 * begin of a transaction, or never (Java-OCA-OCPP#331); messages come late and twice. So nothing is ever taken from one value:
 * what the register grew by counts, a fall is a reset, and more than the charger can deliver is no consumption.
 */
import { z } from 'zod';

const sessionSchema = z.strictObject({
  id: z.number(),
  /** Unix epoch ms. */
  began: z.number(),
  ended: z.number().optional(),
  /** Wh */
  energy: z.number(),
  /** What identifies a StartTransaction that is sent again. */
  key: z.string(),
});
export type Session = z.output<typeof sessionSchema>;

const memorySchema = z.strictObject({
  v: z.literal(1),
  /** Wh, as the register was told last. */
  register: z.number().optional(),
  /** Time of that sample, Unix epoch ms. */
  at: z.number().optional(),
  /** Wh */
  total: z.number(),
  sessions: z.number(),
  /** The newest last; the last one without `ended` is under way. */
  recent: z.array(sessionSchema).max(8),
  next: z.number(),
  boots: z.number(),
});
type Memory = z.output<typeof memorySchema>;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A register is told in steps, and clocks differ: so much is always believed, Wh. */
const SLACK = 500;
const RECENT = 8;

export type Judgement = 'first' | 'counted' | 'reset' | 'late' | 'implausible';

export class EnergySums {
  readonly #most: number;
  #kept: Memory;

  /** `most`: W the charger can deliver. `text`: what `toString` gave before a restart. `seed`: for the first transaction id. */
  constructor(most: number, text: string | undefined, seed: number) {
    this.#most = most;
    this.#kept = read(text) ?? { v: 1, total: 0, sessions: 0, recent: [], next: seed, boots: 0 };
  }

  /** Wh since the first sample ever. */
  get total(): number {
    return this.#kept.total;
  }

  get sessions(): number {
    return this.#kept.sessions;
  }

  get boots(): number {
    return this.#kept.boots;
  }

  /** Under way, or the last one. */
  get session(): Session | undefined {
    return this.#kept.recent.at(-1);
  }

  get active(): Session | undefined {
    const last = this.session;
    return last?.ended === undefined ? last : undefined;
  }

  booted(): void {
    this.#kept = { ...this.#kept, boots: this.#kept.boots + 1 };
  }

  /** Takes a value of the register, Wh. `time`: of the sample, Unix epoch ms, not after `now`. */
  take(register: number, time: number, now: number): Judgement {
    const { register: before, at: told } = this.#kept;
    // A sample of a clock that was wrong would make all that follow look late.
    const at = told !== undefined && told > now ? time - DAY : told;
    if (register < 0) return 'implausible';
    if (before === undefined || at === undefined) {
      this.#kept = { ...this.#kept, register, at: time };
      return 'first';
    }
    // Queued while the link was down and sent after newer ones: what it tells has been counted.
    if (time < at) return 'late';
    const most = (this.#most * 1.1 * (time - at)) / HOUR + SLACK;
    const fell = register < before;
    const grown = fell ? register : register - before;
    const believed = grown <= most;
    this.#kept = { ...this.#kept, register, at: time };
    if (believed) this.#add(grown);
    return believed ? (fell ? 'reset' : 'counted') : 'implausible';
  }

  #add(energy: number): void {
    const { recent } = this.#kept;
    const last = recent.at(-1);
    const grown =
      last === undefined || last.ended !== undefined
        ? recent
        : recent.with(-1, { ...last, energy: last.energy + energy });
    this.#kept = { ...this.#kept, total: this.#kept.total + energy, recent: grown };
  }

  /** A transaction begins; the same one sent again gets the same id. `slot`: 0…15, apart for connectors of one charger. */
  start(key: string, time: number, slot: number): number {
    const known = this.#kept.recent.find((one) => one.key === key);
    if (known !== undefined) return known.id;
    // One that never ended has ended: a connector has one transaction.
    if (this.active !== undefined) this.end(this.active.id, time);
    const id = this.#kept.next * 16 + slot;
    this.#open({ id, began: time, energy: 0, key });
    this.#kept = { ...this.#kept, next: this.#kept.next + 1 };
    return id;
  }

  /** A transaction nobody told of (our memory was lost, or it began while the link was down). */
  adopt(id: number, time: number): void {
    if (this.#kept.recent.some((one) => one.id === id)) return;
    if (this.active !== undefined) this.end(this.active.id, time);
    this.#open({ id, began: time, energy: 0, key: `adopted ${id}` });
  }

  #open(session: Session): void {
    const recent = [...this.#kept.recent, session].slice(-RECENT);
    this.#kept = { ...this.#kept, recent, sessions: this.#kept.sessions + 1 };
  }

  /** Ends a transaction; false where it is not the one under way. */
  end(id: number, time: number): boolean {
    const last = this.active;
    if (last === undefined || last.id !== id) return false;
    this.#kept = {
      ...this.#kept,
      recent: this.#kept.recent.with(-1, { ...last, ended: Math.max(time, last.began) }),
    };
    return true;
  }

  toString(): string {
    return JSON.stringify(this.#kept);
  }
}

function read(text: string | undefined): Memory | undefined {
  if (text === undefined) return undefined;
  try {
    return memorySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
