/** Check sums of Modbus over serial line. */

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16 (polynomial A001 reflected, start FFFF) of `bytes[from..to)`. Modbus over Serial Line V1.02 §6.2.2 */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffff;
  for (let i = from; i < to; i++) crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** True where `bytes[from..to)` ends with its own CRC, low byte first. */
export function crcFits(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  if (to - from < 4 || to > bytes.length) return false;
  const crc = crc16(bytes, from, to - 2);
  return bytes[to - 2] === (crc & 0xff) && bytes[to - 1] === crc >> 8;
}

/** `bytes` with the CRC behind them. */
export function withCrc(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + 2);
  framed.set(bytes);
  const crc = crc16(bytes);
  framed[bytes.length] = crc & 0xff;
  framed[bytes.length + 1] = crc >> 8;
  return framed;
}

/** LRC of Modbus ASCII: two's complement of the sum. Modbus over Serial Line V1.02 §6.2.1 */
export function lrc(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}
