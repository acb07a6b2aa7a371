/** Numbers as DL/T 645 and CJ/T 188 write them: BCD, lowest byte first. */

/** The number; undefined where a nibble is no digit, which is how meters say "there is none". */
export function fromBcd(bytes: Uint8Array): number | undefined {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = bytes[i] ?? 0;
    const [high, low] = [byte >> 4, byte & 15];
    if (high > 9 || low > 9) return undefined;
    value = value * 100 + high * 10 + low;
  }
  return value;
}

/** As `fromBcd` where the highest bit of all is the sign. DL/T 645-2007 Annex A */
export function fromSignedBcd(bytes: Uint8Array): number | undefined {
  const last = bytes.at(-1) ?? 0;
  // All ones is "none", not a negative number.
  if ((last & 0x80) === 0 || bytes.every((byte) => byte === 0xff)) return fromBcd(bytes);
  const absolute = bytes.slice();
  absolute[absolute.length - 1] = last & 0x7f;
  const value = fromBcd(absolute);
  return value === undefined ? undefined : -value;
}

/** `digits` with the point `decimals` from the right, without the noise of a division by powers of ten. */
export function scaled(digits: number, decimals: number): number {
  return Number((digits / 10 ** decimals).toFixed(decimals)) + 0;
}

/** Digits, highest first; hex digits stay what they are. */
export function digitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase())
    .reverse()
    .join('');
}
