/**
 * A simulated Modbus device: answers functions 1, 2, 3, 4, 5, 6, 15 and 16 from its model, with the exceptions and the
 * turnaround of a real one. Modbus application protocol V1.1b3 §6.
 */

import type { Served } from '../ledger.ts';
import { LineSeat } from '../lines/seat.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { decodeNumber, reorder, rtuFrame, rtuValid } from './modbus-codec.ts';
import {
  type Coil,
  encodeRegister,
  encodeStatus,
  type ModbusModel,
  type Register,
  type Settings,
  type StatusRegister,
  wordsOf,
} from './modbus-model.ts';

/** Modbus application protocol V1.1b3 §7 */
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

export interface ModbusDeviceOptions {
  readonly model: ModbusModel;
  /** Default: the model's factory setting. */
  readonly unit?: number;
  readonly world: World;
  readonly clock: WorldClock;
  /** Time between hearing a request's end and its first bit of answer, ms. Default 5. */
  readonly turnaround?: number;
}

/** An answer without address and checksum, and what it tells. */
export interface PduAnswer {
  readonly pdu: Uint8Array;
  readonly served: readonly Served[];
}

type Believe = LineAccess['believe'];
const asItIs: Believe = (_unit, _point, value) => value;

export class ModbusDevice implements LineDevice {
  readonly model: ModbusModel;
  readonly unit: number;
  /** What masters have written, by point. */
  readonly settings: Settings = new Map();
  readonly #options: ModbusDeviceOptions;
  readonly #turnaround: number;
  /** Register that covers an address. */
  readonly #map = new Map<number, Register>();
  /** Register that is written at an address. */
  readonly #written = new Map<number, Register>();
  readonly #status = new Map<number, StatusRegister>();
  readonly #constants = new Map<number, number>();
  readonly #seat = new LineSeat();

  constructor(options: ModbusDeviceOptions) {
    this.#options = options;
    this.model = options.model;
    this.unit = options.unit ?? options.model.unit ?? 1;
    this.#turnaround = options.turnaround ?? 5;
    for (const register of this.model.registers) {
      for (let i = 0; i < wordsOf(register); i++) {
        this.#map.set(register.address + i, register);
        this.#written.set((register.writeAddress ?? register.address) + i, register);
      }
    }
    for (const status of this.model.status ?? []) this.#status.set(status.address, status);
    for (const [address, words] of this.model.constants ?? []) {
      for (const [i, word] of words.entries()) this.#constants.set(address + i, word);
    }
  }

  attach(line: LineAccess): Disposable {
    return this.#seat.take(line);
  }

  onFrame(frame: Uint8Array, _end: number, closed: number): void {
    const line = this.#seat.line;
    const unit = frame[0];
    // A broadcast is carried out and not answered. Modbus over serial line V1.02 §2.1
    if (line === undefined || !rtuValid(frame) || (unit !== this.unit && unit !== 0)) return;
    const { pdu, served } = this.answer(frame.subarray(1, -2), line.believe);
    if (unit === 0) return;
    line.say({
      bytes: rtuFrame(this.unit, pdu),
      unit: this.unit,
      at: closed + this.#turnaround,
      request: frame,
      served,
    });
  }

  /** Answers a PDU (function and data); used by RTU and TCP alike. */
  answer(request: Uint8Array, believe: Believe = asItIs): PduAnswer {
    const [functionCode = 0] = request;
    const word = (at: number): number => ((request[at] ?? 0) << 8) | (request[at + 1] ?? 0);
    const refuse = (code: number): PduAnswer => ({
      pdu: Uint8Array.of(functionCode | 0x80, code),
      served: [],
    });
    const whole = (length: number): boolean => request.length === length;
    switch (functionCode) {
      case 1:
      case 2: {
        const bits = functionCode === 1 ? this.model.coils : this.model.discretes;
        if (bits === undefined) return refuse(ILLEGAL_FUNCTION);
        return whole(5)
          ? this.#readBits(functionCode, bits, word(1), word(3), refuse)
          : refuse(ILLEGAL_VALUE);
      }
      case 3:
      case 4:
        if (!this.model.functions.includes(functionCode)) return refuse(ILLEGAL_FUNCTION);
        return whole(5)
          ? this.#readRegisters(functionCode, word(1), word(3), believe, refuse)
          : refuse(ILLEGAL_VALUE);
      case 5: {
        if (this.model.coils === undefined) return refuse(ILLEGAL_FUNCTION);
        if (!whole(5) || (word(3) !== 0 && word(3) !== 0xff00)) return refuse(ILLEGAL_VALUE);
        const refusal = this.#writeCoils(word(1), [word(3) !== 0]);
        return refusal === undefined ? { pdu: request.slice(), served: [] } : refuse(refusal);
      }
      case 15: {
        if (this.model.coils === undefined) return refuse(ILLEGAL_FUNCTION);
        const count = word(3);
        const size = Math.ceil(count / 8);
        if (count < 1 || count > 0x7b0 || request[5] !== size || !whole(6 + size))
          return refuse(ILLEGAL_VALUE);
        const values = Array.from(
          { length: count },
          (_, i) => (((request[6 + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1,
        );
        const refusal = this.#writeCoils(word(1), values);
        return refusal === undefined ? { pdu: request.slice(0, 5), served: [] } : refuse(refusal);
      }
      case 6: {
        if (!this.#writable()) return refuse(ILLEGAL_FUNCTION);
        if (!whole(5)) return refuse(ILLEGAL_VALUE);
        const refusal = this.#writeRegisters(word(1), request.subarray(3, 5));
        return refusal === undefined ? { pdu: request.slice(), served: [] } : refuse(refusal);
      }
      case 16: {
        if (!this.#writable()) return refuse(ILLEGAL_FUNCTION);
        const count = word(3);
        if (count < 1 || count > 123 || request[5] !== count * 2 || !whole(6 + count * 2)) {
          return refuse(ILLEGAL_VALUE);
        }
        const refusal = this.#writeRegisters(word(1), request.subarray(6));
        return refusal === undefined ? { pdu: request.slice(0, 5), served: [] } : refuse(refusal);
      }
      default:
        return refuse(ILLEGAL_FUNCTION);
    }
  }

  #readRegisters(
    functionCode: number,
    from: number,
    count: number,
    believe: Believe,
    refuse: (code: number) => PduAnswer,
  ): PduAnswer {
    if (count < 1 || count > (this.model.most ?? 125)) return refuse(ILLEGAL_VALUE);
    if (from % (this.model.align ?? 1) !== 0 || from + count > 0x1_0000) return refuse(ILLEGAL_ADDRESS);
    const time = this.#options.clock.now();
    const bytes = new Uint8Array(count * 2);
    const served: Served[] = [];
    for (let address = from; address < from + count; ) {
      const at = (address - from) * 2;
      const status = this.#status.get(address);
      if (status !== undefined) {
        const { word, entries } = this.#state(status, time, believe);
        bytes[at] = word >> 8;
        bytes[at + 1] = word & 0xff;
        served.push(...entries);
        address += 1;
        continue;
      }
      const register = this.#map.get(address);
      if (register === undefined || register.access === 'write') {
        const filling = this.#constants.get(address) ?? this.#filling(address);
        if (filling === undefined) return refuse(ILLEGAL_ADDRESS);
        bytes[at] = filling >> 8;
        bytes[at + 1] = filling & 0xff;
        address += 1;
        continue;
      }
      const { bytes: raw, entry } = this.#value(register, time, believe);
      const skipped = address - register.address;
      const part = raw.subarray(skipped * 2, skipped * 2 + bytes.length - at);
      bytes.set(part, at);
      // Half a value has been told to nobody.
      if (part.length === raw.length) served.push(entry);
      address += part.length / 2;
    }
    return { pdu: Uint8Array.from([functionCode, bytes.length, ...bytes]), served };
  }

  #value(register: Register, time: number, believe: Believe): { bytes: Uint8Array; entry: Served } {
    const { world } = this.#options;
    const { point, address, uom } = register;
    const written = register.access === 'read-write' ? this.settings.get(point) : undefined;
    const truth =
      written ??
      (register.value === undefined
        ? this.model.value(point, world, time, this.settings)
        : register.value(world, time, this.settings));
    const believed = truth === null ? null : believe(this.unit, point, truth);
    const { bytes, value } = encodeRegister(this.model, register, believed);
    const raw = Buffer.from(bytes).toString('hex');
    return { bytes, entry: { device: this.model.stem, unit: this.unit, point, address, raw, value, uom } };
  }

  #state(status: StatusRegister, time: number, believe: Believe): { word: number; entries: Served[] } {
    const { world } = this.#options;
    const { address } = status;
    const { word, fields } = encodeStatus(status, (point) =>
      Number(believe(this.unit, point, Number(this.model.value(point, world, time, this.settings)))),
    );
    const raw = word.toString(16).padStart(4, '0');
    const entries = fields.map(({ point, value }) => ({
      device: this.model.stem,
      unit: this.unit,
      point,
      address,
      raw,
      value,
      uom: '1',
    }));
    return { word, entries };
  }

  #filling(address: number): number | undefined {
    return this.model.filled?.find(([from, to]) => address >= from && address < to)?.[2];
  }

  #readBits(
    functionCode: number,
    bits: readonly Coil[],
    from: number,
    count: number,
    refuse: (code: number) => PduAnswer,
  ): PduAnswer {
    if (count < 1 || count > 2000) return refuse(ILLEGAL_VALUE);
    const time = this.#options.clock.now();
    const bytes = new Uint8Array(Math.ceil(count / 8));
    const served: Served[] = [];
    for (let i = 0; i < count; i++) {
      const coil = bits.find((one) => one.address === from + i);
      if (coil === undefined) return refuse(ILLEGAL_ADDRESS);
      const written = this.settings.get(coil.point);
      const value =
        written === undefined ? coil.value(this.#options.world, time, this.settings) : written !== 0;
      if (value) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
      const { point, address } = coil;
      served.push({
        device: this.model.stem,
        unit: this.unit,
        point,
        address,
        raw: value ? '01' : '00',
        value,
        uom: '1',
      });
    }
    return { pdu: Uint8Array.from([functionCode, bytes.length, ...bytes]), served };
  }

  #writeCoils(from: number, values: readonly boolean[]): number | undefined {
    const coils = values.map((_, i) => this.model.coils?.find((coil) => coil.address === from + i));
    if (coils.some((coil) => coil?.access !== 'read-write')) return ILLEGAL_ADDRESS;
    for (const [i, coil] of coils.entries())
      if (coil !== undefined) this.settings.set(coil.point, values[i] ? 1 : 0);
    return undefined;
  }

  #writable(): boolean {
    return this.model.registers.some((register) => (register.access ?? 'read') !== 'read');
  }

  /** All or nothing; a value may not be written in halves. */
  #writeRegisters(from: number, bytes: Uint8Array): number | undefined {
    const writes: (readonly [string, number])[] = [];
    for (let at = 0; at < bytes.length; ) {
      const register = this.#written.get(from + at / 2);
      if (register === undefined || (register.access ?? 'read') === 'read' || register.type === 'string') {
        return ILLEGAL_ADDRESS;
      }
      const size = wordsOf(register) * 2;
      if ((register.writeAddress ?? register.address) !== from + at / 2 || at + size > bytes.length)
        return ILLEGAL_ADDRESS;
      const raw = reorder(bytes.slice(at, at + size), this.model.order ?? 'ABCD');
      const value = decodeNumber(register.type, raw) * (register.scale ?? 1);
      if (!Number.isFinite(value)) return ILLEGAL_VALUE;
      writes.push([register.point, Number(value.toFixed(9))]);
      at += size;
    }
    for (const [point, value] of writes) this.settings.set(point, value);
    return undefined;
  }
}
