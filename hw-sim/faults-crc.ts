/** Modbus over serial line V1.02 §6.2.2, written apart from the devices' so that a fault cannot hide their mistake. */
export function withCrc(frame: readonly number[]): Uint8Array {
  let crc = 0xffff;
  for (const byte of frame) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return Uint8Array.from([...frame, crc & 0xff, crc >>> 8]);
}
