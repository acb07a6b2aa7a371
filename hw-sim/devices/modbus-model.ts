/**
 * What a simulated Modbus device is: registers with what stands in them. The tables in this folder are written from the
 * published register maps (named in each file), in a form of their own.
 */
import type { World } from '../world/world.ts';
import {
  encodeNumber,
  type RegisterType,
  reorder,
  TYPE_WORDS,
  type WordOrder,
  wholeRange,
} from './modbus-codec.ts';

/** A number, a text, or the statement that there is none. */
export type RegisterValue = number | string | null;

/** Some bits of a register that are a point of their own: an alarm, a fault, a state. */
export interface BitField {
  readonly point: string;
  /** Lowest and highest. */
  readonly bits: readonly [number, number];
  /** True: it is on or off, no number. */
  readonly flag?: boolean;
}

/** Values written by a master, by point. */
export type Settings = Map<string, number>;

export interface Register {
  /** Id of the point in the profile. */
  readonly point: string;
  /** PDU address, from 0. */
  readonly address: number;
  readonly type: RegisterType;
  /** Value = raw × scale. Default 1. A scale below 1 means that raw is whole, also in a float. */
  readonly scale?: number;
  /** Value where raw is 0. Default 0. */
  readonly zero?: number;
  /** Decimals of the value where raw is not whole. Default 0. */
  readonly decimals?: number;
  /** UCUM; '1' for none. */
  readonly uom: string;
  /** Length of a text, registers. */
  readonly words?: number;
  /** Default 'read'. */
  readonly access?: 'read' | 'write' | 'read-write';
  /** Bits of the raw value that are the value, lowest and highest. */
  readonly bits?: readonly [number, number];
  /** The register says on or off: any contents but 0 are on. */
  readonly flag?: boolean;
  /** Where a master writes it; default: where it is read. */
  readonly writeAddress?: number;
  /** Value given here instead of by the model. */
  readonly value?: (world: World, time: number, settings: Settings) => RegisterValue;
}

/** A register whose bits are points. */
export interface StatusRegister {
  readonly address: number;
  readonly fields: readonly BitField[];
}

export interface Coil {
  readonly point: string;
  readonly address: number;
  readonly access?: 'read' | 'read-write';
  value(world: World, time: number, settings: Settings): boolean;
}

export interface ModbusModel {
  /** The profile's stem. */
  readonly stem: string;
  /** Function its registers are read with: 3 holding, 4 input. */
  readonly functions: readonly (3 | 4)[];
  /** How it leaves the factory; absent for TCP devices. */
  readonly serial?: { readonly baud: number; readonly format: string };
  /** Unit id of the factory. Default 1. */
  readonly unit?: number;
  /** Registers in one request at most; more gives exception 3. Default 125. */
  readonly most?: number;
  /** Start addresses must be multiples of this, else exception 2. Default 1. */
  readonly align?: number;
  readonly order?: WordOrder;
  readonly registers: readonly Register[];
  /** Readable ranges where nothing is mapped: from, to (exclusive), the word that stands there. Elsewhere: exception 2. */
  readonly filled?: readonly (readonly [from: number, to: number, word: number])[];
  /** Words that are neither points nor filling: markers, model ids, scale factors. */
  readonly constants?: readonly (readonly [address: number, words: readonly number[]])[];
  readonly status?: readonly StatusRegister[];
  readonly coils?: readonly Coil[];
  readonly discretes?: readonly Coil[];
  /** Signed whole numbers that mean "none": the highest (ABB, Renke) or the lowest (SunSpec). Default highest. */
  readonly missing?: 'highest' | 'lowest';
  /** What stands in a register that does not say it itself. */
  value(point: string, world: World, time: number, settings: Settings): RegisterValue;
}

export interface Encoded {
  /** In the device's byte order. */
  readonly bytes: Uint8Array;
  /** What a reader gets who does everything right. */
  readonly value: RegisterValue | boolean;
}

export function wordsOf(register: Register): number {
  return register.type === 'string' ? (register.words ?? 1) : TYPE_WORDS[register.type];
}

/** A value as the register holds it: resolution, range and "none" are the device's. */
export function encodeRegister(model: ModbusModel, register: Register, value: RegisterValue): Encoded {
  const order = model.order ?? 'ABCD';
  const { type, scale = 1, zero = 0 } = register;
  if (type === 'string') {
    const text = String(value ?? '');
    const bytes = new Uint8Array(wordsOf(register) * 2);
    bytes.set(new TextEncoder().encode(text).subarray(0, bytes.length));
    return { bytes, value: text };
  }
  if (value === null || (typeof value === 'number' && Number.isNaN(value))) {
    return { bytes: reorder(missing(model, type), order), value: null };
  }
  const range = wholeRange(type);
  const number = Number(value);
  if (range !== undefined || scale < 1) {
    const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const whole = Math.min(high, Math.max(low, Math.round((number - zero) / scale)));
    const shifted = register.bits === undefined ? whole : whole * 2 ** register.bits[0];
    const shown = register.flag === true ? whole !== 0 : tidy(whole * scale + zero);
    return {
      bytes: reorder(encodeNumber(type, shifted), order),
      value: typeof value === 'string' ? value : shown,
    };
  }
  const shown = tidy(Number(number.toFixed(register.decimals ?? 0)));
  return { bytes: reorder(encodeNumber(type, shown / scale), order), value: shown };
}

/** A status register as it stands, and what each of its fields says. */
export function encodeStatus(
  status: StatusRegister,
  told: (point: string) => number,
): { readonly word: number; readonly fields: readonly { point: string; value: number | boolean }[] } {
  let word = 0;
  const fields = status.fields.map(({ point, bits: [low, high], flag }) => {
    const value = Math.round(told(point)) & (2 ** (high - low + 1) - 1);
    word |= value << low;
    return { point, value: flag === true ? value !== 0 : value };
  });
  return { word, fields };
}

/** 0.1 × 3 as 0.3: what a person reads on the device's display. */
function tidy(value: number): number {
  return Number(value.toFixed(9)) + 0;
}

function missing(model: ModbusModel, type: Exclude<RegisterType, 'string'>): Uint8Array {
  if (type === 'float32') return Uint8Array.of(0x7f, 0xc0, 0, 0);
  const bytes = new Uint8Array(TYPE_WORDS[type] * 2);
  if (type === 'float64') return Uint8Array.of(0x7f, 0xf8, 0, 0, 0, 0, 0, 0);
  const signed = type.startsWith('int');
  if (signed && model.missing === 'lowest') bytes[0] = 0x80;
  else bytes.fill(0xff);
  if (signed && model.missing !== 'lowest') bytes[0] = 0x7f;
  return bytes;
}

/** A register of a table, in one short line. `extra` holds what is not usual. */
export function register(
  point: string,
  address: number,
  type: RegisterType,
  uom: string,
  extra: Omit<Register, 'point' | 'address' | 'type' | 'uom'> = {},
): Register {
  return { point, address, type, uom, ...extra };
}
