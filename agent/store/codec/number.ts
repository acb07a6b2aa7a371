/**
 * One number, exactly, in few bytes: as a scaled integer where `n / 10^d` gives the very same double, else as the
 * float32 it was born as (most Modbus devices), else as float64.
 */
import { type ByteReader, type ByteWriter, damaged, MAX_SIGNED } from './bytes.ts';

export const POWERS: readonly number[] = Array.from({ length: 16 }, (_, d) => 10 ** d);

/** Tags 0…15 are the decimals of a scaled integer. */
export const TAG = { float32: 16, float64: 17, false: 18, true: 19, text: 20, none: 21, same: 22 } as const;
const SEARCHED = 6;

/** True where `value` is `Math.round(value × 10^d) / 10^d` to the last bit; −0 is not. */
export function fits(value: number, d: number): boolean {
  const power = POWERS[d] ?? 1;
  const scaled = Math.round(value * power);
  return (
    scaled / power === value &&
    scaled <= MAX_SIGNED &&
    scaled >= -MAX_SIGNED &&
    (scaled !== 0 || !Object.is(value, -0))
  );
}

/** How to write `value`, trying `decimals` (0…15) of the point first. NaN and infinities get `float64`. */
export function tagOf(value: number, decimals: number): number {
  if (decimals >= 0 && fits(value, decimals)) return decimals;
  for (let d = 0; d <= SEARCHED; d++) if (fits(value, d)) return d;
  return Math.fround(value) === value ? TAG.float32 : TAG.float64;
}

/** `value` × 10^`d` as the integer it is. */
export function scaled(value: number, d: number): number {
  return Math.round(value * (POWERS[d] ?? 1));
}

/** A number that stands alone: tag, then the value. */
export function writeNumber(writer: ByteWriter, value: number, decimals: number): void {
  const tag = tagOf(value, decimals);
  writer.byte(tag);
  if (tag <= 15) writer.signed(scaled(value, tag));
  else if (tag === TAG.float32) writer.float32(value);
  else writer.float64(value);
}

export function readNumber(reader: ByteReader): number {
  const tag = reader.byte();
  if (tag <= 15) return reader.signed() / (POWERS[tag] ?? 1);
  const value = tag === TAG.float32 ? reader.float32() : tag === TAG.float64 ? reader.float64() : Number.NaN;
  if (!Number.isFinite(value)) throw damaged(`no number (tag ${tag})`);
  return value;
}
