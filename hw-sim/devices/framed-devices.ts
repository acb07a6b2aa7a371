/** Simulated devices of the generic framed examples: an RFID reader, a gas detector, a fire panel's printer port. */
import type { LineAccess, Utterance } from '../lines/wire.ts';
import { type Quantity, SerialTalker, type TalkerParts } from './serial-talker.ts';

/** A card every 7 s: 02, ten hex digits, XOR of their bytes, 03. */
export class GenericFramedRfid extends SerialTalker {
  protected readonly period = 7000;
  #card = 0x0bad00;

  constructor(parts: TalkerParts) {
    super('generic-framed-rfid', parts);
  }

  protected tell(): Utterance {
    this.#card = (this.#card * 69_069 + 1) % 0x1000000;
    const bytes = [0x4f, 0, this.#card >> 16, (this.#card >> 8) % 256, this.#card % 256];
    const digits = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');
    const tag = bytes.map(digits).join('');
    const check = digits(bytes.reduce((all, byte) => all ^ byte, 0));
    const served = this.served([{ point: 'tag', value: tag, uom: '1' }]);
    return { bytes: Buffer.from(`\x02${tag}${check}\x03`, 'latin1'), served };
  }
}

/** Reflected CRC-16 of polynomial 8005, bit by bit. */
function crc(bytes: readonly number[]): readonly number[] {
  let value = 0xffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let i = 0; i < 8; i++) value = value % 2 === 1 ? (value >> 1) ^ 0xa001 : value >> 1;
  }
  return [value % 256, value >> 8];
}

/** Answers AA 55 01 01 with AA 55, length, 81, gas in 0.1 %, temperature in 0.1 °C, state, CRC. */
export class GenericFramedGas extends SerialTalker {
  protected readonly period = 0;

  constructor(parts: TalkerParts) {
    super('generic-framed-gas', parts);
  }

  protected tell(): undefined {
    return undefined;
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    if (received[0] !== 0xaa) return 1;
    if (received.length < 6) return 0;
    const ask = [0xaa, 0x55, 1, 1];
    if (String([...received.slice(0, 6)]) !== String([...ask, ...crc(ask)])) return 1;
    const air = this.weather();
    const gas = Math.round(line.believe(undefined, 'gas-level', air.pm25 / 20) * 10);
    const warmth = Math.round(line.believe(undefined, 'temperature', air.temperature) * 10);
    const alarm = gas >= 250;
    const signed = (warmth + 0x10000) % 0x10000;
    const data = [gas >> 8, gas % 256, signed >> 8, signed % 256, alarm ? 1 : 0];
    const body = [0xaa, 0x55, data.length + 1, 0x81, ...data];
    const quantities: readonly Quantity[] = [
      { point: 'gas-level', value: gas / 10, uom: '%' },
      { point: 'temperature', value: warmth / 10, uom: 'Cel' },
      { point: 'gas-alarm', value: alarm, uom: '1' },
      { point: 'sensor-fault', value: false, uom: '1' },
    ];
    line.say({ bytes: Uint8Array.from([...body, ...crc(body)]), served: this.served(quantities) });
    return 6;
  }
}

/** Records of a GST9000's printer port as the panel prints them, GB2312, with what they say. */
const RECORDS = [
  {
    hex: '1B3630382F31322F3032202031373A32340A20203030342D3030340A1B39CAD7B4CEBBF0BEAF0AC8B9C2A5D2BBB2E3C9CFBFD50AB8D0D1CCCCBDB2E2C6F70A0A',
    says: {
      fire: true,
      event: '首次火警',
      'loop-device': '004-004',
      place: '裙楼一层上空',
      detector: '感烟探测器',
    },
  },
  {
    hex: '1B3630382F31322F3032202031373A32350A20200A1B39CFB5CDB3B8B4CEBB0A0A',
    says: { fire: false, event: '系统复位' },
  },
] as const;

/** Prints a fire and a reset in turns, one record every 5 s. */
export class GstGst9000 extends SerialTalker {
  protected readonly period = 5000;
  #next = 0;

  constructor(parts: TalkerParts) {
    super('gst-gst9000', parts);
  }

  protected tell(): Utterance {
    const { hex, says } = RECORDS[this.#next++ % RECORDS.length] ?? RECORDS[0];
    const quantities = Object.entries(says).map(([point, value]): Quantity => ({ point, value, uom: '1' }));
    return { bytes: Buffer.from(hex, 'hex'), served: this.served(quantities) };
  }
}

const LINES = [
  { text: 'TEST ZONE 0 PANEL IN ORDER', zone: 0 },
  { text: 'FIRE ALARM ZONE 12 SMOKE DETECTOR 3', zone: 12, fire: true },
  { text: 'FAULT ZONE 4 LOOP OPEN', zone: 4, fault: true },
  { text: 'RESET', fire: false, fault: false },
] as const;

/** Prints a line every 5 s, through the events of a day. */
export class GenericFramedFirePanel extends SerialTalker {
  protected readonly period = 5000;
  #next = 0;

  constructor(parts: TalkerParts) {
    super('generic-framed-fire-panel', parts);
  }

  protected tell(): Utterance {
    const line: { text: string; zone?: number; fire?: boolean; fault?: boolean } =
      LINES[this.#next++ % LINES.length] ?? LINES[0];
    const quantities: Quantity[] = [{ point: 'message', value: line.text, uom: '1' }];
    if (line.zone !== undefined) quantities.push({ point: 'zone', value: line.zone, uom: '1' });
    if (line.fire !== undefined) quantities.push({ point: 'fire-alarm', value: line.fire, uom: '1' });
    if (line.fault !== undefined) quantities.push({ point: 'fault', value: line.fault, uom: '1' });
    return { bytes: Buffer.from(`${line.text}\r\n`, 'latin1'), served: this.served(quantities) };
  }
}
