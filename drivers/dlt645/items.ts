/** Data identifiers in both editions, and the values that follow one in the DATA of an answer. */

import { format2007 } from './catalogue.ts';
import { format1997 } from './catalogue1997.ts';
import { type Content, contentOf, type Format } from './format.ts';

export const VERSIONS = ['2007', '1997'] as const;
export type Version = (typeof VERSIONS)[number];

/** What differs between the editions in the frame itself. */
export const EDITIONS: Readonly<
  Record<Version, { readonly read: number; readonly follow: number; readonly identifier: number }>
> = {
  '2007': { read: 0x11, follow: 0x12, identifier: 4 },
  '1997': { read: 0x01, follow: 0x02, identifier: 2 },
};

/** The format behind an identifier (hex digits, highest byte first); undefined for what is not listed. */
export function formatOf(version: Version, di: string): Format | undefined {
  return version === '2007' ? format2007(di) : format1997(di);
}

/** Bytes of an identifier as they stand in DATA: lowest first. */
export function identifierBytes(di: string): Uint8Array {
  return Uint8Array.from(Buffer.from(di, 'hex')).reverse();
}

export interface Items {
  /** One, or as many as a block holds. */
  readonly contents: readonly Content[];
  /**
   * What is left behind the last whole value. Real meters send a byte more than the standard has; it is tolerated.
   */
  readonly trailing: Uint8Array;
}

/** Reads what follows the identifier. No content where there is not one whole value. */
export function itemsOf({ layout, slots, open }: Format, data: Uint8Array): Items {
  const size = layout.bytes;
  const whole = Math.floor(data.length / size);
  const most = open === true ? (slots?.length ?? 1) : whole;
  const count = slots === undefined ? Math.min(1, whole) : Math.min(most, whole);
  const contents = Array.from({ length: count }, (_, i) =>
    contentOf(layout, data.subarray(i * size, (i + 1) * size)),
  );
  return { contents, trailing: open === true ? data.subarray(data.length) : data.subarray(count * size) };
}
