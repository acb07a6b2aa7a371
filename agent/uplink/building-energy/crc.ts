/** CRC-16/XMODEM (catalogue of parametrised CRC algorithms, reveng): polynomial 1021, start 0, not reflected. */
export function crcXmodem(...parts: readonly Uint8Array[]): number {
  let crc = 0;
  for (const part of parts) {
    for (const byte of part) {
      crc ^= byte << 8;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
      crc &= 0xffff;
    }
  }
  return crc;
}
