/**
 * The Firmata messages a board sends, cut out of the byte stream. firmata-io trusts what it gets: an unfinished sysex
 * grows its buffer without end and an answer about an unknown pin throws inside its `data` listener, so only whole,
 * plausible messages are let through. firmata/protocol protocol.md 2.5
 */

const START_SYSEX = 0xf0;
const END_SYSEX = 0xf7;
export const REPORT_VERSION = 0xf9;
const ANALOG = 0xe0;
const DIGITAL = 0x90;
export const ANALOG_MAPPING_QUERY = 0x69;
const ANALOG_MAPPING = 0x6a;
export const CAPABILITY_QUERY = 0x6b;
const CAPABILITY = 0x6c;
const PIN_STATE = 0x6e;
export const FIRMWARE = 0x79;
/** A capability answer of 128 pins with every mode is below it. */
const MAX_SYSEX = 4096;
const MAX_PINS = 128;

export class MessageReader {
  #message: number[] = [];
  #pins = 0;
  #mapped = false;

  /** The good messages completed by `bytes`, each whole. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const whole: Uint8Array[] = [];
    for (const byte of bytes) {
      if (byte >= 0x80 && byte !== END_SYSEX) this.#message = starts(byte) ? [byte] : [];
      else if (this.#message.length > 0) this.#message.push(byte);
      if (!this.#complete()) continue;
      if (this.#plausible()) whole.push(Uint8Array.from(this.#message));
      this.#message = [];
    }
    return whole;
  }

  #complete(): boolean {
    const message = this.#message;
    if (message[0] === START_SYSEX) return message.at(-1) === END_SYSEX || message.length > MAX_SYSEX;
    return message.length === 3 || message.at(-1) === END_SYSEX;
  }

  #plausible(): boolean {
    const message = this.#message;
    if (message[0] !== START_SYSEX) return message.length === 3 && message[2] !== END_SYSEX;
    if (message.at(-1) !== END_SYSEX) return false;
    switch (message[1]) {
      case FIRMWARE:
        return message.length >= 5;
      case CAPABILITY:
        return this.#capability(message);
      case ANALOG_MAPPING:
        // A second answer would be appended to the first by firmata-io.
        if (this.#mapped || this.#pins === 0 || message.length - 3 !== this.#pins) return false;
        this.#mapped = true;
        return true;
      case PIN_STATE:
        return message.length >= 6 && (message[2] ?? MAX_PINS) < this.#pins;
      default:
        return false;
    }
  }

  #capability(message: readonly number[]): boolean {
    const body = message.slice(2, -1);
    const pins = body.filter((byte) => byte === 0x7f).length;
    if (this.#pins > 0 || pins === 0 || pins > MAX_PINS || body.at(-1) !== 0x7f) return false;
    let length = 0;
    for (const byte of body) {
      if (byte !== 0x7f) length++;
      else if (length % 2 !== 0) return false;
      else length = 0;
    }
    this.#pins = pins;
    return true;
  }
}

function starts(byte: number): boolean {
  return (
    byte === START_SYSEX || byte === REPORT_VERSION || (byte & 0xf0) === ANALOG || (byte & 0xf0) === DIGITAL
  );
}
