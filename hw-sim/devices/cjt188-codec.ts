/** Frames and contents of CJ/T 188 as a meter writes them. Written from the standard, apart from the agent's driver. */

export interface Written {
  readonly bytes: number[];
  /** What a reader gets who does everything right. */
  readonly value: number | string | null;
}

const pair = (n: number): number => Math.floor(n / 10) * 16 + (n % 10);
const two = (n: number): string => String(n).padStart(2, '0');

/** Digits without a point, lowest byte first; null is written as ones: there is none. */
export function digits(value: number | null, size: number, decimals: number): Written {
  if (value === null) return { bytes: new Array<number>(size).fill(0xff), value: null };
  const whole = Math.min(10 ** (2 * size) - 1, Math.max(0, Math.round(value * 10 ** decimals)));
  const text = String(whole).padStart(2 * size, '0');
  const bytes = Array.from({ length: size }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
  return { bytes: bytes.reverse(), value: Number((whole / 10 ** decimals).toFixed(decimals)) };
}

/** ss mm hh DD MM YY YY of local time (epoch ms as if it were UTC); null is written as zeros: the clock is not set. */
export function clock(local: number | null): Written {
  if (local === null) return { bytes: [0, 0, 0, 0, 0, 0, 0], value: null };
  const at = new Date(local);
  const year = at.getUTCFullYear();
  const parts = [
    at.getUTCSeconds(),
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    year % 100,
    Math.floor(year / 100),
  ];
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0] = parts;
  return {
    bytes: parts.map(pair),
    value: `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`,
  };
}

/** Seven bytes, lowest first, of an address as printed. */
export function wireAddress(printed: string): number[] {
  return (printed.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
}

export interface MeterFrame {
  readonly type: number;
  readonly printed: string;
  readonly control: number;
  readonly data: readonly number[];
}

/** A whole frame; `preambles` FE go first. */
export function meterFrame({ type, printed, control, data }: MeterFrame, preambles = 4): Uint8Array {
  const body = [0x68, type, ...wireAddress(printed), control, data.length, ...data];
  const sum = body.reduce((total, byte) => total + byte, 0) % 256;
  return Uint8Array.from([...new Array<number>(preambles).fill(0xfe), ...body, sum, 0x16]);
}

/** A request as a meter hears it; undefined where it is none for whoever has this address. */
export function heard(frame: Uint8Array, printed: string): { control: number; data: number[] } | undefined {
  let at = 0;
  while (frame[at] === 0xfe) at++;
  const body = [...frame.subarray(at)];
  const size = body[10] ?? 0;
  if (body[0] !== 0x68 || body.length !== size + 13 || body.at(-1) !== 0x16) return undefined;
  const sum = body.slice(0, -2).reduce((total, byte) => total + byte, 0) % 256;
  if (sum !== body.at(-2) || (body[9] ?? 0) >= 0x80) return undefined;
  const own = wireAddress(printed);
  if (!body.slice(2, 9).every((byte, i) => byte === 0xaa || byte === own[i])) return undefined;
  return { control: body[9] ?? 0, data: body.slice(11, 11 + size) };
}
