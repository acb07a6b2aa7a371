/** Check values of HJ 212 platforms: the norm's own routine, and what some platforms use in its place. */

/**
 * `212`: Annex A of HJ 212-2005/2017, A.1 of 2025. `modbus`: CRC-16/MODBUS, high byte first; `modbus-swapped`: low byte
 * first. `arc`: CRC-16/ARC. `off`: nothing is checked, and the norm's own is sent.
 */
export const CRC_MODES = ['212', 'modbus', 'modbus-swapped', 'arc', 'off'] as const;
export type CrcMode = (typeof CRC_MODES)[number];

const POLYNOMIAL = 0xa001;

function shifted(register: number): number {
  let r = register;
  for (let bit = 0; bit < 8; bit++) r = (r & 1) === 1 ? (r >> 1) ^ POLYNOMIAL : r >> 1;
  return r;
}

/**
 * HJ 212-2017 Annex A, 2025 A.1: the byte meets the HIGH byte of the register, and the low byte is dropped, so that only
 * 256 values exist. About one damaged packet in 256 passes: length, CRLF, `&&` and syntax are to be checked too.
 */
function crcOfNorm(bytes: Uint8Array): number {
  let register = 0xffff;
  for (const byte of bytes) register = shifted((register >> 8) ^ byte);
  return register;
}

function crc16(bytes: Uint8Array, initial: number): number {
  let register = initial;
  for (const byte of bytes) register = shifted(register ^ byte);
  return register;
}

function hex4(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

/** Check value of a data segment as four upper-case hex digits. */
export function crcOf(segment: Uint8Array, mode: CrcMode): string {
  if (mode === 'arc') return hex4(crc16(segment, 0));
  if (mode === 'modbus') return hex4(crc16(segment, 0xffff));
  if (mode === 'modbus-swapped') return hex4(swapped(crc16(segment, 0xffff)));
  return hex4(crcOfNorm(segment));
}
