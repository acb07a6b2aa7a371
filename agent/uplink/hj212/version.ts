/** The three editions of HJ 212 in the field (2005 as HJ/T 212), and what differs between them on the wire. */

export const EDITIONS = ['2005', '2017', '2025'] as const;
export type Edition = (typeof EDITIONS)[number];

interface EditionFacts {
  /** Bits 7–2 of Flag. */
  readonly flag: number;
  /** Most packets one report may be split into: PNUM is a field of so many digits. */
  readonly mostPackets: number;
  /** Longest MN. */
  readonly mn: number;
  /** Whether backlog carries RF=1 (2025 Table 3). */
  readonly rf: boolean;
  /** Whether there is a heart-beat (9015, 2025 Table 12). */
  readonly heartbeat: boolean;
  /** Whether data items may carry EFlag and hardware codes (2017 on). */
  readonly codes: 'old' | 'new';
}

/** 2005 §6.3, 2017 Table 3 (PNUM 9, PNO 8 with their names: four digits), 2025 Table 3 (PNUM 6, PNO 5: one digit). */
export const EDITION: Readonly<Record<Edition, EditionFacts>> = {
  '2005': { flag: 0, mostPackets: 9999, mn: 14, rf: false, heartbeat: false, codes: 'old' },
  '2017': { flag: 1, mostPackets: 9999, mn: 24, rf: false, heartbeat: false, codes: 'new' },
  '2025': { flag: 2, mostPackets: 9, mn: 24, rf: true, heartbeat: true, codes: 'new' },
};

/** Longest data segment, and longest data field in it, bytes (all editions). */
export const LONGEST_SEGMENT = 1024;
export const LONGEST_CP = 950;

export interface FlagBits {
  /** Edition by bits 7–2; their number where no edition has it. */
  readonly version: string;
  /** Bit 1: PNUM and PNO are there. */
  readonly split: boolean;
  /** Bit 0: an answer is wanted. */
  readonly ack: boolean;
}

export function flagOf(edition: Edition, bits: { readonly split: boolean; readonly ack: boolean }): number {
  return (EDITION[edition].flag << 2) | (bits.split ? 2 : 0) | (bits.ack ? 1 : 0);
}

/** Undefined where the text is no number of a byte. */
export function flagBits(text: string): FlagBits | undefined {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) return undefined;
  const flag = Number(text);
  const number = flag >> 2;
  const version = EDITIONS.find((edition) => EDITION[edition].flag === number) ?? String(number);
  return { version, split: (flag & 2) !== 0, ack: (flag & 1) !== 0 };
}
