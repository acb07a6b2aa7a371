/** A simulated meter of CJ/T 188: answers 901F in the byte order it knows, and the question for its address. */
import type { Served } from '../ledger.ts';
import type { LineAccess } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { AskedMeter, type MeterAnswer } from './asked-meter.ts';
import { heard, meterFrame, wireAddress } from './cjt188-codec.ts';
import type { Cjt188Model } from './cjt188-models.ts';

export interface Cjt188DeviceOptions {
  readonly model: Cjt188Model;
  /** Fourteen digits as printed. Default 00000000000001. */
  readonly address?: string;
  readonly world: World;
  readonly clock: WorldClock;
  /** Time between hearing a request's end and the first bit of the answer, ms. Default 60. */
  readonly turnaround?: number;
  /** Orders of the identifier it knows: 90 1F, 1F 90. Default both. */
  readonly order?: 'high' | 'low' | 'both';
  /** What it does about the other order. Default silence. */
  readonly otherwise?: 'silence' | 'refusal';
  /** FE before an answer. Default 4. */
  readonly preambles?: number;
  /** Of a water or gas meter: total, unit and one status byte only. */
  readonly short?: boolean;
  /** Control code by which its valve is moved. Default 04. */
  readonly valveCode?: number;
  /** Time the valve takes, ms. Default 2000. */
  readonly travel?: number;
  /** Its clock was never set. */
  readonly unset?: boolean;
}

type Believe = LineAccess['believe'];

export class Cjt188Device extends AskedMeter {
  readonly model: Cjt188Model;
  readonly #options: Cjt188DeviceOptions;
  #closed = false;
  #moving: { readonly closed: boolean; readonly done: number } | undefined;
  /** Moves of the valve, as they came. */
  readonly commands: number[][] = [];

  constructor(options: Cjt188DeviceOptions) {
    super(options.address ?? '00000000000001', options.turnaround ?? 60);
    this.#options = options;
    this.model = options.model;
  }

  /** The answer to a request; undefined where it is not for this meter, or where it keeps silent. */
  answer(frame: Uint8Array, believe: Believe = (_unit, _point, value) => value): MeterAnswer | undefined {
    const request = heard(frame, this.address);
    if (request === undefined) return undefined;
    const { control, data } = request;
    const [first = 0, second = 0, serial = 0] = data;
    const say = (code: number, contents: readonly number[], served: readonly Served[] = []) => ({
      bytes: meterFrame(
        { type: this.model.type, printed: this.address, control: code, data: contents },
        this.#options.preambles ?? 4,
      ),
      served,
    });
    if (control === 0x03) return say(0x83, [first, second, serial, ...wireAddress(this.address)]);
    if (control === (this.#options.valveCode ?? 0x04)) return this.#move(data, say);
    if (control !== 0x01) return undefined;
    const asked =
      first === 0x90 && second === 0x1f ? 'high' : first === 0x1f && second === 0x90 ? 'low' : 'none';
    const { order = 'both', otherwise = 'silence' } = this.#options;
    if (asked === 'none' || (order !== 'both' && order !== asked)) {
      return otherwise === 'refusal' ? say(0xc1, [serial, 0x00, 0x00]) : undefined;
    }
    const { bytes, served } = this.#contents(believe);
    return say(0x81, [first, second, serial, ...bytes], served);
  }

  /** A0 17 (or 17 A0), SER, 55 opens and 99 closes. The valve takes its time. */
  #move(
    [first = 0, second = 0, serial = 0, word]: readonly number[],
    say: (
      code: number,
      contents: readonly number[],
    ) => { readonly bytes: Uint8Array; readonly served: readonly Served[] },
  ) {
    const code = 0x80 + (this.#options.valveCode ?? 0x04);
    const known = (first === 0xa0 && second === 0x17) || (first === 0x17 && second === 0xa0);
    if (!known || (word !== 0x55 && word !== 0x99)) return say(code + 0x40, [serial, 0, 0]);
    this.commands.push([first, second, serial, word]);
    this.#moving = {
      closed: word === 0x99,
      done: this.#options.clock.now() + (this.#options.travel ?? 2000),
    };
    return say(code, [first, second, serial, 0, 0xff]);
  }

  /** D1 D0 of the first status byte, and its word. */
  #valve(time: number): { readonly bits: number; readonly word: string } {
    if (this.#moving !== undefined && time >= this.#moving.done) {
      this.#closed = this.#moving.closed;
      this.#moving = undefined;
    }
    return this.#closed ? { bits: 1, word: 'closed' } : { bits: 0, word: 'open' };
  }

  #contents(believe: Believe): { readonly bytes: readonly number[]; readonly served: readonly Served[] } {
    const { world, clock, short = false, unset = false } = this.#options;
    const time = clock.now();
    const cells = short ? this.model.cells.slice(0, 1) : this.model.cells;
    const bytes: number[] = [];
    const served: Served[] = [];
    const serve = (point: string, value: Served['value'], uom: string, raw: readonly number[]): void => {
      served.push({ device: this.model.stem, point, raw: Buffer.from(raw).toString('hex'), value, uom });
    };
    for (const { point, uom, truth, write, factor = 1 } of cells) {
      const own = unset && point === 'meter-time' ? null : truth(world, time);
      const written = write(own === null ? null : Number(believe(undefined, point, own)));
      bytes.push(...written.bytes);
      const value =
        typeof written.value === 'number' ? Number((written.value * factor).toFixed(6)) : written.value;
      serve(point, value, uom, written.bytes);
    }
    const valve = this.#valve(time);
    const bytesOfStatus = this.model.statusBytes.map((byte, i) =>
      i === 0 ? (byte & 0xfc) | valve.bits : byte,
    );
    const status = short ? bytesOfStatus.slice(0, 1) : bytesOfStatus;
    for (const { point, value } of this.model.status) {
      serve(point, point === 'valve' ? valve.word : value, '1', status);
    }
    return { bytes: [...bytes, ...status], served };
  }
}
