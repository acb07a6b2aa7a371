/** Frames and records of the M-Bus as a meter writes them. Written from EN 13757-2 and -3, apart from the agent's driver. */

/** How a value stands in its record. */
export type Coding =
  | { readonly kind: 'int'; readonly bytes: number }
  | { readonly kind: 'bcd'; readonly bytes: number }
  | { readonly kind: 'real' }
  /** Type G, and type F. */
  | { readonly kind: 'date' }
  | { readonly kind: 'minute' }
  | { readonly kind: 'text' };

export interface Written {
  readonly bytes: number[];
  /** What a reader gets who does everything right, as a count of the smallest step, or as text. */
  readonly value: number | string | null;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** A value as the meter writes it: a count of steps, or local time as epoch ms as if it were UTC; null: it has none. */
export function writeValue(coding: Coding, value: number | string | null): Written {
  switch (coding.kind) {
    case 'int':
      return writeInteger(Number(value ?? 0), coding.bytes);
    case 'bcd':
      return writeBcd(value === null ? null : Number(value), coding.bytes);
    case 'real': {
      const cell = Buffer.alloc(4);
      cell.writeFloatLE(Number(value ?? Number.NaN));
      return { bytes: [...cell], value: value === null ? null : cell.readFloatLE(0) };
    }
    case 'text': {
      const text = String(value ?? '');
      return { bytes: [text.length, ...Buffer.from(text, 'latin1').reverse()], value: text };
    }
    default:
      return writeMoment(coding.kind, value === null ? null : Number(value));
  }
}

function writeInteger(value: number, size: number): Written {
  const whole = Math.round(value);
  const cell = Buffer.alloc(8);
  cell.writeBigInt64LE(BigInt(whole));
  return { bytes: [...cell.subarray(0, size)], value: whole };
}

/** Digits lowest byte first, F in front of a negative number; letters where there is none. */
function writeBcd(value: number | null, size: number): Written {
  if (value === null) return { bytes: new Array<number>(size).fill(0xdd), value: null };
  const whole = Math.round(value);
  const digits = String(Math.abs(whole)).padStart(2 * size, '0');
  const text = whole < 0 ? `f${digits.slice(1)}` : digits;
  return { bytes: [...Buffer.from(text, 'hex')].reverse(), value: whole };
}

function writeMoment(kind: 'date' | 'minute', local: number | null): Written {
  if (local === null) return { bytes: kind === 'date' ? [0, 0] : [0x80, 0, 0, 0], value: null };
  const at = new Date(local);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  const short = year % 100;
  const low = day + (short % 8) * 32;
  const high = month + Math.floor(short / 8) * 16;
  const date = `${year}-${two(month)}-${two(day)}`;
  if (kind === 'date') return { bytes: [low, high], value: date };
  const [hour, minute] = [at.getUTCHours(), at.getUTCMinutes()];
  // The century counts from 1900: 1 is this one.
  const bytes = [minute, hour + Math.floor((year - 1900) / 100) * 32, low, high];
  return { bytes, value: `${date} ${two(hour)}:${two(minute)}` };
}

/** A slave's long frame. */
export function slaveFrame(address: number, ci: number, data: readonly number[], control = 0x08): Uint8Array {
  const body = [control, address, ci, ...data];
  const sum = body.reduce((total, byte) => total + byte, 0) % 256;
  return Uint8Array.from([0x68, body.length, body.length, 0x68, ...body, sum, 0x16]);
}

/** Twelve bytes in front of the records. */
export function longHeader(meter: {
  readonly id: string;
  readonly manufacturer: string;
  readonly version: number;
  readonly medium: number;
  readonly access: number;
  readonly status: number;
}): number[] {
  const letters = [...meter.manufacturer].map((letter) => letter.charCodeAt(0) - 64);
  const code = letters.reduce((all, letter) => all * 32 + letter, 0);
  return [
    ...wireId(meter.id),
    code % 256,
    Math.floor(code / 256),
    meter.version,
    meter.medium,
    meter.access % 256,
    meter.status,
    0,
    0,
  ];
}

/** Four bytes, lowest first. */
export function wireId(id: string): number[] {
  return [...Buffer.from(id, 'hex')].reverse();
}

export type Request =
  | { readonly kind: 'reset' | 'data'; readonly address: number; readonly fcb: boolean }
  | { readonly kind: 'select'; readonly mask: readonly number[] };

/** A request as a meter hears it; undefined where it is none it knows. */
export function heardRequest(frame: Uint8Array): Request | undefined {
  const bytes = [...frame];
  const end = bytes.at(-1);
  if (end !== 0x16) return undefined;
  const sum = (part: readonly number[]) => part.reduce((total, byte) => total + byte, 0) % 256;
  if (bytes[0] === 0x10 && bytes.length === 5) {
    const [, control = 0, address = 0, check] = bytes;
    if (check !== (control + address) % 256) return undefined;
    if (control === 0x40) return { kind: 'reset', address, fcb: false };
    return control === 0x5b || control === 0x7b
      ? { kind: 'data', address, fcb: control === 0x7b }
      : undefined;
  }
  const size = bytes[1] ?? 0;
  if (bytes[0] !== 0x68 || bytes[2] !== size || bytes[3] !== 0x68 || bytes.length !== size + 6)
    return undefined;
  const body = bytes.slice(4, -2);
  if (sum(body) !== bytes.at(-2)) return undefined;
  const [control, address, ci] = body;
  const selects = (control === 0x53 || control === 0x73) && address === 0xfd && ci === 0x52;
  return selects && body.length === 11 ? { kind: 'select', mask: body.slice(3) } : undefined;
}
