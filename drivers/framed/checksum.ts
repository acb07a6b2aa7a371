/** Checks of frames described by a profile. CRC parameters: the catalogue of parametrised CRC algorithms (reveng). */

interface Crc16 {
  readonly polynomial: number;
  readonly start: number;
  readonly reflected: boolean;
  readonly end: number;
}

const CRCS = {
  'crc16-modbus': { polynomial: 0x8005, start: 0xffff, reflected: true, end: 0 },
  'crc16-arc': { polynomial: 0x8005, start: 0, reflected: true, end: 0 },
  'crc16-ccitt-false': { polynomial: 0x1021, start: 0xffff, reflected: false, end: 0 },
  'crc16-xmodem': { polynomial: 0x1021, start: 0, reflected: false, end: 0 },
  'crc16-kermit': { polynomial: 0x1021, start: 0, reflected: true, end: 0 },
  'crc16-x25': { polynomial: 0x1021, start: 0xffff, reflected: true, end: 0xffff },
} as const satisfies Readonly<Record<string, Crc16>>;

const SUMS = {
  /** Low byte of the sum. */
  sum8: (bytes: Uint8Array) => total(bytes) & 0xff,
  /** Low byte of 0 − sum. */
  'sum8-negative': (bytes: Uint8Array) => -total(bytes) & 0xff,
  /** Low byte of the sum, all bits turned over. */
  'sum8-inverted': (bytes: Uint8Array) => ~total(bytes) & 0xff,
  sum16: (bytes: Uint8Array) => total(bytes) & 0xffff,
  xor8: (bytes: Uint8Array) => bytes.reduce((all, byte) => all ^ byte, 0),
} as const;

export type ChecksumKind = keyof typeof CRCS | keyof typeof SUMS;
export const CHECKSUM_KINDS = [...Object.keys(SUMS), ...Object.keys(CRCS)] as [
  ChecksumKind,
  ...ChecksumKind[],
];

/** Bytes a check of this kind takes. */
export function widthOf(kind: ChecksumKind): 1 | 2 {
  return kind.includes('8') && kind !== 'sum16' && !kind.startsWith('crc16') ? 1 : 2;
}

/** The check of `bytes`. */
export function checksumOf(kind: ChecksumKind, bytes: Uint8Array): number {
  return kind in SUMS
    ? SUMS[kind as keyof typeof SUMS](bytes)
    : crc16(CRCS[kind as keyof typeof CRCS], bytes);
}

function total(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}

function crc16({ polynomial, start, reflected, end }: Crc16, bytes: Uint8Array): number {
  let crc = start;
  for (const byte of bytes) {
    crc ^= (reflected ? mirrored(byte, 8) : byte) << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ polynomial;
    crc &= 0xffff;
  }
  return (reflected ? mirrored(crc, 16) : crc) ^ end;
}

function mirrored(value: number, bits: number): number {
  let out = 0;
  for (let i = 0; i < bits; i++) out |= ((value >> i) & 1) << (bits - 1 - i);
  return out;
}
