/**
 * A simulated meter of the M-Bus: primary and secondary addressing, one telegram or several with the frame count bit, and
 * the application error. EN 13757-2 §5.7, EN 13757-3 §11
 */
import type { Served } from '../ledger.ts';
import type { LineAccess } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { AskedMeter, type MeterAnswer } from './asked-meter.ts';
import { heardRequest, longHeader, slaveFrame, wireId, writeValue } from './mbus-codec.ts';
import type { MbusModel, MeterRecord } from './mbus-models.ts';

export interface MbusDeviceOptions {
  readonly model: MbusModel;
  /** Eight digits as printed. Default 11490378. */
  readonly address?: string;
  /** Default 1. */
  readonly primary?: number;
  readonly world: World;
  readonly clock: WorldClock;
  /** Time between hearing a request's end and the first bit of the answer, ms. Default 30. */
  readonly turnaround?: number;
  /** Records in one telegram; what is more follows in further ones. Default all. */
  readonly perTelegram?: number;
  /** It has no secondary address, as old meters. */
  readonly primaryOnly?: boolean;
  /** Answers with this application error instead of data. */
  readonly refusal?: number;
  /** Data of the maker's behind the last record. */
  readonly trailer?: readonly number[];
}

const ACK = Uint8Array.of(0xe5);
const MORE = 0x1f;
const MANUFACTURER = 0x0f;

export class MbusDevice extends AskedMeter {
  readonly model: MbusModel;
  readonly primary: number;
  readonly #options: MbusDeviceOptions;
  #selected = false;
  #fcb: boolean | undefined;
  #next = 0;
  #access = 0;
  #said: MeterAnswer | undefined;

  constructor(options: MbusDeviceOptions) {
    super(options.address ?? '11490378', options.turnaround ?? 30);
    this.#options = options;
    this.model = options.model;
    this.primary = options.primary ?? 1;
  }

  /** The answer to a request; undefined where it is not for this meter, or needs none. */
  answer(
    frame: Uint8Array,
    believe: LineAccess['believe'] = (_unit, _point, value) => value,
  ): MeterAnswer | undefined {
    const request = heardRequest(frame);
    if (request === undefined) return undefined;
    if (request.kind === 'select') return this.#select(request.mask);
    const { address } = request;
    const mine = address === this.primary || address === 254 || (address === 253 && this.#selected);
    if (!mine && address !== 255) return undefined;
    if (request.kind === 'reset') {
      this.#reset();
      if (address === 253) this.#selected = false;
      return address === 255 ? undefined : { bytes: ACK, served: [] };
    }
    if (address === 255) return undefined;
    // The same bit again: the telegram was lost, the same comes again.
    if (this.#fcb === request.fcb && this.#said !== undefined) return this.#said;
    this.#fcb = request.fcb;
    this.#said = this.#telegram(believe);
    return this.#said;
  }

  #reset(): void {
    this.#fcb = undefined;
    this.#next = 0;
    this.#said = undefined;
  }

  #select(mask: readonly number[]): MeterAnswer | undefined {
    const own = [
      ...wireId(this.address),
      ...longHeader({ ...this.model, id: this.address, access: 0, status: 0 }).slice(4, 8),
    ];
    const fits = own.every((byte, i) => {
      const asked = mask[i] ?? 0;
      if (i >= 4) return asked === 0xff || asked === byte;
      const half = (shift: number) => ((asked >> shift) & 15) === 15 || ((asked ^ byte) >> shift) % 16 === 0;
      return half(0) && half(4);
    });
    this.#selected = fits && this.#options.primaryOnly !== true;
    if (!this.#selected) return undefined;
    this.#reset();
    return { bytes: ACK, served: [] };
  }

  #telegram(believe: LineAccess['believe']): MeterAnswer {
    const { refusal, perTelegram, trailer = [] } = this.#options;
    if (refusal !== undefined) return { bytes: slaveFrame(this.primary, 0x70, [refusal]), served: [] };
    const { records, statusPoints, status, stem } = this.model;
    const size = perTelegram ?? records.length;
    const from = this.#next * size;
    const part = records.slice(from, from + size);
    const more = from + size < records.length;
    this.#next = more ? this.#next + 1 : 0;
    this.#access += 1;
    const time = this.#options.clock.now();
    const written = part.map((record) => this.#record(record, time, believe));
    const header = longHeader({ ...this.model, id: this.address, access: this.#access, status });
    const tail = more ? [MORE] : trailer.length > 0 ? [MANUFACTURER, ...trailer] : [];
    const states =
      from > 0
        ? []
        : statusPoints.map(({ point, value }): Served => {
            const raw = Buffer.from([status]).toString('hex');
            return { device: stem, point, raw, value, uom: '1' };
          });
    return {
      bytes: slaveFrame(this.primary, 0x72, [...header, ...written.flatMap(({ bytes }) => bytes), ...tail]),
      served: [...states, ...written.flatMap(({ served }) => (served === undefined ? [] : [served]))],
    };
  }

  #record(record: MeterRecord, time: number, believe: LineAccess['believe']) {
    const { point, uom, head, coding, step = 1 } = record;
    const truth = record.truth(this.#options.world, time);
    const believed =
      truth === null || point === undefined || typeof truth === 'string'
        ? truth
        : Number(believe(undefined, point, truth));
    const written = writeValue(coding, typeof believed === 'number' ? believed / step : believed);
    const bytes = [...head, ...written.bytes];
    if (point === undefined) return { bytes, served: undefined };
    const value =
      typeof written.value === 'number' ? Number((written.value * step).toFixed(6)) : written.value;
    const raw = Buffer.from(written.bytes).toString('hex');
    return { bytes, served: { device: this.model.stem, point, raw, value, uom } satisfies Served };
  }
}
