/** Data types of Sparkplug B (3.0 §6.4.16 f.): their numbers, and what a value on the wire means under one of them. */
import type { WireMetric, WireScalar } from './sparkplug_b.pb.js';

export const DATA_TYPES = {
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
  UUID: 15,
  DataSet: 16,
  Bytes: 17,
  File: 18,
  Template: 19,
  PropertySet: 20,
  PropertySetList: 21,
  Int8Array: 22,
  Int16Array: 23,
  Int32Array: 24,
  Int64Array: 25,
  UInt8Array: 26,
  UInt16Array: 27,
  UInt32Array: 28,
  UInt64Array: 29,
  FloatArray: 30,
  DoubleArray: 31,
  BooleanArray: 32,
  StringArray: 33,
  DateTimeArray: 34,
} as const;
export type DataTypeName = keyof typeof DATA_TYPES;

const NAMES = new Map<number, DataTypeName>(
  Object.entries(DATA_TYPES).map(([name, number]) => [number, name as DataTypeName]),
);

/** Undefined for a number that is none of the specification. */
export function dataTypeName(number: number): DataTypeName | undefined {
  return NAMES.get(number);
}

export type Scalar = number | bigint | boolean | string;

/** Bits of the signed types; hosts write them as two's complement into an unsigned field. */
const SIGNED: Readonly<Record<number, 8 | 16 | 32 | 64>> = { 1: 8, 2: 16, 3: 32, 4: 64 };

/**
 * The scalar on the wire, read as `datatype`; without one as it stands. Integers may come as int or as long value,
 * whatever their type: writers differ (a UInt32 as long value is common). Undefined where there is no scalar.
 */
export function scalarOf(wire: WireScalar, datatype: number | undefined): Scalar | undefined {
  const { intValue, longValue, floatValue, doubleValue, booleanValue, stringValue } = present(wire);
  if (intValue !== undefined || longValue !== undefined) {
    const raw =
      intValue === undefined ? BigInt.asUintN(64, BigInt((longValue ?? 0).toString())) : BigInt(intValue);
    if (datatype === DATA_TYPES.Boolean) return raw !== 0n;
    return integer(raw, SIGNED[datatype ?? 0]);
  }
  return floatValue ?? doubleValue ?? booleanValue ?? stringValue;
}

/** A number as long as it is exact. */
function integer(raw: bigint, bits: number | undefined): number | bigint {
  const value = bits === undefined ? raw : BigInt.asIntN(bits, raw);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Only what is really there: the generated classes carry defaults in their prototypes. */
export function present<T extends WireScalar | WireMetric>(wire: T): Partial<T> {
  return { ...wire };
}

/** The elements of an array type, little-endian as they lie in a bytes value (3.0 §6.4.16.3); undefined where they do not fit. */
export function arrayOf(bytes: Uint8Array, datatype: number): readonly Scalar[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = NAMES.get(datatype);
  if (name === 'StringArray') {
    if (bytes.length === 0) return [];
    const text = new TextDecoder().decode(bytes);
    return text.endsWith('\0') ? text.slice(0, -1).split('\0') : undefined;
  }
  if (name === 'BooleanArray') {
    if (bytes.length < 4) return undefined;
    const count = view.getUint32(0, true);
    if (Math.ceil(count / 8) !== bytes.length - 4) return undefined;
    return Array.from({ length: count }, (_, i) => (((bytes[4 + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1) === 1);
  }
  const element = ELEMENTS[name ?? 'Bytes'];
  if (element === undefined || bytes.length % element.size !== 0) return undefined;
  return Array.from({ length: bytes.length / element.size }, (_, i) => {
    const value = element.read(view, i * element.size);
    return typeof value === 'bigint' ? integer(value, undefined) : value;
  });
}

type Element = { readonly size: number; read(view: DataView, at: number): number | bigint };
const ELEMENTS: { readonly [name in DataTypeName]?: Element } = {
  Int8Array: { size: 1, read: (view, at) => view.getInt8(at) },
  Int16Array: { size: 2, read: (view, at) => view.getInt16(at, true) },
  Int32Array: { size: 4, read: (view, at) => view.getInt32(at, true) },
  Int64Array: { size: 8, read: (view, at) => view.getBigInt64(at, true) },
  UInt8Array: { size: 1, read: (view, at) => view.getUint8(at) },
  UInt16Array: { size: 2, read: (view, at) => view.getUint16(at, true) },
  UInt32Array: { size: 4, read: (view, at) => view.getUint32(at, true) },
  UInt64Array: { size: 8, read: (view, at) => view.getBigUint64(at, true) },
  FloatArray: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  DoubleArray: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  DateTimeArray: { size: 8, read: (view, at) => view.getBigUint64(at, true) },
};
