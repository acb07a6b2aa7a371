/** Frames and contents of DL/T 645 as a meter writes them. Written from the standard, apart from the agent's driver. */

/** Contents of one value, lowest byte first. */
export type Cell =
  | { readonly kind: 'bcd'; readonly bytes: number; readonly decimals: number; readonly signed?: boolean }
  /** One bit of a status word of 16; 1 where it is set. */
  | { readonly kind: 'flag'; readonly bit: number }
  | { readonly kind: 'date' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'minute' }
  | { readonly kind: 'month-minute' };

export interface Written {
  readonly bytes: number[];
  /** What a reader gets who does everything right. */
  readonly value: number | string | boolean | null;
}

const pair = (n: number): number => Math.floor(n / 10) * 16 + (n % 10);
const two = (n: number): string => String(n).padStart(2, '0');

/** A value as the meter writes it; null is written as ones: there is none. Moments are local time, epoch ms as if UTC. */
export function writeCell(cell: Cell, value: number | null): Written {
  if (cell.kind === 'bcd') return writeBcd(cell, value);
  if (cell.kind === 'flag') {
    const word = value === 1 ? 2 ** cell.bit : 0;
    return { bytes: [word % 256, Math.floor(word / 256)], value: value === 1 };
  }
  const at = new Date(value ?? 0);
  const [year, month, day] = [at.getUTCFullYear() % 100, at.getUTCMonth() + 1, at.getUTCDate()];
  const [hour, minute, second] = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  const date = `20${two(year)}-${two(month)}-${two(day)}`;
  const time = `${two(hour)}:${two(minute)}`;
  switch (cell.kind) {
    case 'date':
      return { bytes: [at.getUTCDay(), pair(day), pair(month), pair(year)], value: date };
    case 'clock':
      return { bytes: [pair(second), pair(minute), pair(hour)], value: `${time}:${two(second)}` };
    case 'minute':
      return { bytes: [minute, hour, day, month, year].map(pair), value: `${date} ${time}` };
    default:
      return { bytes: [minute, hour, day, month].map(pair), value: `${two(month)}-${two(day)} ${time}` };
  }
}

function writeBcd(cell: Extract<Cell, { kind: 'bcd' }>, value: number | null): Written {
  const { bytes: size, decimals, signed = false } = cell;
  if (value === null) return { bytes: new Array<number>(size).fill(0xff), value: null };
  const most = 10 ** (2 * size) - 1;
  const room = signed ? Math.floor((8 * most) / 10) : most;
  const whole = Math.min(room, Math.max(signed ? -room : 0, Math.round(value * 10 ** decimals)));
  const digits = String(Math.abs(whole)).padStart(2 * size, '0');
  const bytes = Array.from({ length: size }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  ).reverse();
  if (whole < 0) bytes[size - 1] = (bytes[size - 1] ?? 0) + 0x80;
  return { bytes, value: Number((whole / 10 ** decimals).toFixed(decimals)) + 0 };
}

/** Six bytes, lowest first, of an address as printed. */
export function wireAddress(printed: string): number[] {
  return (printed.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse();
}

/** A whole frame; `preambles` FE go first. */
export function meterFrame(
  printed: string,
  control: number,
  data: readonly number[],
  preambles = 4,
): Uint8Array {
  const body = [
    0x68,
    ...wireAddress(printed),
    0x68,
    control,
    data.length,
    ...data.map((byte) => (byte + 0x33) % 256),
  ];
  const sum = body.reduce((total, byte) => total + byte, 0) % 256;
  return Uint8Array.from([...new Array<number>(preambles).fill(0xfe), ...body, sum, 0x16]);
}

/** A request as a meter hears it; undefined where it is none for whoever has this address. */
export function heard(frame: Uint8Array, printed: string): { control: number; data: number[] } | undefined {
  let at = 0;
  while (frame[at] === 0xfe) at++;
  const body = [...frame.subarray(at)];
  const size = body[9] ?? 0;
  if (body[0] !== 0x68 || body[7] !== 0x68 || body.length !== size + 12 || body.at(-1) !== 0x16)
    return undefined;
  const sum = body.slice(0, -2).reduce((total, byte) => total + byte, 0) % 256;
  if (sum !== body.at(-2) || (body[8] ?? 0) >= 0x80) return undefined;
  const own = wireAddress(printed);
  if (!body.slice(1, 7).every((byte, i) => byte === 0xaa || byte === own[i])) return undefined;
  return { control: body[8] ?? 0, data: body.slice(10, 10 + size).map((byte) => (byte + 256 - 0x33) % 256) };
}
