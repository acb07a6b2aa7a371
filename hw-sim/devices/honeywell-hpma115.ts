/** Simulated HPMA115S0 and HPMA115C0: auto send every second, start, stop. Honeywell HPM series data sheet 32322550. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { SerialTalker, steps, type TalkerParts } from './serial-talker.ts';

/** 32 bytes: 42 4D, length 28, thirteen words, sum of all before. */
export function honeywellFrame(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 0x424d001c);
  for (const [i, word] of words.entries()) view.setUint16(4 + 2 * i, word);
  const bytes = new Uint8Array(view.buffer);
  view.setUint16(
    30,
    bytes.slice(0, 30).reduce((all, byte) => all + byte, 0),
  );
  return bytes;
}

export class HoneywellHpma115 extends SerialTalker {
  protected readonly period = 1000;
  readonly #compact: boolean;

  constructor(stem: 'honeywell-hpma115s0' | 'honeywell-hpma115c0', parts: TalkerParts) {
    super(stem, parts);
    this.#compact = stem.endsWith('c0');
  }

  protected tell(line: LineAccess): Utterance {
    const air = this.weather();
    const mass = (point: string, value: number) => steps(line, point, value, 1, 1000);
    const [one, fine] = [mass('pm1-0', air.pm1), mass('pm2-5', air.pm25)];
    const [four, ten] = [mass('pm4', air.pm25 * 1.1), mass('pm10', air.pm10)];
    const all = [
      ['pm1-0', one],
      ['pm2-5', fine],
      ['pm4', four],
      ['pm10', ten],
    ] as const;
    const told = this.#compact ? all : all.filter(([point]) => point === 'pm2-5' || point === 'pm10');
    const bytes = honeywellFrame(this.#compact ? [one, fine, four, ten] : [0, fine, ten]);
    return { bytes, served: this.served(told.map(([point, value]) => ({ point, value, uom: 'ug/m3' }))) };
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    if (received[0] !== 0x68) return 1;
    const size = (received[1] ?? 0) + 3;
    if (received.length < 2 || received.length < size) return received.length > 8 ? 1 : 0;
    const sum = received.slice(0, size).reduce((all, byte) => all + byte, 0);
    if (sum % 256 !== 0) return 1;
    line.say({ bytes: Uint8Array.of(0xa5, 0xa5) });
    const command = received[2];
    if (command === 0x40 || command === 0x01) this.every(this.period);
    if (command === 0x20 || command === 0x02) this.every(0);
    return size;
  }
}
