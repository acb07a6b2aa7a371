/**
 * A simulated LED panel with Modbus registers, and a voice module: registers that are written and read as they are, with what
 * is to be seen and heard of them. A register map of the project's own, see docs/pole.md.
 */
import { LineSeat } from '../lines/seat.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';
import { rtuFrame, rtuValid } from './modbus-codec.ts';
import { type ModbusModel, register } from './modbus-model.ts';

const TEXT = { text: 0x100, powerUp: 0x200, loss: 0x300 } as const;
const LOSS_AFTER = 0x400;
const WORDS = 112;

/** Registers of 16 bits that anybody may read and write. */
class Registers implements LineDevice {
  readonly words = new Map<number, number>();
  readonly #unit: number;
  readonly #turnaround: number;
  readonly #seat = new LineSeat();
  /** Does not take what is written. */
  stuck = false;

  constructor(unit: number, turnaround = 10) {
    this.#unit = unit;
    this.#turnaround = turnaround;
  }

  attach(line: LineAccess): Disposable {
    return this.#seat.take(line);
  }

  onFrame(frame: Uint8Array, _end: number, closed: number): void {
    if (frame[0] !== this.#unit || !rtuValid(frame)) return;
    this.heard();
    const pdu = this.#answer(frame.subarray(1, -2));
    this.#seat.line?.say({
      bytes: rtuFrame(this.#unit, pdu),
      at: closed + this.#turnaround,
      request: frame,
      served: [],
    });
  }

  /** Somebody has asked. */
  heard(): void {}

  /** Words have been written. */
  written(): void {}

  #answer(pdu: Uint8Array): readonly number[] {
    const [code = 0, high = 0, low = 0, thirdHigh = 0, thirdLow = 0] = pdu;
    const address = high * 256 + low;
    const third = thirdHigh * 256 + thirdLow;
    if (code === 3) {
      const bytes = Array.from({ length: third }, (_, i) => this.words.get(address + i) ?? 0);
      return [3, 2 * third, ...bytes.flatMap((word) => [word >> 8, word & 255])];
    }
    if (code === 6) {
      this.#put(address, third);
      return [...pdu];
    }
    if (code !== 16) return [code | 0x80, 1];
    for (let i = 0; i < third; i++)
      this.#put(address + i, (pdu[6 + 2 * i] ?? 0) * 256 + (pdu[7 + 2 * i] ?? 0));
    return [...pdu.subarray(0, 5)];
  }

  #put(address: number, word: number): void {
    if (!this.stuck) this.words.set(address, word);
    this.written();
  }
}

export class ModbusTextPanel extends Registers {
  readonly #now: () => number;
  #heard: number;

  /** `now`: monotonic ms. */
  constructor({ unit = 1, now }: { readonly unit?: number; readonly now: () => number }) {
    super(unit);
    this.#now = now;
    this.#heard = now();
  }

  override heard(): void {
    this.#heard = this.#now();
  }

  /** What is on its LEDs now, row by row: the text told, or its own after a silence. */
  rows(): readonly string[] {
    const limit = this.words.get(LOSS_AFTER) ?? 0;
    const silent = limit > 0 && (this.#now() - this.#heard) / 1000 >= limit;
    const text = this.#text(silent ? TEXT.loss : TEXT.text);
    return text === '' ? [] : text.split('\n').map((row) => row.slice(1));
  }

  /** Power goes and comes back: the text is gone, its own texts and settings stay. */
  powerCycle(): void {
    for (let i = 0; i < WORDS; i++) this.words.set(TEXT.text + i, this.words.get(TEXT.powerUp + i) ?? 0);
  }

  #text(from: number): string {
    const words = Array.from({ length: WORDS }, (_, i) => this.words.get(from + i) ?? 0);
    const bytes = words.flatMap((word) => [word >> 8, word & 255]);
    const end = bytes.indexOf(0);
    return new TextDecoder('gbk').decode(Uint8Array.from(end < 0 ? bytes : bytes.slice(0, end)));
  }
}

export class ModbusSpeaker extends Registers {
  /** Clips that were begun, in order. */
  readonly played: number[] = [];
  #last = 0;

  constructor(unit = 1) {
    super(unit);
  }

  override written(): void {
    const clip = this.words.get(0) ?? 0;
    if (clip !== this.#last && clip !== 0) this.played.push(clip);
    this.#last = clip;
  }

  /** The clip is over. */
  end(): void {
    this.words.set(0, 0);
    this.#last = 0;
  }
}

/** The same as models of the simulator: what they hold when nobody has written. */
export const PUBLIC_DEVICES: readonly ModbusModel[] = [
  {
    stem: 'generic-modbus-text-panel',
    functions: [3],
    serial: { baud: 9600, format: '8N1' },
    value: (point) => ({ 'loss-after': 120, brightness: 80 })[point] ?? '',
    registers: [
      register('text', TEXT.text, 'string', '1', { words: WORDS, value: () => ' WELCOME' }),
      register('power-up-text', TEXT.powerUp, 'string', '1', { words: WORDS, value: () => ' STARTING' }),
      register('loss-text', TEXT.loss, 'string', '1', { words: WORDS, value: () => ' NO DATA' }),
      register('loss-after', LOSS_AFTER, 'uint16', 's'),
      register('brightness', LOSS_AFTER + 1, 'uint16', '%'),
    ],
  },
  {
    stem: 'generic-modbus-speaker',
    functions: [3],
    serial: { baud: 9600, format: '8N1' },
    value: (point) => (point === 'volume' ? 70 : 0),
    registers: [register('clip', 0, 'uint16', '1'), register('volume', 1, 'uint16', '%')],
  },
];
