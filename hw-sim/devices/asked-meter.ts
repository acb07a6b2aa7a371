/** A simulated meter that speaks only when it is asked: what hearing and answering on a line have in common. */
import type { Served } from '../ledger.ts';
import { LineSeat } from '../lines/seat.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';

export interface MeterAnswer {
  readonly bytes: Uint8Array;
  readonly served: readonly Served[];
}

export abstract class AskedMeter implements LineDevice {
  /** As printed on it; the ledger names it by this. */
  readonly address: string;
  readonly #turnaround: number;
  readonly #seat = new LineSeat();

  /** `turnaround`: time between hearing a request's end and the first bit of the answer, ms. */
  constructor(address: string, turnaround: number) {
    this.address = address;
    this.#turnaround = turnaround;
  }

  attach(line: LineAccess): Disposable {
    return this.#seat.take(line);
  }

  onFrame(frame: Uint8Array, _end: number, closed: number): void {
    const line = this.#seat.line;
    if (line === undefined) return;
    const told = this.answer(frame, line.believe);
    if (told === undefined) return;
    const served = told.served.map((one) => ({ ...one, meter: this.address }));
    line.say({ ...told, served, at: closed + this.#turnaround, request: frame });
  }

  /** The answer to a request; undefined where it is not for this meter, or needs none. */
  abstract answer(frame: Uint8Array, believe?: LineAccess['believe']): MeterAnswer | undefined;
}
