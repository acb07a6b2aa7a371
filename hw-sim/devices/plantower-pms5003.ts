/**
 * A simulated Plantower PMS5003: talks by itself every 0.8 s (active mode), can be asked (passive mode), put to sleep
 * and woken. Plantower PMS5003 series data manual V2.3, appendix I (transport protocol) and III (commands).
 */

import type { Served } from '../ledger.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';

const PERIOD_MS = 800;
/** Values are not to be trusted so long after waking, ms; the sensor then sends zeros. */
const WARM_UP_MS = 30_000;

const WORDS = [
  ['pm1-0-cf1', 'ug/m3'],
  ['pm2-5-cf1', 'ug/m3'],
  ['pm10-cf1', 'ug/m3'],
  ['pm1-0', 'ug/m3'],
  ['pm2-5', 'ug/m3'],
  ['pm10', 'ug/m3'],
  ['particles-0-3', '/dL'],
  ['particles-0-5', '/dL'],
  ['particles-1-0', '/dL'],
  ['particles-2-5', '/dL'],
  ['particles-5-0', '/dL'],
  ['particles-10', '/dL'],
] as const;

export interface PlantowerOptions {
  readonly world: World;
  readonly clock: WorldClock;
  /** False: it has just been switched on and warms up. Default true. */
  readonly warm?: boolean;
}

/** A frame of 32 bytes: 42 4D, length 28, twelve words, version, error code, sum of all before. */
export function plantowerFrame(words: readonly number[], version = 0x97): Uint8Array {
  const frame = new Uint8Array(32);
  const view = new DataView(frame.buffer);
  frame.set([0x42, 0x4d, 0, 28]);
  for (const [i, word] of words.slice(0, 12).entries()) view.setUint16(4 + i * 2, Math.min(0xffff, word));
  frame[28] = version;
  view.setUint16(30, sum(frame.subarray(0, 30)));
  return frame;
}

export class PlantowerPms5003 implements LineDevice {
  readonly #options: PlantowerOptions;
  #line: LineAccess | undefined;
  #timer: Disposable | undefined;
  #active = true;
  #asleep = false;
  /** Monotonic ms at which values are good. */
  #warmAt = 0;
  #received: number[] = [];

  constructor(options: PlantowerOptions) {
    this.#options = options;
  }

  attach(line: LineAccess): Disposable {
    this.#line = line;
    this.#warmAt = line.time.mono() + (this.#options.warm === false ? WARM_UP_MS : 0);
    this.#next();
    return {
      [Symbol.dispose]: () => {
        this.#timer?.[Symbol.dispose]();
        this.#line = undefined;
      },
    };
  }

  onBytes(bytes: Uint8Array): void {
    this.#received.push(...bytes);
    // Commands are seven bytes; anything else before the head is skipped.
    while (this.#received.length >= 7) {
      const command = Uint8Array.from(this.#received.slice(0, 7));
      const view = new DataView(command.buffer);
      if (view.getUint16(0) !== 0x424d || view.getUint16(5) !== sum(command.subarray(0, 5))) {
        this.#received.shift();
        continue;
      }
      this.#received.splice(0, 7);
      this.#obey(view.getUint8(2), view.getUint16(3));
    }
  }

  #obey(command: number, data: number): void {
    const line = this.#line;
    if (line === undefined) return;
    switch (command) {
      case 0xe1:
        this.#active = data === 1;
        this.#confirm(command, data);
        break;
      case 0xe2:
        if (!this.#active && !this.#asleep) this.#tell();
        break;
      case 0xe4:
        if (data === 1 && this.#asleep) this.#warmAt = line.time.mono() + WARM_UP_MS;
        this.#asleep = data === 0;
        if (data === 0) this.#confirm(command, data);
        break;
    }
    this.#next();
  }

  /** Eight bytes: 42 4D, length 4, command, low byte of the data, sum. */
  #confirm(command: number, data: number): void {
    const frame = Uint8Array.of(0x42, 0x4d, 0, 4, command, data & 0xff, 0, 0);
    new DataView(frame.buffer).setUint16(6, sum(frame.subarray(0, 6)));
    this.#line?.say({ bytes: frame });
  }

  #next(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (!this.#active || this.#asleep) return;
    this.#timer = this.#line?.time.after(PERIOD_MS, () => {
      this.#tell();
      this.#next();
    });
  }

  #tell(): void {
    const line = this.#line;
    if (line === undefined) return;
    if (line.time.mono() < this.#warmAt) {
      line.say({ bytes: plantowerFrame([]) });
      return;
    }
    const words = this.#words(line);
    const served: Served[] = WORDS.map(([point, uom], i) => {
      const value = words[i] ?? 0;
      const raw = value.toString(16).padStart(4, '0');
      return { device: 'plantower-pms5003', point, address: i + 1, raw, value, uom };
    });
    line.say({ bytes: plantowerFrame(words), served });
  }

  #words(line: LineAccess): number[] {
    const { world, clock } = this.#options;
    const air = world.weather(clock.now());
    // The indoor correction (CF = 1) shows more than the street's from about 30 µg/m³ on.
    const standard = (mass: number): number => (mass <= 30 ? mass : 30 + (mass - 30) * 1.5);
    const fine = air.pm25 * 160;
    const exact = [
      standard(air.pm1),
      standard(air.pm25),
      standard(air.pm10),
      air.pm1,
      air.pm25,
      air.pm10,
      fine,
      fine * 0.3,
      fine * 0.06,
      air.pm25 * 0.7,
      air.pm10 * 0.12,
      air.pm10 * 0.05,
    ];
    return exact.map((value, i) => {
      const believed = line.believe(undefined, WORDS[i]?.[0] ?? '', Math.round(value));
      return Number.isFinite(believed) ? Math.min(0xffff, Math.max(0, Math.round(believed))) : 0xffff;
    });
  }
}

function sum(bytes: Uint8Array): number {
  return bytes.reduce((all, byte) => all + byte, 0) & 0xffff;
}
