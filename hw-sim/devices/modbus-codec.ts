/**
 * The simulator's own Modbus encoding, written from the specifications and apart from the driver's codec: a mistake
 * made in one must not be able to hide in the other.
 */

/** CRC-16 of Modbus over serial line V1.02 §6.2.2: 0xA001 reflected, start 0xFFFF. */
export function crc16(bytes: ArrayLike<number>, length = bytes.length): number {
  let crc = 0xffff;
  for (let i = 0; i < length; i++) {
    crc ^= bytes[i] ?? 0;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** Unit, PDU, CRC low byte first. */
export function rtuFrame(unit: number, pdu: ArrayLike<number>): Uint8Array {
  const frame = Uint8Array.from([unit, ...Array.from(pdu), 0, 0]);
  const crc = crc16(frame, frame.length - 2);
  frame[frame.length - 2] = crc & 0xff;
  frame[frame.length - 1] = crc >>> 8;
  return frame;
}

/** True for a whole RTU frame with the right CRC. */
export function rtuValid(frame: Uint8Array): boolean {
  if (frame.length < 4 || frame.length > 256) return false;
  const crc = crc16(frame, frame.length - 2);
  return frame[frame.length - 2] === (crc & 0xff) && frame[frame.length - 1] === crc >>> 8;
}

export type RegisterType =
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'string';

/** Registers (16 bits) a type takes; strings say it themselves. */
export const TYPE_WORDS: Readonly<Record<Exclude<RegisterType, 'string'>, number>> = {
  uint16: 1,
  int16: 1,
  uint32: 2,
  int32: 2,
  float32: 2,
  uint64: 4,
  int64: 4,
  float64: 4,
};

/** A raw number (scale already taken off) as bytes, most significant first. Whole types take whole numbers in range. */
export function encodeNumber(type: Exclude<RegisterType, 'string'>, raw: number): Uint8Array {
  const bytes = new Uint8Array(TYPE_WORDS[type] * 2);
  const view = new DataView(bytes.buffer);
  switch (type) {
    case 'float32':
      view.setFloat32(0, raw);
      break;
    case 'float64':
      view.setFloat64(0, raw);
      break;
    case 'uint16':
      view.setUint16(0, raw);
      break;
    case 'int16':
      view.setInt16(0, raw);
      break;
    case 'uint32':
      view.setUint32(0, raw);
      break;
    case 'int32':
      view.setInt32(0, raw);
      break;
    case 'uint64':
      view.setBigUint64(0, BigInt(raw));
      break;
    case 'int64':
      view.setBigInt64(0, BigInt(raw));
      break;
  }
  return bytes;
}

/** The other way round, for what a master writes. */
export function decodeNumber(type: Exclude<RegisterType, 'string'>, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'float32':
      return view.getFloat32(0);
    case 'float64':
      return view.getFloat64(0);
    case 'uint16':
      return view.getUint16(0);
    case 'int16':
      return view.getInt16(0);
    case 'uint32':
      return view.getUint32(0);
    case 'int32':
      return view.getInt32(0);
    case 'uint64':
      return Number(view.getBigUint64(0));
    case 'int64':
      return Number(view.getBigInt64(0));
  }
}

/** Lowest and highest raw number of a whole type. */
export function wholeRange(type: RegisterType): readonly [number, number] | undefined {
  switch (type) {
    case 'uint16':
      return [0, 0xffff];
    case 'int16':
      return [-0x8000, 0x7fff];
    case 'uint32':
      return [0, 0xffff_ffff];
    case 'int32':
      return [-0x8000_0000, 0x7fff_ffff];
    case 'uint64':
      return [0, Number.MAX_SAFE_INTEGER];
    case 'int64':
      return [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    default:
      return undefined;
  }
}

/** Order of the four bytes of a 32-bit value on the wire; A is the most significant. */
export type WordOrder = 'ABCD' | 'CDAB' | 'BADC' | 'DCBA';

/** Bytes in the order a device sends them, from most significant first; the same function undoes it. */
export function reorder(bytes: Uint8Array, order: WordOrder): Uint8Array {
  if (order === 'ABCD' || bytes.length < 4) return bytes;
  const words: number[][] = [];
  for (let i = 0; i < bytes.length; i += 2) words.push([bytes[i] ?? 0, bytes[i + 1] ?? 0]);
  if (order === 'CDAB' || order === 'DCBA') words.reverse();
  if (order === 'BADC' || order === 'DCBA') for (const word of words) word.reverse();
  return Uint8Array.from(words.flat());
}
