/** Simulated Plantower sensors beside the PMS5003, in active mode. Plantower data manuals of the PMS3003 … PMS5003ST. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { type Quantity, SerialTalker, steps, type TalkerParts } from './serial-talker.ts';

export const PLANTOWER_STEMS = [
  'plantower-pms3003',
  'plantower-pms7003',
  'plantower-pms5003t',
  'plantower-pms5003st',
] as const;
export type PlantowerStem = (typeof PLANTOWER_STEMS)[number];

export class PlantowerFamily extends SerialTalker {
  protected readonly period = 800;
  readonly #model: PlantowerStem;

  constructor(stem: PlantowerStem, parts: TalkerParts) {
    super(stem, parts);
    this.#model = stem;
  }

  protected tell(line: LineAccess): Utterance {
    const air = this.weather();
    const quantities: Quantity[] = [];
    const words: number[] = [];
    const tell = (point: string, uom: string, exact: number, step = 1) => {
      const count = steps(line, point, exact, step, 0x7fff);
      words.push(count);
      quantities.push({ point, uom, value: count * step });
    };
    const standard = (mass: number) => (mass <= 30 ? mass : 30 + (mass - 30) * 1.5);
    for (const [size, mass] of [
      ['pm1-0', air.pm1],
      ['pm2-5', air.pm25],
      ['pm10', air.pm10],
    ] as const) {
      tell(`${size}-cf1`, 'ug/m3', standard(mass));
    }
    tell('pm1-0', 'ug/m3', air.pm1);
    tell('pm2-5', 'ug/m3', air.pm25);
    tell('pm10', 'ug/m3', air.pm10);
    const fine = air.pm25 * 160;
    const sizes = [
      ['0-3', fine],
      ['0-5', fine * 0.3],
      ['1-0', fine * 0.06],
      ['2-5', air.pm25 * 0.7],
      ['5-0', air.pm10 * 0.12],
      ['10', air.pm10 * 0.05],
    ] as const;
    const counted = { 'plantower-pms3003': 0, 'plantower-pms5003t': 4 }[this.#model as string] ?? 6;
    for (const [size, count] of sizes.slice(0, counted)) tell(`particles-${size}`, '/dL', count);
    if (this.#model === 'plantower-pms5003st') tell('formaldehyde', 'mg/m3', 0.012 + air.pm1 / 4000, 0.001);
    if (this.#model.startsWith('plantower-pms5003')) {
      // A word of two's complement; the frost of the street is told as it is.
      const tenths = Math.round(line.believe(undefined, 'temperature', air.temperature) * 10);
      words.push((tenths + 0x10000) % 0x10000);
      quantities.push({ point: 'temperature', uom: 'Cel', value: tenths / 10 });
      tell('humidity', '%', air.humidity, 0.1);
    }
    const tail = { 'plantower-pms3003': [0, 0, 0x51], 'plantower-pms5003st': [0, 0x9100] }[
      this.#model as string
    ];
    words.push(...(tail ?? [0x9700]));
    return { bytes: frameOf(words), served: this.served(quantities) };
  }
}

/** 42 4D, bytes to come, words, sum of all before. */
function frameOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * words.length + 6);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x424d);
  view.setUint16(2, 2 * words.length + 2);
  for (const [i, word] of words.entries()) view.setUint16(4 + 2 * i, word);
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  view.setUint16(bytes.length - 2, sum);
  return bytes;
}
