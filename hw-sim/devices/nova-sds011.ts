/** A simulated SDS011: active and passive mode, sleep, working period. SDS011 control protocol V1.3. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { SerialTalker, steps, type TalkerParts } from './serial-talker.ts';

const ID = [0x58, 0xd9] as const;

/** Ten bytes: AA, kind, four of data, number of the sensor, sum of the six, AB. */
export function novaFrame(kind: number, data: readonly number[]): Uint8Array {
  const body = [...data, ...ID];
  const sum = body.reduce((all, byte) => all + byte, 0) % 256;
  return Uint8Array.from([0xaa, kind, ...body, sum, 0xab]);
}

const split = (word: number) => [word % 256, Math.floor(word / 256)];

export class NovaSds011 extends SerialTalker {
  protected readonly period = 1000;
  #active = true;
  #minutes = 0;

  constructor(parts: TalkerParts) {
    super('nova-sds011', parts);
  }

  protected tell(line: LineAccess): Utterance | undefined {
    return this.#active ? this.#values(line) : undefined;
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    if (received[0] !== 0xaa) return 1;
    if (received.length < 19) return 0;
    const sum = received.slice(2, 17).reduce((all, byte) => all + byte, 0) % 256;
    if (received[1] !== 0xb4 || received[17] !== sum || received[18] !== 0xab) return 1;
    const [command = 0, set = 0, value = 0] = received.slice(2);
    const answer = (data: number) =>
      line.say({ bytes: novaFrame(0xc5, [command, set, data, 0]), request: received.slice(0, 19) });
    if (command === 2) {
      if (set === 1) this.#active = value === 0;
      answer(this.#active ? 0 : 1);
    } else if (command === 4) {
      const said = this.#values(line);
      line.say(said);
    } else if (command === 6) {
      if (set === 1) this.every(value === 0 ? 0 : this.#pause(), this.#work());
      answer(value);
    } else if (command === 8) {
      if (set === 1) {
        this.#minutes = Math.min(30, value);
        this.every(this.#pause(), this.#work());
      }
      answer(this.#minutes);
    }
    return 19;
  }

  /** One frame in a working period, at the end of its half minute of work. */
  #pause(): number {
    return this.#minutes === 0 ? this.period : this.#minutes * 60_000;
  }

  /** ms to the first frame after it was woken. */
  #work(): number {
    return this.#minutes === 0 ? this.period : 30_000;
  }

  #values(line: LineAccess): Utterance {
    const air = this.weather();
    const fine = steps(line, 'pm2-5', air.pm25, 0.1, 9999);
    const coarse = steps(line, 'pm10', air.pm10, 0.1, 9999);
    const served = this.served([
      { point: 'pm2-5', value: fine / 10, uom: 'ug/m3' },
      { point: 'pm10', value: coarse / 10, uom: 'ug/m3' },
    ]);
    return { bytes: novaFrame(0xc0, [...split(fine), ...split(coarse)]), served };
  }
}
