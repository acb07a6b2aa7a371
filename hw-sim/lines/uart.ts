/**
 * A serial line as levels over time, and what a UART makes of them. Sender and receiver may have different settings,
 * the pair may be inverted, bits may be hit, and two may talk at once: the bytes that come out are then what a real
 * receiver would give, because it starts at a falling edge and looks at the middle of each bit.
 */
import { bitsPerCharacter } from './wire.ts';

/** bit/s, and data bits, parity and stop bits as printed on devices: 8N1, 8E1, 7O1 … */
export interface UartSettings {
  readonly baud: number;
  readonly format: string;
}

/** Times at which the level changes, ms, rising. Before the first one it is `idle`: 1 on a line at rest. */
export interface Signal {
  readonly idle: 0 | 1;
  readonly edges: readonly number[];
}

/** One character as it was received. */
export interface Character {
  readonly byte: number;
  /** Falling edge of its start bit, ms. */
  readonly at: number;
  /** Its stop bit was low. */
  readonly framing: boolean;
  readonly parity: boolean;
}

export const bitTime = ({ baud }: UartSettings): number => 1000 / baud;

/** The bits of one character, start bit first. */
function bitsOf(byte: number, format: string): readonly number[] {
  const dataBits = Number(format[0]);
  const data = Array.from({ length: dataBits }, (_, i) => (byte >> i) & 1);
  const ones = data.reduce((sum, bit) => sum + bit, 0);
  const parity = format[1] === 'N' ? [] : [(ones + (format[1] === 'O' ? 1 : 0)) & 1];
  return [0, ...data, ...parity, ...(format[2] === '2' ? [1, 1] : [1])];
}

/** The line while `bytes` are sent without a pause from `at` on. */
export function transmitted(bytes: Uint8Array, uart: UartSettings, at = 0): Signal {
  const bit = bitTime(uart);
  const length = bitsPerCharacter(uart.format);
  const edges: number[] = [];
  let level = 1;
  for (const [i, byte] of bytes.entries()) {
    for (const [k, next] of bitsOf(byte, uart.format).entries()) {
      if (next !== level) edges.push(at + (i * length + k) * bit);
      level = next;
    }
  }
  return { idle: 1, edges };
}

/** When a frame of `length` bytes is over, ms after its begin. */
export function duration(length: number, uart: UartSettings): number {
  return length * bitsPerCharacter(uart.format) * bitTime(uart);
}

/** The same with A and B exchanged. */
export function inverted({ idle, edges }: Signal): Signal {
  return { idle: idle === 1 ? 0 : 1, edges };
}

/** The same with the level turned over from `from` to `to` at each of `hits`. */
export function struck(signal: Signal, hits: readonly (readonly [from: number, to: number])[]): Signal {
  return { idle: signal.idle, edges: [...signal.edges, ...hits.flat()].sort((a, b) => a - b) };
}

/** Somebody's driver, on from `from` to `to`. */
export interface Talk {
  readonly signal: Signal;
  readonly from: number;
  readonly to: number;
}

/** Two drivers on one pair: where both are on and disagree, `wins` says the level. */
export function together(a: Talk, b: Talk, wins: (at: number) => number): Signal {
  const moments = [...a.signal.edges, ...b.signal.edges, a.from, a.to, b.from, b.to].sort((x, y) => x - y);
  const edges: number[] = [];
  let level = 1;
  for (const [i, at] of moments.entries()) {
    const middle = (at + (moments[i + 1] ?? at + 1)) / 2;
    const [first, second] = [a, b].map((talk) =>
      middle >= talk.from && middle < talk.to ? levelAt(talk.signal, middle) : undefined,
    );
    let next = first ?? second ?? 1;
    if (first !== undefined && second !== undefined && first !== second) next = wins(middle);
    if (next !== level) edges.push(at);
    level = next;
  }
  return { idle: 1, edges };
}

/** The level at a moment. */
export function levelAt({ idle, edges }: Signal, at: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return idle ^ (low & 1);
}

/** What a UART of these settings receives. A break is one zero byte; then it waits for the line to rise. */
export function received(signal: Signal, uart: UartSettings): readonly Character[] {
  const bit = bitTime(uart);
  const dataBits = Number(uart.format[0]);
  const odd = uart.format[1] === 'O';
  const withParity = uart.format[1] !== 'N';
  const found: Character[] = [];
  let index = 0;
  while (index < signal.edges.length) {
    const at = signal.edges[index] ?? 0;
    // A start bit is a fall that still stands half a bit later.
    if (levelAt(signal, at - bit / 1000) !== 1 || levelAt(signal, at + bit / 2) !== 0) {
      index += 1;
      continue;
    }
    const sample = (position: number): number => levelAt(signal, at + (position + 0.5) * bit);
    let byte = 0;
    let ones = 0;
    for (let i = 0; i < dataBits; i++) {
      byte |= sample(1 + i) << i;
      ones += sample(1 + i);
    }
    const parity = withParity && ((ones + sample(1 + dataBits)) & 1) !== (odd ? 1 : 0);
    const stop = 1 + dataBits + (withParity ? 1 : 0);
    found.push({ byte, at, parity, framing: sample(stop) === 0 });
    const end = at + (stop + 0.5) * bit;
    while (index < signal.edges.length && (signal.edges[index] ?? 0) <= end) index += 1;
  }
  return found;
}

export function bytesOf(characters: readonly Character[]): Uint8Array {
  return Uint8Array.from(characters, ({ byte }) => byte);
}
