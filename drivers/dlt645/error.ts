/** The error word of an abnormal answer. DL/T 645-2007 §7.1.3, Table C.1 */

const BITS = [
  'other error',
  'no requested data',
  'wrong password or not authorised',
  'baud rate cannot be changed',
  'too many year zones',
  'too many day periods',
  'too many tariffs',
] as const;

/** "No requested data". */
export const NO_DATA = 0x02;

/** Names of the bits that are set, lowest first. */
export function errorNames(word: number): readonly string[] {
  return Array.from({ length: 8 }, (_, bit) => ((word >> bit) & 1 ? (BITS[bit] ?? `bit ${bit}`) : '')).filter(
    (name) => name !== '',
  );
}
