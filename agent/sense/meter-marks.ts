/** Marks of meters by what is asked of them: breaks, exchanges, serial numbers. */
import type { CounterBreak, Identity, Mark, MeterExchange } from '../core/mark.ts';

const HOUR = 3_600_000;

export class MeterMarks {
  readonly #breaks = new Map<string, CounterBreak>();
  readonly #exchanges = new Map<string, MeterExchange>();
  readonly #identities = new Map<string, Identity>();

  take(mark: Mark): void {
    if (mark.mark === 'break') this.#breaks.set(mark.id, mark);
    else if (mark.mark === 'exchange') this.#exchanges.set(mark.id, mark);
    else if (mark.mark === 'identity') this.#identities.set(mark.device, mark);
  }

  all(): readonly Mark[] {
    return [...this.#breaks.values(), ...this.#exchanges.values(), ...this.#identities.values()];
  }

  /** Of a device, or of one of its points. */
  breaks(device: string, point?: string): readonly CounterBreak[] {
    return [...this.#breaks.values()].filter(
      (one) => one.device === device && (point === undefined || one.point === point),
    );
  }

  provisional(): readonly CounterBreak[] {
    return [...this.#breaks.values()].filter(({ state }) => state === 'provisional');
  }

  /** Breaks of a device that wait for an explanation. */
  open(device: string): readonly CounterBreak[] {
    return this.breaks(device).filter(({ state }) => state === 'open');
  }

  /** The same of all devices, and exchanges that were not seen yet. */
  tasks(): readonly (CounterBreak | MeterExchange)[] {
    const open = [...this.#breaks.values()].filter(({ state }) => state === 'open');
    return [...open, ...[...this.#exchanges.values()].filter(({ state }) => state === 'pending')];
  }

  exchange(id: string): MeterExchange | undefined {
    return this.#exchanges.get(id);
  }

  /** The exchange that is waited for at a counter. */
  pending(device: string, point: string): MeterExchange | undefined {
    for (const exchange of this.#exchanges.values()) {
      if (exchange.device !== device || exchange.state !== 'pending') continue;
      if (point in exchange.registers && !exchange.found.includes(point)) return exchange;
    }
    return undefined;
  }

  identity(device: string): Identity | undefined {
    return this.#identities.get(device);
  }

  /** A jump of a register that was not named when its meter was declared to be exchanged is no riddle. */
  known(mark: CounterBreak): CounterBreak {
    if (mark.state !== 'open') return mark;
    const by = [...this.#exchanges.values()].find(
      (one) => one.device === mark.device && one.state !== 'withdrawn' && covers(one, mark),
    );
    return by === undefined ? mark : { ...mark, kind: 'exchange', state: 'settled', by: by.id };
  }
}

/** A jump that is not named in an exchange is of it where it was seen when the meters had just changed places. */
function covers({ at, registers, declared }: MeterExchange, mark: CounterBreak): boolean {
  if (mark.point in registers) return false;
  return mark.at >= at - HOUR && mark.at <= Math.max(at, declared) + 24 * HOUR;
}
