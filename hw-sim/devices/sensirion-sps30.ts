/** A simulated SPS30 on SHDLC: idle until measurement is started, new values every second. SPS30 datasheet V1.0 §5. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { type Quantity, SerialTalker, type TalkerParts } from './serial-talker.ts';

const NOT_ALLOWED = 0x43;
const UNKNOWN = 0x02;

/** An answer: address 0, command, state, length, data, inverted sum, stuffed between two marks. */
export function shdlcAnswer(command: number, state: number, data: readonly number[]): Uint8Array {
  const body = [0, command, state, data.length, ...data];
  const sum = body.reduce((all, byte) => all + byte, 0);
  const out = [0x7e];
  for (const byte of [...body, 255 - (sum % 256)]) {
    if (byte === 0x7e || byte === 0x7d || byte === 0x11 || byte === 0x13) out.push(0x7d, byte ^ 0x20);
    else out.push(byte);
  }
  return Uint8Array.from([...out, 0x7e]);
}

export class SensirionSps30 extends SerialTalker {
  protected readonly period = 0;
  #measuring = false;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(parts: TalkerParts) {
    super('sensirion-sps30', parts);
  }

  protected tell(): undefined {
    return undefined;
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    if (received[0] !== 0x7e) return 1;
    const end = received.indexOf(0x7e, 1);
    if (end < 0) return received.length > 600 ? 1 : 0;
    const body: number[] = [];
    for (let i = 1; i < end; i++) {
      if (received[i] === 0x7d) body.push((received[++i] ?? 0) ^ 0x20);
      else body.push(received[i] ?? 0);
    }
    const sum = body.slice(0, -1).reduce((all, byte) => all + byte, 0);
    if (body.length < 4 || body[2] !== body.length - 4 || body.at(-1) !== 255 - (sum % 256)) return end;
    line.say(this.#obey(body[1] ?? 0, line));
    return end + 1;
  }

  #obey(command: number, line: LineAccess): Utterance {
    const plain = (state = 0) => ({ bytes: shdlcAnswer(command, state, []) });
    if (command === 0x11) return plain();
    if (command === 0x00 || command === 0x01) {
      const allowed = this.#measuring === (command === 0x01);
      if (allowed) this.#measuring = command === 0x00;
      return plain(allowed ? 0 : NOT_ALLOWED);
    }
    if (command === 0xd2) return { bytes: shdlcAnswer(command, 0, [0, 0, 0, 0, 0]) };
    if (command !== 0x03) return plain(UNKNOWN);
    if (!this.#measuring) return plain(NOT_ALLOWED);
    const now = line.time.mono();
    if (now - this.#readAt < 1000) return plain();
    this.#readAt = now;
    return this.#values(line);
  }

  #values(line: LineAccess): Utterance {
    const air = this.weather();
    const exact: readonly (readonly [string, number, number, string])[] = [
      ['pm1-0', air.pm1, 1, 'ug/m3'],
      ['pm2-5', air.pm25, 1, 'ug/m3'],
      ['pm4', air.pm25 * 1.1, 1, 'ug/m3'],
      ['pm10', air.pm10, 1, 'ug/m3'],
      ['particles-to-0-5', air.pm25 * 5.5, 100, '/dL'],
      ['particles-to-1-0', air.pm25 * 6.6, 100, '/dL'],
      ['particles-to-2-5', air.pm25 * 6.9, 100, '/dL'],
      ['particles-to-4', air.pm25 * 6.95, 100, '/dL'],
      ['particles-to-10', air.pm25 * 7, 100, '/dL'],
      ['particle-size', 0.62, 0.001, 'mm'],
    ];
    const view = new DataView(new ArrayBuffer(40));
    const quantities = exact.map(([point, value, factor, uom], i): Quantity => {
      view.setFloat32(4 * i, line.believe(undefined, point, value));
      return { point, value: view.getFloat32(4 * i) * factor, uom };
    });
    const bytes = shdlcAnswer(0x03, 0, [...new Uint8Array(view.buffer)]);
    return { bytes, served: this.served(quantities) };
  }
}
