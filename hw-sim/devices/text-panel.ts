/**
 * A simulated LED text panel: understands the text panel protocol by a decoder of its own, shows what it is told, goes
 * back to its own texts when power returns and when it hears nothing. What is on its LEDs can be looked at, row by row.
 */
import type { Served } from '../ledger.ts';
import { LineSeat } from '../lines/seat.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';

export interface TextPanelOptions {
  /** Default 1. */
  readonly address?: number;
  readonly rows?: number;
  readonly columns?: number;
  /** Label of the decoder of its text bytes. Default gbk. */
  readonly encoding?: 'gbk' | 'utf-8';
  /** Monotonic ms. */
  readonly now: () => number;
  /** Time it takes to answer, ms. Default 20. */
  readonly turnaround?: number;
}

const ITEMS = 'tplsb';
const POINTS: Readonly<Record<string, string>> = {
  t: 'text',
  p: 'power-up-text',
  l: 'loss-text',
  s: 'loss-after',
  b: 'brightness',
};

export class TextPanel implements LineDevice {
  readonly #options: TextPanelOptions;
  readonly #kept = new Map<string, Buffer>([
    ['t', Buffer.alloc(0)],
    ['p', Buffer.alloc(0)],
    ['l', Buffer.alloc(0)],
    ['s', Buffer.from('0')],
    ['b', Buffer.from('100')],
  ]);
  #heard: number;
  readonly #seat = new LineSeat();
  /** Everything that was ever shown, as bytes. */
  readonly shown: Buffer[] = [];

  constructor(options: TextPanelOptions) {
    this.#options = options;
    this.#heard = options.now();
  }

  /** The rows on its LEDs: the text told, or its own after a silence. */
  rows(): readonly string[] {
    const silence = (this.#options.now() - this.#heard) / 1000;
    const limit = Number(this.#kept.get('s')?.toString() ?? 0);
    const bytes = this.#kept.get(limit > 0 && silence >= limit ? 'l' : 't') ?? Buffer.alloc(0);
    const text = new TextDecoder(this.#options.encoding ?? 'gbk').decode(bytes);
    return text === '' ? [] : text.split('\n').map((row) => row.slice(1));
  }

  /** Power goes and comes back: what was told is gone, its own texts and settings stay. */
  powerCycle(): void {
    this.#kept.set('t', this.#kept.get('p') ?? Buffer.alloc(0));
  }

  attach(line: LineAccess): Disposable {
    return this.#seat.take(line);
  }

  onFrame(bytes: Uint8Array, _end: number, closed: number): void {
    const told = this.answer(bytes);
    if (told === undefined) return;
    this.#seat.line?.say({ ...told, at: closed + (this.#options.turnaround ?? 20), request: bytes });
  }

  /** The answer to a question; undefined where it is not for this panel, or damaged. */
  answer(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly served: readonly Served[] } | undefined {
    const question = questionIn(bytes, this.#options.address ?? 1);
    if (question === undefined) return undefined;
    const { body, letter, item, value: data } = question;
    this.#heard = this.#options.now();
    const say = (kind: string, what: Buffer) => {
      const head = Buffer.from(`${body.slice(0, 2)}${kind}${item}=`, 'latin1');
      const inner = Buffer.concat([head, what, Buffer.from([3])]);
      const check = ccitt(inner).toString(16).toUpperCase().padStart(4, '0');
      return Buffer.concat([Buffer.from([1]), inner, Buffer.from(check, 'latin1')]);
    };
    const refuse = (digit: string) => ({ bytes: say('E', Buffer.from(digit)), served: [] });
    if (!ITEMS.includes(item)) return refuse('1');
    if (letter === 'W') {
      if (data === undefined || !this.#fits(item, data)) return refuse('2');
      this.#kept.set(item, data);
      if (item === 't') this.shown.push(data);
    }
    const kept = this.#kept.get(item) ?? Buffer.alloc(0);
    const value =
      item === 's' || item === 'b'
        ? Number(kept.toString())
        : new TextDecoder(this.#options.encoding ?? 'gbk').decode(kept);
    const served: Served = {
      device: 'text-panel',
      point: POINTS[item] ?? item,
      raw: kept.toString('hex'),
      value,
      uom: item === 's' ? 's' : item === 'b' ? '%' : '1',
    };
    return { bytes: say(letter, kept), served: [served] };
  }

  #fits(item: string, value: Buffer): boolean {
    if (item === 'b') return /^\d{1,3}$/.test(value.toString()) && Number(value.toString()) <= 100;
    if (item === 's') return /^\d{1,4}$/.test(value.toString()) && Number(value.toString()) <= 3600;
    return value.toString('latin1').split('\n').length <= (this.#options.rows ?? 4);
  }
}

interface Question {
  /** From the address to ETX. */
  readonly body: string;
  readonly letter: string;
  readonly item: string;
  /** Behind `=`; absent in a question without it. */
  readonly value?: Buffer;
}

/** The first whole question to `address`: STX, address, letter, item, `=` and value, ETX, sum. */
function questionIn(bytes: Uint8Array, address: number): Question | undefined {
  for (let begin = bytes.indexOf(2); begin >= 0; begin = bytes.indexOf(2, begin + 1)) {
    const end = bytes.indexOf(3, begin);
    if (end < begin + 5) continue;
    const body = Buffer.from(bytes.subarray(begin + 1, end + 1));
    const sum = Buffer.from(bytes.subarray(end + 1, end + 5)).toString('latin1');
    if (Number.parseInt(sum, 16) !== ccitt(body) || sum.length < 4) continue;
    const text = body.toString('latin1');
    if (Number.parseInt(text.slice(0, 2), 16) !== address) continue;
    const value = text[4] === '=' ? { value: body.subarray(5, -1) } : {};
    return { body: text, letter: text[2] ?? '', item: text[3] ?? '', ...value };
  }
  return undefined;
}

/** CRC-16 of CCITT by table of nibbles. */
function ccitt(bytes: Buffer): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    for (const nibble of [byte >> 4, byte & 15]) {
      const index = ((crc >> 12) ^ nibble) & 15;
      crc = ((crc << 4) ^ (index * 0x1021)) & 0xffff;
    }
  }
  return crc;
}
