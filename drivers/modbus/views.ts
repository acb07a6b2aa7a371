/** Registers as they are, and as what they often mean: what a person who knows the device looks for in an answer. */
import type { Fields } from '../decode.ts';
import { ORDERS, type Order, type WireType } from './schema.ts';
import { inOrder, numberOf } from './value.ts';

/** Registers of two bytes each, high byte first. */
export function registersOf(data: Uint8Array): readonly number[] {
  return Array.from(
    { length: data.length >> 1 },
    (_, i) => ((data[2 * i] ?? 0) << 8) | (data[2 * i + 1] ?? 0),
  );
}

/**
 * `registers`, then: `int16` and `int32` where a sign shows; `tenths`, `hundredths` and `thousandths` of the signed
 * registers; pairs as `uint32` (`uint32_cdab` with words swapped) and fours as `uint64` below 2^53; `float_be`, and
 * `float32` by order, where all are sizes that instruments give; `text` that it begins with.
 */
export function registerViews(data: Uint8Array): Fields {
  const registers = registersOf(data);
  const signed = registers.map((register) => (register > 0x7fff ? register - 0x10000 : register));
  const views: Record<string, unknown> = { registers };
  if (signed.some((value) => value < 0)) views.int16 = signed;
  views.tenths = signed.map((value) => value / 10);
  views.hundredths = signed.map((value) => value / 100);
  views.thousandths = signed.map((value) => value / 1000);
  if (registers.length > 0 && registers.length % 2 === 0) Object.assign(views, pairViews(data));
  const long = each(data, 'uint64', 'ABCD');
  if (registers.length > 0 && registers.length % 4 === 0 && long.every(Number.isSafeInteger)) {
    views.uint64 = long;
  }
  const text = /^[\x20-\x7e]{4,}/.exec(Buffer.from(data).toString('latin1'))?.[0];
  if (text !== undefined) views.text = text;
  if (text?.startsWith('SunS') === true && registers[2] !== undefined) views.next_model = registers[2];
  return views;
}

function pairViews(data: Uint8Array): Fields {
  const views: Record<string, unknown> = { uint32: each(data, 'uint32', 'ABCD') };
  const signed = each(data, 'int32', 'ABCD');
  if (signed.some((value) => value < 0)) views.int32 = signed;
  views.uint32_cdab = each(data, 'uint32', 'CDAB');
  const floats = ORDERS.map((order) => [order, each(data, 'float32', order).map(shortest)] as const);
  const possible = floats.filter(([, values]) => values.every(plausible));
  const straight = possible.find(([order]) => order === 'ABCD')?.[1];
  // Zeros are zeros in every order.
  const likely = possible.filter(([, values]) => values.some((value) => value !== 0));
  if (straight !== undefined) views.float_be = straight.length === 1 ? straight[0] : straight;
  if (likely.length > 0) views.float32 = Object.fromEntries(likely);
  return views;
}

/** All numbers of a type that lie behind one another in `data`. */
function each(data: Uint8Array, type: WireType, order: Order): readonly number[] {
  const size = type === 'uint64' ? 8 : 4;
  return Array.from({ length: Math.floor(data.length / size) }, (_, i) =>
    numberOf(inOrder(data.subarray(size * i, size * (i + 1)), order), type),
  );
}

/** A float32 with the seven digits it carries. */
export function shortest(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(7)) : value;
}

/** Whether a float is a size that instruments give. */
export function plausible(value: number): boolean {
  return value === 0 || (Number.isFinite(value) && Math.abs(value) > 1e-6 && Math.abs(value) < 1e9);
}

/** Which of the bits of an answer to functions 1 and 2 are set, counted from the first asked for. */
export function setBits(data: Uint8Array): readonly number[] {
  return Array.from({ length: 8 * data.length }, (_, bit) => bit).filter(
    (bit) => ((data[bit >> 3] ?? 0) >> (bit & 7)) & 1,
  );
}
