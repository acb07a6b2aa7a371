/** What the frames of DL/T 645 and CJ/T 188 have in common: `FE… 68 … L DATA CS 16`, addresses lowest byte first. */

export const START = 0x68;
export const END = 0x16;
/** Wakes the receiver; any number of them may come before a frame. */
export const PREAMBLE = 0xfe;
/** Preambles we send, as both standards ask for. */
export const PREAMBLES = 4;
/** Longest DATA that is waited for; a larger length is noise. DL/T 645-2007 §5.2.6 */
export const LONGEST_DATA = 200;
/** In an address it matches any byte. */
export const WILDCARD = 0xaa;

/** What stands at a place of received bytes. */
export type Found<F> =
  | { readonly kind: 'frame'; readonly frame: F; readonly length: number }
  /** It may become a frame. */
  | { readonly kind: 'more'; readonly missing: string }
  /** `length` where all its bytes are there and only a check fails. */
  | { readonly kind: 'none'; readonly why: string; readonly frame?: F; readonly length?: number };

/** Looks for a frame that begins at a place. */
export type FrameAt<F> = (bytes: Uint8Array, at: number) => Found<F>;

/** Judges checksum and end of a frame whose `length` bytes are all there. */
export function judged<F>(bytes: Uint8Array, at: number, length: number, frame: F): Found<F> {
  const sum = sumOf(bytes, at, at + length - 2);
  const sent = bytes[at + length - 2] ?? 0;
  if (sum !== sent) {
    return { kind: 'none', why: `checksum: frame ${hex2(sent)} computed ${hex2(sum)}`, frame, length };
  }
  const end = bytes[at + length - 1] ?? 0;
  if (end !== END) return { kind: 'none', why: `end byte: expected 16, got ${hex2(end)}`, frame, length };
  return { kind: 'frame', frame, length };
}

/** What a frame of this size lacks; undefined where its bytes are all there. `size` undefined: its length is not known yet. */
export function missing(left: number, overhead: number, size: number | undefined): Found<never> | undefined {
  if (size === undefined) {
    return { kind: 'more', missing: `${Math.max(0, left)} bytes, a frame has ${overhead} at least` };
  }
  if (size > LONGEST_DATA) {
    return { kind: 'none', why: `short: length ${size} is above ${LONGEST_DATA}, it is not waited for` };
  }
  const length = overhead + size;
  return left < length ? { kind: 'more', missing: `${left} of ${length} bytes` } : undefined;
}

/** Puts preambles before a frame, and checksum and end behind it; `body` begins with 68. */
export function onTheLine(body: readonly number[], preambles = PREAMBLES): Uint8Array {
  const frame = Uint8Array.from([...body, 0, END]);
  frame[frame.length - 2] = sumOf(frame, 0, frame.length - 2);
  const whole = new Uint8Array(preambles + frame.length).fill(PREAMBLE, 0, preambles);
  whole.set(frame, preambles);
  return whole;
}

/** Sum of bytes `from` to before `to`, modulo 256. */
export function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

/** Bytes, lowest first, of an address as printed. */
export function addressBytes(address: string): Uint8Array {
  return Uint8Array.from(Buffer.from(address, 'hex')).reverse();
}

/** Digits, highest first, of an address as it stands on the wire. Meters exist whose digits are hex. */
export function addressText(bytes: Uint8Array): string {
  return Array.from(bytes, hex2).reverse().join('');
}

/** Whether an answer from `got` may come from who was asked as `asked`, in which AA stands for any byte. */
export function addressFits(asked: string, got: string): boolean {
  const [want, have] = [addressBytes(asked), addressBytes(got)];
  return want.every((byte, i) => byte === WILDCARD || byte === have[i]);
}

export function hex2(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}

/** Where the preambles that begin at `at` end. */
export function preambles(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] === PREAMBLE) end++;
  return end;
}
