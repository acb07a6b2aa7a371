/**
 * A simulated Arduino Uno with StandardFirmata, wired as a pole controller: lamp driver on a PWM pin, photocell on an
 * analog one, cabinet door and SOS button on inputs with pull-ups. firmata/protocol protocol.md 2.5.
 */

import type { Served } from '../ledger.ts';
import type { LineAccess, LineDevice } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';

const MODE = { input: 0, output: 1, analog: 2, pwm: 3, servo: 4, i2c: 6, pullup: 11 } as const;
const SYSEX = { start: 0xf0, end: 0xf7 } as const;
const PINS = 20;
/** Digital pin of analog channel 0. */
const FIRST_ANALOG = 14;
const PWM_PINS = new Set([3, 5, 6, 9, 10, 11]);
/** StandardFirmata's default, ms. */
const SAMPLING = 19;
/** A board says hello when it has booted; this one boots every so often until somebody listens, ms. */
const HELLO_EVERY = 400;
/** TEMT6000 on 10 kΩ at 5 V: the full scale of the converter is 1000 lx. */
const PHOTOCELL_FULL = 1000;
const CONVERTER_FULL = 1023;
const PWM_FULL = 255;

export interface BoardWiring {
  readonly lamp: number;
  /** Analog channel. */
  readonly photocell: number;
  /** Closed contact (low) while the door is shut. */
  readonly door: number;
  /** Closed contact (low) while pressed. */
  readonly sos: number;
}

export interface FirmataBoardOptions {
  readonly world: World;
  readonly clock: WorldClock;
  readonly wiring?: BoardWiring;
}

export class ArduinoFirmata implements LineDevice {
  readonly #world: World;
  readonly #clock: WorldClock;
  readonly #wiring: BoardWiring;
  #line: LineAccess | undefined;
  #greeted = false;
  #timer: Disposable | undefined;
  #sampling = SAMPLING;
  readonly #modes = new Uint8Array(PINS);
  /** Written values: PWM 0…255, outputs 0 or 1. */
  readonly #values = new Uint16Array(PINS);
  readonly #analogReported = new Set<number>();
  readonly #portReported = new Set<number>();
  readonly #portTold = new Map<number, number>();
  #received: number[] = [];

  constructor(options: FirmataBoardOptions) {
    this.#world = options.world;
    this.#clock = options.clock;
    this.#wiring = options.wiring ?? { lamp: 9, photocell: 0, door: 2, sos: 3 };
  }

  attach(line: LineAccess): Disposable {
    this.#line = line;
    const hands = this.#world.onHands(() => this.#reportPorts());
    this.reset();
    return {
      [Symbol.dispose]: () => {
        hands[Symbol.dispose]();
        this.#timer?.[Symbol.dispose]();
        this.#line = undefined;
      },
    };
  }

  /** Power comes back or the reset button is pressed: everything is forgotten, the lamp goes dark, the board says hello. */
  reset(): void {
    this.#forget();
    this.#greeted = false;
    this.#received = [];
    this.#hello();
  }

  onBytes(bytes: Uint8Array): void {
    this.#greeted = true;
    for (const byte of bytes) this.#take(byte);
  }

  #forget(): void {
    this.#modes.fill(MODE.input);
    this.#modes.fill(MODE.analog, FIRST_ANALOG);
    this.#values.fill(0);
    this.#analogReported.clear();
    this.#portReported.clear();
    this.#portTold.clear();
    this.#sampling = SAMPLING;
    this.#world.setLamp(0, this.#clock.now());
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #hello(): void {
    // Opening the port resets a real board by DTR, which a pseudo-terminal does not have.
    this.#timer = this.#line?.time.after(HELLO_EVERY, () => {
      if (this.#greeted) return;
      this.#sayVersion();
      this.#sayFirmware();
      this.#hello();
    });
  }

  /** One byte of the host; a message is acted on when it is whole. */
  #take(byte: number): void {
    const first = this.#received[0];
    if (first === undefined) {
      if (byte < 0x80) return;
    } else if (byte >= 0x80 && !(first === SYSEX.start && byte === SYSEX.end)) {
      // A new command in the middle of one: what was begun is void.
      this.#received = [];
    }
    this.#received.push(byte);
    const message = this.#received;
    const head = message[0] ?? 0;
    const complete =
      head === SYSEX.start ? byte === SYSEX.end : message.length >= lengthOf(head) || message.length > 64;
    if (!complete) {
      if (message.length > 512) this.#received = [];
      return;
    }
    this.#received = [];
    this.#obey(head, message);
  }

  #obey(head: number, message: readonly number[]): void {
    const [, low = 0, high = 0] = message;
    if (head === SYSEX.start) {
      this.#obeySysex(low, message.slice(2, -1));
      return;
    }
    if (head === 0xf9) this.#sayVersion();
    else if (head === 0xff) this.#forget();
    else if (head === 0xf4) this.#setMode(low, high);
    else if (head === 0xf5) this.#write(low, high & 1);
    else if (head >= 0xe0 && head <= 0xef) this.#write(head & 0x0f, low | (high << 7));
    else if (head >= 0x90 && head <= 0x9f) this.#writePort(head & 0x0f, low | (high << 7));
    else if (head >= 0xc0 && head <= 0xcf) this.#reportAnalog(head & 0x0f, low !== 0);
    else if (head >= 0xd0 && head <= 0xdf) this.#reportPort(head & 0x0f, low !== 0);
  }

  #obeySysex(command: number, data: readonly number[]): void {
    switch (command) {
      case 0x79:
        this.#sayFirmware();
        break;
      case 0x6b:
        this.#sysex(0x6c, Array.from({ length: PINS }, (_, pin) => [...capabilities(pin), 0x7f]).flat());
        break;
      case 0x69:
        this.#sysex(
          0x6a,
          Array.from({ length: PINS }, (_, pin) => (pin >= FIRST_ANALOG ? pin - FIRST_ANALOG : 0x7f)),
        );
        break;
      case 0x6d:
        this.#sayPinState(data[0] ?? 0);
        break;
      case 0x6f: {
        // Extended analog: pin, then the value in groups of seven bits, lowest first.
        const [pin = 0, ...groups] = data;
        this.#write(
          pin,
          groups.reduce((all, group, i) => all + group * 2 ** (7 * i), 0),
        );
        break;
      }
      case 0x7a:
        this.#sampling = Math.max(1, (data[0] ?? 0) | ((data[1] ?? 0) << 7));
        this.#sample();
        break;
    }
  }

  #setMode(pin: number, mode: number): void {
    if (pin >= PINS || !capabilities(pin).some((value, i) => i % 2 === 0 && value === mode)) return;
    this.#modes[pin] = mode;
    if (mode === MODE.pwm || mode === MODE.output) this.#write(pin, 0);
    else this.#reportPorts();
  }

  #write(pin: number, value: number): void {
    if (pin >= PINS) return;
    const mode = this.#modes[pin];
    if (mode === MODE.pwm) this.#values[pin] = Math.min(PWM_FULL, value);
    else if (mode === MODE.output) this.#values[pin] = value === 0 ? 0 : 1;
    else return;
    if (pin === this.#wiring.lamp) {
      const full = mode === MODE.pwm ? PWM_FULL : 1;
      this.#world.setLamp((this.#values[pin] ?? 0) / full, this.#clock.now());
    }
  }

  #writePort(port: number, mask: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const pin = port * 8 + bit;
      if (this.#modes[pin] === MODE.output) this.#write(pin, (mask >> bit) & 1);
    }
  }

  #reportAnalog(channel: number, on: boolean): void {
    if (on && channel < PINS - FIRST_ANALOG) this.#analogReported.add(channel);
    else this.#analogReported.delete(channel);
    if (on) this.#sayAnalog(channel);
    this.#sample();
  }

  #reportPort(port: number, on: boolean): void {
    if (on) this.#portReported.add(port);
    else this.#portReported.delete(port);
    this.#portTold.delete(port);
    this.#reportPorts();
  }

  /** Every sampling interval each reported analog pin is told, changed or not, as StandardFirmata does. */
  #sample(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#analogReported.size === 0) return;
    this.#timer = this.#line?.time.after(this.#sampling, () => {
      for (const channel of this.#analogReported) this.#sayAnalog(channel);
      this.#sample();
    });
  }

  #sayAnalog(channel: number): void {
    const line = this.#line;
    if (line === undefined) return;
    const counts = channel === this.#wiring.photocell ? this.#photocell(line) : 0;
    const bytes = Uint8Array.of(0xe0 | channel, counts & 0x7f, counts >> 7);
    if (channel !== this.#wiring.photocell) {
      line.say({ bytes });
      return;
    }
    const value = Math.round((counts * PHOTOCELL_FULL) / CONVERTER_FULL);
    line.say({ bytes, served: [this.#served('photocell', FIRST_ANALOG + channel, counts, value, 'lx')] });
  }

  #photocell(line: LineAccess): number {
    const lux = line.believe(undefined, 'photocell', this.#world.weather(this.#clock.now()).lux);
    const counts = Number.isFinite(lux) ? Math.round((lux * CONVERTER_FULL) / PHOTOCELL_FULL) : 0;
    return Math.min(CONVERTER_FULL, Math.max(0, counts));
  }

  /** Ports whose inputs have changed since they were told. */
  #reportPorts(): void {
    for (const port of this.#portReported) {
      const mask = this.#portMask(port);
      if (this.#portTold.get(port) === mask) continue;
      const before = this.#portTold.get(port) ?? ~mask;
      this.#portTold.set(port, mask);
      const served: Served[] = [];
      const { doorOpen, sosPressed } = this.#world.hands;
      for (const [point, pin, value] of [
        ['cabinet-door', this.#wiring.door, doorOpen],
        ['sos-button', this.#wiring.sos, sosPressed],
      ] as const) {
        const bit = 1 << (pin & 7);
        const wired = this.#modes[pin] === MODE.pullup;
        if (wired && pin >> 3 === port && (before & bit) !== (mask & bit)) {
          served.push(this.#served(point, pin, (mask & bit) === 0 ? 0 : 1, value, '1'));
        }
      }
      this.#line?.say({ bytes: Uint8Array.of(0x90 | port, mask & 0x7f, mask >> 7), served });
    }
  }

  #portMask(port: number): number {
    let mask = 0;
    for (let bit = 0; bit < 8; bit++) if (this.#level(port * 8 + bit)) mask |= 1 << bit;
    return mask;
  }

  /** Whether an input reads high. A pull-up makes an open contact high; without one it floats, here low. */
  #level(pin: number): boolean {
    const mode = this.#modes[pin];
    if (mode === MODE.output) return (this.#values[pin] ?? 0) !== 0;
    if (mode !== MODE.pullup) return false;
    const { doorOpen, sosPressed } = this.#world.hands;
    if (pin === this.#wiring.door) return doorOpen;
    if (pin === this.#wiring.sos) return !sosPressed;
    return true;
  }

  #sayPinState(pin: number): void {
    if (pin >= PINS) return;
    const mode = this.#modes[pin] ?? 0;
    // The state of an input is whether its pull-up is on, not its level.
    const state = mode === MODE.pullup ? 1 : (this.#values[pin] ?? 0);
    const groups = state > 0x7f ? [state & 0x7f, state >> 7] : [state];
    const lamp = pin === this.#wiring.lamp && mode === MODE.pwm;
    const served = lamp
      ? [this.#served('lamp-level', pin, state, Math.round((state * 100) / PWM_FULL), '%')]
      : [];
    this.#sysex(0x6e, [pin, mode, ...groups], served);
  }

  #served(point: string, pin: number, raw: number, value: number | boolean, uom: string): Served {
    return {
      device: 'arduino-firmata',
      point,
      address: pin,
      raw: raw.toString(16).padStart(4, '0'),
      value,
      uom,
    };
  }

  #sayVersion(): void {
    this.#line?.say({ bytes: Uint8Array.of(0xf9, 2, 5) });
  }

  #sayFirmware(): void {
    const name = [...'StandardFirmata.ino'].flatMap((letter) => {
      const code = letter.charCodeAt(0);
      return [code & 0x7f, code >> 7];
    });
    this.#sysex(0x79, [2, 5, ...name]);
  }

  #sysex(command: number, data: readonly number[], served: readonly Served[] = []): void {
    this.#line?.say({ bytes: Uint8Array.from([SYSEX.start, command, ...data, SYSEX.end]), served });
  }
}

/** Bytes of a message that is no sysex, by its first. */
function lengthOf(head: number): number {
  if (head === 0xf9 || head === 0xff) return 1;
  if (head >= 0xc0 && head <= 0xdf) return 2;
  return 3;
}

/** Mode and resolution pairs of a pin of an Uno. Pins 0 and 1 are the serial port's. */
function capabilities(pin: number): number[] {
  if (pin < 2) return [];
  const found: number[] = [MODE.input, 1, MODE.pullup, 1, MODE.output, 1];
  if (pin >= FIRST_ANALOG) found.push(MODE.analog, 10);
  if (PWM_PINS.has(pin)) found.push(MODE.pwm, 8);
  found.push(MODE.servo, 14);
  if (pin >= PINS - 2) found.push(MODE.i2c, 1);
  return found;
}
